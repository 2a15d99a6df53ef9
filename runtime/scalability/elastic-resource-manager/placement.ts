import type { Capacity } from "./capacity";
import { constraintsOf } from "./constraints";
import type { Constraint } from "./constraints/constraint";
import type { Demand } from "./demand";
import { devicesNeeded, perDevice, tightestDevice } from "./devices";
import type { NodeTable } from "./node-table";
import { WHOLE_GPU } from "./quantities";
import type { RequestMix } from "./request-mix";
import type { Scorer, Strategy } from "./strategies";

/** Codes of one constraint; a refusal is kept as (1 + place of the constraint) * CODES + its code. */
const CODES = 256;

/** Where one replica goes. */
export interface Placed {
  node: string;
  /** Numbers of its GPUs on the node; empty where it asks for none. */
  devices: number[];
}

/** What one replica meets on every node: a score where it fits, a refusal where not. */
export class Placement {
  readonly table: NodeTable;
  /** By node; meaningless where it is refused. */
  readonly scores: Float64Array;
  readonly fitting: number = 0;
  readonly best: Placed | undefined;
  /** By node; 0 where it fits. */
  private readonly refusals: Uint16Array;
  private readonly constraints: readonly Constraint[];

  constructor(capacity: Capacity, demand: Demand, strategy: Strategy, mix: RequestMix) {
    const { table } = capacity;
    this.table = table;
    this.scores = new Float64Array(table.size);
    this.refusals = new Uint16Array(table.size);
    this.constraints = constraintsOf(demand, capacity);
    const scorer = strategy.scorer(demand, capacity, mix);
    let best = -1;
    for (let node = 0; node < table.size; node++) {
      const refusal = this.refusalOf(node);
      this.refusals[node] = refusal;
      if (refusal !== 0) continue;
      this.fitting += 1;
      const score = scorer.score(node);
      this.scores[node] = score;
      if (best < 0 || score > (this.scores[best] as number)) best = node;
    }
    if (best < 0) return;
    const name = table.supplies[best]?.name ?? "";
    this.best = { node: name, devices: devicesOn(table, best, demand.amount.gpuMilli ?? 0, scorer) };
  }

  fits(node: number): boolean {
    return this.refusals[node] === 0;
  }

  /** Nodes refused, by the fault's name. */
  counts(): Record<string, number> {
    const byCode = new Map<number, number>();
    for (const code of this.refusals) if (code !== 0) byCode.set(code, (byCode.get(code) ?? 0) + 1);
    const counts: Record<string, number> = {};
    for (const [code, count] of byCode) {
      const fault = (this.constraints[Math.floor(code / CODES) - 1] as Constraint).faultOf(code % CODES);
      counts[fault] = (counts[fault] ?? 0) + count;
    }
    return counts;
  }

  /** Why the node is refused; null where it is not. As long as the capacity has not changed. */
  reasonOf(node: number): string | null {
    const code = this.refusals[node] as number;
    if (code === 0) return null;
    return (this.constraints[Math.floor(code / CODES) - 1] as Constraint).explain(node, code % CODES);
  }

  private refusalOf(node: number): number {
    for (let each = 0; each < this.constraints.length; each++) {
      const code = (this.constraints[each] as Constraint).refuses(node);
      if (code !== 0) return (each + 1) * CODES + code;
    }
    return 0;
  }
}

/** Which of the node's GPUs the replica gets, by their numbers there. */
function devicesOn({ deviceFree, firstDevice }: NodeTable, node: number, gpuMilli: number, scorer: Scorer): number[] {
  if (gpuMilli === 0) return [];
  const first = firstDevice[node] as number;
  const end = firstDevice[node + 1] as number;
  const share = perDevice(gpuMilli);
  if (share < WHOLE_GPU) {
    return [(scorer.device?.(node) ?? tightestDevice(deviceFree, first, end, share)) - first];
  }
  const devices: number[] = [];
  for (let device = first; device < end && devices.length < devicesNeeded(gpuMilli); device++) {
    if ((deviceFree[device] as number) >= share) devices.push(device - first);
  }
  return devices;
}
