import { type EngineOf, enginesOf } from "../../../runtime/exports";
import type { Api } from "../api";

/** An engine's newest decision, as it is shown. */
export interface Newest {
  /** RFC 3339, UTC. */
  at: string;
  /** What and why, in one line. */
  text: string;
}

/** One decision, for the count of what was decided how often. */
export interface Decided {
  id: string;
  /** RFC 3339, UTC. */
  at: string;
  kind: string;
}

/** The fabric that the replay puts load on. */
export type ScalabilityEngine = EngineOf<"scalability">;
export const SCALABILITY_ENGINES = enginesOf("scalability");

/** One look at an engine. */
export interface Look<State> {
  state: State;
  newest?: Newest;
  /** The latest decisions, whatever their order, up to `OBSERVED`. */
  decided: readonly Decided[];
}

/** Decisions asked for at each look: more than there are between two. */
export const OBSERVED = 20;

export interface Observer<State> {
  engine: ScalabilityEngine;
  /** Errors: whatever keeps the engine from answering, and a TypeError when the answer is not one of it. */
  look(api: Api): Promise<Look<State>>;
}
