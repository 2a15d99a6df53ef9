import type { Capacity } from "../capacity";
import type { Demand } from "../demand";
import type { RequestMix } from "../request-mix";

/** How requests are ordered and nodes are chosen. Decisions only: no time, no randomness, no I/O. */
export interface Strategy {
  readonly name: string;

  /**
   * Index of the request to serve next among those of one batch that ask for this strategy. Without it: in order of arrival.
   */
  readonly next?: (pending: readonly Demand[], capacity: Capacity, weights: Readonly<Record<string, number>>) => number;

  /** Prepares a scorer for the next replica. `mix` is what has been asked for so far. */
  readonly scorer: (demand: Demand, capacity: Capacity, mix: RequestMix) => Scorer;
}

export interface Scorer {
  /**
   * Called only for nodes that the replica fits on; the highest score wins, the first node by name among equals. Called for
   * every such node: cheap, and without allocations where it can.
   */
  score(node: number): number;

  /** The GPU of the node, by its index in the table's devices, that a share goes to; the tightest that fits where absent. */
  device?(node: number): number;
}
