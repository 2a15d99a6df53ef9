import { WATTS_PER_GIB } from "../../factors/power";
import { ccfPower } from "../../runtime/kernel/energy/curve";
import type { FleetNode } from "../../runtime/sustainability/energy-optimizer/fleet";
import { nodePower } from "../../runtime/sustainability/energy-optimizer/node-power";
import type { TraceNode } from "./trace";

/** W of a switched-off server's management controller; the same under every policy. */
export const STANDBY_WATTS = 5;

/**
 * W that a busy GPU adds, an A10's, on every model: the same work takes longer on a slower one, the trace does not say by how
 * much, and no policy shall gain by sending work to where it would only take longer.
 */
const BUSY_GPU_WATTS = 134;

interface Generation {
  architecture: string;
  /** W of one idle GPU, about as nvidia-smi shows it. */
  idleGpuWatts: number;
}

/**
 * The trace names GPU models and no processors: each model is put with the server generation that it was sold in. G2 and G3
 * are the trace's names for models that it hides; they are counted as A10.
 */
const GENERATIONS: readonly (readonly [model: RegExp, generation: Generation])[] = [
  [/^P100/, { architecture: "Broadwell", idleGpuWatts: 26 }],
  [/^V100/, { architecture: "Skylake", idleGpuWatts: 25 }],
  [/^T4/, { architecture: "Cascade Lake", idleGpuWatts: 10 }],
  [/^(A10|G\d)/, { architecture: "Ice Lake", idleGpuWatts: 16 }],
];
const UNKNOWN: Generation = { architecture: "Skylake", idleGpuWatts: 25 };

/** The node with its power, above standby: CCF's processor model, memory by the GiB, GPUs. */
export function powered({ name, supply }: TraceNode): FleetNode {
  const { cpuCores, memoryBytes, gpus = 0, gpuModel } = supply;
  const { architecture, idleGpuWatts: idleWatts } =
    GENERATIONS.find(([model]) => model.test(gpuModel ?? ""))?.[1] ?? UNKNOWN;
  const fullWatts = idleWatts + BUSY_GPU_WATTS;
  const watts = nodePower(ccfPower(architecture, cpuCores), cpuCores, { count: gpus, idleWatts, fullWatts });
  const memoryWatts = (memoryBytes / 2 ** 30) * WATTS_PER_GIB;
  return {
    name,
    zone: "z",
    on: false,
    eligible: true,
    supply,
    watts: (load) => Math.max(0, watts(load) + memoryWatts - STANDBY_WATTS),
  };
}
