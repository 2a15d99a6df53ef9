import type { AccessQuestion, EntityRecord, EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import { DecisionPoint } from "../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld, type World } from "../../../runtime/security/zero-trust-gateway/policy/world";

/** `User::a` as a reference. */
export function ref(name: string): EntityRef {
  const at = name.lastIndexOf("::");
  return { type: name.slice(0, at), id: name.slice(at + 2) };
}

export function entity(name: string, parents: readonly string[] = [], attributes: object = {}): EntityRecord {
  return { ...ref(name), attributes: attributes as Record<string, unknown>, parents: parents.map(ref) };
}

export function ask(principal: string, action: string, resource: string, context: object = {}): AccessQuestion {
  return {
    principal: ref(principal),
    action: { type: "Action", id: action },
    resource: ref(resource),
    context: context as Record<string, unknown>,
  };
}

export function world(text: string, entities: readonly EntityRecord[] = [], schema?: string): World {
  return createWorld(loadPolicies({ sets: { main: { text } }, ...(schema !== undefined && { schema }) }), entities);
}

export function pointOf(of: World): DecisionPoint {
  const point = new DecisionPoint();
  point.use(of);
  return point;
}
