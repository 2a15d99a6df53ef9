import { devicesFit, devicesNeeded } from "../devices";
import type { NodeTable } from "../node-table";
import { type Amount, CPU, entriesOf, GPU, MEMORY, WHOLE_GPU } from "../quantities";
import type { ConstraintFactory } from "./constraint";

/** A bit for each kind of resource that is short; custom ones share one. */
const KINDS = ["cpu", "memory", "gpu", "custom"] as const;

/** What is not asked for cannot be missing, not even where what runs has outgrown the node. */
export const resources: ConstraintFactory = ({ amount }, { table }) => {
  const { cpuMilli, memoryBytes, gpuMilli = 0, custom } = amount;
  const { free, deviceFree, firstDevice } = table;
  const [freeCpu, freeMemory, freeGpu] = [free[CPU], free[MEMORY], free[GPU]] as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const pieces = Object.entries(custom ?? {}).map(([name, count]) => ({
    free: free[table.resources.indexOf(name)],
    count,
  }));
  const lacksGpu = (node: number): boolean =>
    (freeGpu[node] as number) < gpuMilli ||
    !devicesFit(deviceFree, firstDevice[node] as number, firstDevice[node + 1] as number, gpuMilli);
  return {
    refuses: (node) => {
      let code = 0;
      if (cpuMilli > 0 && cpuMilli > (freeCpu[node] as number)) code |= 1;
      if (memoryBytes > 0 && memoryBytes > (freeMemory[node] as number)) code |= 2;
      if (gpuMilli > 0 && lacksGpu(node)) code |= 4;
      for (let each = 0; each < pieces.length; each++) {
        const piece = pieces[each] as (typeof pieces)[number];
        if (piece.count > (piece.free?.[node] ?? 0)) code |= 8;
      }
      return code;
    },
    faultOf: (code) => KINDS.filter((_, bit) => code & (1 << bit)).join("-and-"),
    explain: (node, code) => shortages(amount, table, node, code).join("; "),
  };
};

function shortages(amount: Amount, table: NodeTable, node: number, code: number): string[] {
  const reasons: string[] = [];
  entriesOf(amount).forEach(([name, needed], resource) => {
    if (!(code & (1 << Math.min(resource, KINDS.length - 1)))) return;
    const index = table.resources.indexOf(name);
    const free = Math.max(table.free[index]?.[node] ?? 0, 0);
    const all = table.allocatable[index]?.[node] ?? 0;
    if (resource === CPU) reasons.push(`needs ${needed / 1000} cores, ${free / 1000} free of ${all / 1000}`);
    else if (resource === MEMORY) reasons.push(`needs ${needed} bytes, ${free} free of ${all}`);
    else if (resource === GPU) reasons.push(gpuShortage(needed, table, node));
    else if (needed > free) reasons.push(`needs ${needed} ${name}, ${free} free of ${all}`);
  });
  return reasons;
}

function gpuShortage(needed: number, { firstDevice, deviceFree }: NodeTable, node: number): string {
  const devices = deviceFree.subarray(firstDevice[node], firstDevice[node + 1]);
  const most = devices.reduce((a, b) => Math.max(a, b), 0);
  const whole = devices.filter((left) => left === WHOLE_GPU).length;
  return needed < WHOLE_GPU
    ? `needs ${needed / WHOLE_GPU} of a GPU, at most ${most / WHOLE_GPU} free on one of ${devices.length}`
    : `needs ${devicesNeeded(needed)} whole GPUs, ${whole} free of ${devices.length}`;
}
