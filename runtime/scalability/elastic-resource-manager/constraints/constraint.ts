import type { Capacity } from "../capacity";
import type { Demand } from "../demand";

/** Which nodes one replica may go to. Decisions only: no time, no randomness, no I/O. */
export interface Constraint {
  /** A code above 0, below 256, for why it may not go to the node; 0 where it may. Called for every node: allocates nothing. */
  refuses(node: number): number;
  /** The fault's name, in few words with hyphens: refusals are counted by it. */
  faultOf(code: number): string;
  /** Why, with numbers. */
  explain(node: number, code: number): string;
}

/** Prepares the constraint for one replica; undefined where the demand does not ask for it. */
export type ConstraintFactory = (demand: Demand, capacity: Capacity) => Constraint | undefined;
