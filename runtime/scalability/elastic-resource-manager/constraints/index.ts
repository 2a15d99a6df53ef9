import type { Capacity } from "../capacity";
import type { Demand } from "../demand";
import type { Constraint, ConstraintFactory } from "./constraint";
import { gpuModel } from "./gpu-model";
import { neighbours } from "./neighbours";
import { nodeSelector } from "./node-selector";
import { readiness } from "./readiness";
import { resources } from "./resources";
import { zone } from "./zone";
import { zoneSkew } from "./zone-skew";

/** In the order in which they are asked: a node is refused for the first that it does not meet. */
const CONSTRAINTS: readonly ConstraintFactory[] = [
  readiness,
  zone,
  nodeSelector,
  gpuModel,
  neighbours,
  zoneSkew,
  resources,
];

/** Those that the demand brings with it. */
export function constraintsOf(demand: Demand, capacity: Capacity): Constraint[] {
  return CONSTRAINTS.map((factory) => factory(demand, capacity)).filter((constraint) => constraint !== undefined);
}
