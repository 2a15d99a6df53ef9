import type { AccessQuestion, EntityRecord, EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";

/** An application of the Cedar paper (Cutler et al., OOPSLA 2024, section 5): its policies, and stores and questions of it. */
export interface App {
  readonly name: string;
  readonly schema: string;
  readonly policies: string;
  /** A store of size `n`: edges of the hierarchy are there with a probability of 0.05 each, as in the paper. */
  store(n: number, random: () => number): Store;
}

export interface Store {
  readonly entities: readonly EntityRecord[];
  question(random: () => number): AccessQuestion;
}

/** Probability of an edge, and of anything else that is there or not. */
export const EDGE = 0.05;

export function ref(type: string, id: string | number): EntityRef {
  return { type, id: String(id) };
}

export function value({ type, id }: EntityRef): unknown {
  return { __entity: { type, id } };
}

export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index);
}

export function one<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

/** Each of `values` with the probability of an edge. */
export function some<T>(values: readonly T[], random: () => number): T[] {
  return values.filter(() => random() < EDGE);
}

export function question(principal: EntityRef, action: string, resource: EntityRef): AccessQuestion {
  return { principal, action: ref("Action", action), resource, context: {} };
}
