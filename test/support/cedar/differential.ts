import * as wasm from "@cedar-policy/cedar-wasm/nodejs";
import { MnoError } from "../../../runtime/exports";
import type { AccessQuestion, EntityRecord } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Bundle, Link } from "../../../runtime/security/zero-trust-gateway/policy/bundle";
import { authorize, evaluationOf } from "../../../runtime/security/zero-trust-gateway/policy/decide";
import { loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld, type World } from "../../../runtime/security/zero-trust-gateway/policy/world";
import { Choice } from "./choice";
import { PolicyWriter } from "./policies";
import * as universe from "./universe";

/** One policy set over one hierarchy, and questions on it. */
export interface Scenario {
  readonly bundle: Bundle;
  readonly entities: readonly EntityRecord[];
  readonly questions: readonly AccessQuestion[];
}

/** What the compared authorizers came to: a decision, or that the question is none. */
export type Verdict = string;

/** With a schema everything fits it; without one nearly anything goes. */
export function scenario(random: () => number, questions: number): Scenario {
  const choice = new Choice(random);
  const strict = choice.chance(0.25);
  const writer = new PolicyWriter(choice, strict ? 0 : choice.one([0, 0.02, 0.1]));
  const many = choice.chance(0.1);
  const texts = choice.times(1 + choice.below(many ? 60 : 6), () => writer.policy());
  const links: Link[] = [];
  if (choice.chance(0.3)) {
    const slots = choice.one([["?principal"], ["?resource"], ["?principal", "?resource"]] as const);
    texts.push(writer.template("template", slots));
    for (const number of choice.times(3, () => choice.below(1000)))
      if (!links.some(({ id }) => id === `link${number}`))
        links.push({
          template: "template",
          id: `link${number}`,
          values: Object.fromEntries(slots.map((slot) => [slot, universe.ref(choice, strict ? ["User"] : undefined)])),
        });
  }
  return {
    bundle: {
      sets: { generated: { text: texts.join("\n"), links } },
      ...(strict && { schema: universe.SCHEMA }),
    },
    entities: universe.entities(choice, strict),
    questions: choice.times(questions, () => question(choice, strict)),
  };
}

function question(choice: Choice, strict: boolean): AccessQuestion {
  const context = universe.attributes(choice, strict);
  if (strict && choice.chance(0.03)) delete context[choice.one(["count", "nested", "odd name"])];
  if (strict && choice.chance(0.03))
    context[choice.one(["count", "owner", "unknown"])] = choice.one([true, [1], "a", { a: 1 }]);
  if (!strict && choice.chance(0.02)) context.count = choice.one([null, 1.5, { __extn: { fn: "ip", arg: "none" } }]);
  const brought = choice.chance(0.2) ? universe.entities(choice, strict).slice(0, 3).map(withoutGroups) : [];
  return {
    principal: universe.ref(choice, choice.chance(0.6) ? ["User"] : undefined),
    action: { type: "Action", id: choice.one(universe.ACTIONS) },
    resource: universe.ref(choice, choice.chance(0.6) ? ["Doc"] : undefined),
    context,
    ...(brought.length > 0 && { entities: brought }),
  };
}

/** Brought entities keep few parents, or nearly all would close a cycle with the stored ones. */
function withoutGroups(record: EntityRecord): EntityRecord {
  return { ...record, parents: record.parents.slice(0, 1) };
}

/** Ours; undefined where the policies are refused. */
export function ours({ bundle, entities }: Scenario): World | undefined {
  try {
    return createWorld(loadPolicies(bundle), entities);
  } catch (error) {
    if (error instanceof MnoError && error.code === "MNO_POLICY_INVALID") return undefined;
    throw error;
  }
}

export function ourVerdict(world: World, asked: AccessQuestion): Verdict {
  try {
    const { allowed, determining, errors } = authorize(world, evaluationOf(asked, world));
    return verdict(
      allowed,
      determining.map(({ id }) => id),
      errors.map(({ policy }) => policy.id),
    );
  } catch (error) {
    if (error instanceof MnoError && error.status === 422) return "no question";
    throw error;
  }
}

/** cedar-wasm with the same policies by the same ids. */
export class Oracle {
  private static made = 0;
  private readonly name = `oracle ${++Oracle.made % 8}`; // cedar-wasm keeps what it parsed under a name for ever
  private readonly stored: Map<string, wasm.EntityJson>;
  private readonly schema: string | undefined;

  constructor({ bundle, entities }: Scenario, world: World) {
    this.schema = bundle.schema;
    this.stored = new Map(entities.map((record) => [keyOf(record), entityJson(record)]));
    const policies: wasm.PolicySet = { staticPolicies: {}, templates: {}, templateLinks: [] };
    for (const { id, source } of world.loaded.policies) {
      if (source.template === undefined) (policies.staticPolicies as Record<string, string>)[id] = source.text;
      else policies.templates![source.template] = source.text;
    }
    for (const { links = [] } of Object.values(bundle.sets))
      for (const { template, id, values } of links)
        policies.templateLinks!.push({
          templateId: template,
          newId: id,
          values: values,
        });
    const parsed = wasm.preparsePolicySet(this.name, policies);
    if (parsed.type === "failure") throw new Error(parsed.errors.map(({ message }) => message).join("; "));
    if (this.schema !== undefined) wasm.preparseSchema(this.name, this.schema);
  }

  verdict({ principal, action, resource, context, entities = [] }: AccessQuestion): Verdict {
    const merged = new Map(this.stored);
    for (const record of entities) merged.set(keyOf(record), entityJson(record));
    const answer = wasm.statefulIsAuthorized({
      principal,
      action,
      resource,
      context: context as wasm.Context,
      preparsedPolicySetId: this.name,
      entities: [...merged.values()],
      ...(this.schema !== undefined && { preparsedSchemaName: this.name, validateRequest: true }),
    });
    if (answer.type === "failure") return "no question";
    const { decision, diagnostics } = answer.response;
    return verdict(
      decision === "allow",
      diagnostics.reason,
      diagnostics.errors.map(({ policyId }) => policyId),
    );
  }
}

function verdict(allowed: boolean, policies: readonly string[], errors: readonly string[]): Verdict {
  return `${allowed ? "allow" : "deny"} by [${[...policies].sort().join(", ")}], faults of [${[...errors].sort().join(", ")}]`;
}

function keyOf({ type, id }: EntityRecord): string {
  return JSON.stringify([type, id]);
}

function entityJson({ type, id, attributes, parents, tags = {} }: EntityRecord): wasm.EntityJson {
  return {
    uid: { type, id },
    attrs: attributes as Record<string, wasm.CedarValueJson>,
    parents: [...parents],
    tags: tags as Record<string, wasm.CedarValueJson>,
  };
}
