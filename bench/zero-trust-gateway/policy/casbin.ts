import { newEnforcer, newModelFromString } from "casbin";
import type { EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Contender } from "./contender";
import { NEEDS } from "./github";

/** Role-based access with resources; the hierarchy is casbin's `g`. The owners of a repository may do everything. */
const MODEL = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && (p.act == "*" || r.act == p.act) && g(r.sub, p.sub)
`;

/** casbin in its synchronous form; it can say the app with roles and repositories. */
export const casbin: Contender = {
  name: "casbin",
  questions: 20,
  async open(app, { entities }) {
    if (app.name !== "github") return undefined;
    const enforcer = await newEnforcer(newModelFromString(MODEL));
    const byKey = new Map(entities.map((record) => [keyOf(record), record]));
    const of = (json: unknown): string => keyOf((json as { __entity: EntityRef }).__entity);
    await enforcer.addGroupingPolicies(
      entities.flatMap((record) => record.parents.map((parent) => [keyOf(record), keyOf(parent)])),
    );
    await enforcer.addPolicies(
      entities
        .filter(({ type }) => type === "Repository")
        .flatMap((repository) => [
          ...Object.entries(NEEDS).map(([action, role]) => [
            of(repository.attributes[role]),
            keyOf(repository),
            action,
          ]),
          [of(byKey.get(of(repository.attributes.owner))!.attributes.owners), keyOf(repository), "*"],
        ]),
    );
    return ({ principal, action, resource }) => enforcer.enforceSync(keyOf(principal), keyOf(resource), action.id);
  },
};

function keyOf({ type, id }: EntityRef): string {
  return `${type} ${id}`;
}
