import type { TraceNode } from "./trace";

/** How a trace is changed before it is replayed: what is not in it is to be met too. */
export interface Scenario {
  name: string;
  /** How often each week is in it. */
  copies: number;
  /** Share of the pods that is left, by chance. */
  kept: number;
  /** Nodes that fleets are drawn from. */
  nodes: (all: readonly TraceNode[]) => readonly TraceNode[];
  /** Fleets that are drawn for each week. */
  seeds: readonly number[];
}

const whole = (all: readonly TraceNode[]): readonly TraceNode[] => all;
const kindOf = ({ supply }: TraceNode): string =>
  `${supply.cpuCores}/${supply.memoryBytes}/${supply.gpus}/${supply.gpuModel}`;

/** All nodes but those of the commonest kind with GPUs. */
function withoutCommonest(all: readonly TraceNode[]): readonly TraceNode[] {
  const counts = new Map<string, number>();
  for (const node of all) {
    if ((node.supply.gpus ?? 0) > 0) counts.set(kindOf(node), (counts.get(kindOf(node)) ?? 0) + 1);
  }
  const [commonest] = [...counts].toSorted((a, b) => b[1] - a[1]);
  return all.filter((node) => kindOf(node) !== commonest?.[0]);
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "x 1", copies: 1, kept: 1, nodes: whole, seeds: [1, 2, 3] },
  { name: "x 4", copies: 4, kept: 1, nodes: whole, seeds: [1, 2, 3] },
  { name: "x 2, half of its pods left out", copies: 2, kept: 0.5, nodes: whole, seeds: [1, 2] },
  {
    name: "x 2, on nodes with GPUs only",
    copies: 2,
    kept: 1,
    nodes: (all) => all.filter(({ supply }) => (supply.gpus ?? 0) > 0),
    seeds: [1, 2],
  },
  { name: "x 2, without the commonest node", copies: 2, kept: 1, nodes: withoutCommonest, seeds: [1, 2] },
];

/** Seeds of the fleets that are learned from. */
export const LEARNING_SEEDS = [11, 12];
