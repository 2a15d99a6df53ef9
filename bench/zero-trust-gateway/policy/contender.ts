import type { AccessQuestion } from "../../../runtime/security/zero-trust-gateway/contracts";
import { DecisionPoint } from "../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { type LoadedPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld } from "../../../runtime/security/zero-trust-gateway/policy/world";
import type { App, Store } from "./app";

/** Something that decides questions of one app. */
export interface Contender {
  readonly name: string;
  /** Decisions of one store that are timed in one round: what is slow has fewer. */
  readonly questions: number;
  /** Makes it ready for a store; what that takes is not timed. Undefined where it cannot serve the app. */
  open(app: App, store: Store): Promise<((question: AccessQuestion) => boolean) | undefined>;
}

export function ours(loaded: (app: App) => LoadedPolicies): Contender {
  return {
    name: "ours",
    questions: 500,
    open: (app, store) => {
      const point = new DecisionPoint();
      point.use(createWorld(loaded(app), store.entities));
      return Promise.resolve((question) => point.decide(question).allowed);
    },
  };
}
