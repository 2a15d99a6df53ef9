import type { Capacity, NodeSupply } from "../capacity";
import type { Demand } from "../demand";

/** How requests are ordered and nodes are chosen. Decisions only: no time, no randomness, no I/O. */
export interface Strategy {
  readonly name: string;

  /**
   * Index of the request to serve next among those of one batch that ask for this strategy. Without it: in order of arrival.
   */
  readonly next?: (pending: readonly Demand[], capacity: Capacity, weights: Readonly<Record<string, number>>) => number;

  /**
   * Prepares a scorer for the next replica. The scorer is called only for nodes that the replica fits on; the highest score
   * wins, the first node by name among equals.
   */
  readonly scorer: (demand: Demand, capacity: Capacity) => (node: NodeSupply) => number;
}
