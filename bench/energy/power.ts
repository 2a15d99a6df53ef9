import { WATTS_PER_GIB } from "../../factors/power";
import { ccfPower } from "../../runtime/kernel/energy/curve";
import type { FleetNode } from "../../runtime/sustainability/energy-optimizer/fleet";
import { nodePower } from "../../runtime/sustainability/energy-optimizer/node-power";
import type { TraceNode } from "./trace";

/** W of a switched-off server's management controller; the same under every policy. */
export const STANDBY_WATTS = 5;

interface Generation {
  architecture: string;
  /** W of one GPU: idle about as nvidia-smi shows it, full as the vendor's data sheet limits it. */
  gpu: readonly [idle: number, full: number];
}

/**
 * The trace names GPU models and no processors: each model is put with the server generation that it was sold in. G2 and G3
 * are the trace's names for models that it hides; they are counted as A10.
 */
const GENERATIONS: readonly (readonly [model: RegExp, generation: Generation])[] = [
  [/^P100/, { architecture: "Broadwell", gpu: [26, 250] }],
  [/^V100/, { architecture: "Skylake", gpu: [25, 300] }],
  [/^T4/, { architecture: "Cascade Lake", gpu: [10, 70] }],
  [/^(A10|G\d)/, { architecture: "Ice Lake", gpu: [16, 150] }],
];
const UNKNOWN: Generation = { architecture: "Skylake", gpu: [25, 250] };

/** The node with its power, above standby: CCF's processor model, memory by the GiB, GPUs. */
export function powered({ name, supply }: TraceNode): FleetNode {
  const { cpuCores, memoryBytes, gpus = 0, gpuModel } = supply;
  const { architecture, gpu } = GENERATIONS.find(([model]) => model.test(gpuModel ?? ""))?.[1] ?? UNKNOWN;
  const [idleWatts, fullWatts] = gpu;
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
