import * as wasm from "@cedar-policy/cedar-wasm/nodejs";
import type { AccessQuestion, EntityRecord, EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Contender } from "./contender";

/**
 * cedar-wasm with the policies parsed before. It reads entities anew in each call: all of them, or the slice that the question
 * needs (principal, resource, and what their attributes and parents lead to), cut before the clock starts.
 */
export function cedarWasm(kind: "all entities" | "sliced entities"): Contender {
  return {
    name: `cedar-wasm, ${kind}`,
    questions: kind === "all entities" ? 6 : 40,
    open: (app, { entities }) => {
      const parsed = wasm.preparsePolicySet(app.name, { staticPolicies: app.policies });
      if (parsed.type === "failure") throw new Error(parsed.errors.map(({ message }) => message).join("; "));
      const records = new Map(entities.map((record) => [keyOf(record), record]));
      const all = entities.map(jsonOf);
      const slices = new WeakMap<AccessQuestion, wasm.Entities>();
      const slice = (question: AccessQuestion): wasm.Entities => {
        if (kind === "all entities") return all;
        let found = slices.get(question);
        if (!found)
          slices.set(question, (found = reachable([question.principal, question.resource], records).map(jsonOf)));
        return found;
      };
      const decide = (question: AccessQuestion): boolean => {
        const answer = wasm.statefulIsAuthorized({
          principal: question.principal,
          action: question.action,
          resource: question.resource,
          context: {},
          preparsedPolicySetId: app.name,
          entities: slice(question),
        });
        if (answer.type === "failure") throw new Error(answer.errors.map(({ message }) => message).join("; "));
        return answer.response.decision === "allow";
      };
      return Promise.resolve(decide);
    },
  };
}

function keyOf({ type, id }: EntityRef): string {
  return `${type} ${id}`;
}

function jsonOf({ type, id, attributes, parents }: EntityRecord): wasm.EntityJson {
  return { uid: { type, id }, attrs: attributes as Record<string, wasm.CedarValueJson>, parents: [...parents] };
}

function reachable(from: readonly EntityRef[], records: ReadonlyMap<string, EntityRecord>): EntityRecord[] {
  const found = new Map<string, EntityRecord>();
  const open = [...from];
  for (let next = open.pop(); next; next = open.pop()) {
    const record = records.get(keyOf(next));
    if (!record || found.has(keyOf(next))) continue;
    found.set(keyOf(next), record);
    open.push(...record.parents, ...referenced(record.attributes));
  }
  return [...found.values()];
}

function referenced(json: unknown): EntityRef[] {
  if (typeof json !== "object" || json === null) return [];
  if ("__entity" in json) return [json.__entity as EntityRef];
  return Object.values(json).flatMap(referenced);
}
