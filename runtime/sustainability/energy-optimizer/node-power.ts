import type { PowerModel } from "../../kernel/energy/power-model";

/** What is busy on a node: cores, and GPUs. */
export interface Load {
  cores: number;
  gpus: number;
}

/** W of a whole node at a load. */
export type NodePower = (load: Load) => number;

/** A node's power by a model of its processors, and W of one GPU, idle and full, in proportion to its use between. */
export function nodePower(
  model: PowerModel,
  cores: number,
  gpu: { count: number; idleWatts: number; fullWatts: number } = { count: 0, idleWatts: 0, fullWatts: 0 },
): NodePower {
  return (load) =>
    model.watts(cores > 0 ? load.cores / cores : 0) +
    gpu.count * gpu.idleWatts +
    Math.min(load.gpus, gpu.count) * (gpu.fullWatts - gpu.idleWatts);
}
