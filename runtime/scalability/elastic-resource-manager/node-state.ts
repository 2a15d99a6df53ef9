import { devicesFit, tightestDevice } from "./devices";
import type { Need } from "./futures";
import type { NodeTable } from "./node-table";
import { CPU, GPU, MEMORY, WHOLE_GPU } from "./quantities";

/** What is free on one node, to try things out on: set, copied and filled in place. */
export class NodeState {
  /** By resource. */
  readonly free: Float64Array;
  /** Thousandths left of each device. */
  readonly deviceFree: Float64Array;
  devices = 0;
  private model: string | undefined;

  constructor(private readonly table: NodeTable) {
    this.free = new Float64Array(table.resources.length);
    this.deviceFree = new Float64Array(table.mostDevices);
  }

  load(node: number): void {
    const { free, firstDevice, deviceFree, supplies } = this.table;
    for (let each = 0; each < free.length; each++) this.free[each] = (free[each] as Float64Array)[node] as number;
    const first = firstDevice[node] as number;
    this.devices = (firstDevice[node + 1] as number) - first;
    for (let each = 0; each < this.devices; each++) this.deviceFree[each] = deviceFree[first + each] as number;
    this.model = supplies[node]?.gpuModel;
  }

  copy(from: NodeState): void {
    for (let each = 0; each < this.free.length; each++) this.free[each] = from.free[each] as number;
    for (let each = 0; each < from.devices; each++) this.deviceFree[each] = from.deviceFree[each] as number;
    this.devices = from.devices;
    this.model = from.model;
  }

  fits(need: Need): boolean {
    return (
      need.cpuMilli <= (this.free[CPU] as number) &&
      (need.gpuMilli === 0 || (need.gpuMilli <= (this.free[GPU] as number) && this.devicesFit(need))) &&
      need.memoryBytes <= (this.free[MEMORY] as number) &&
      (need.custom.length === 0 || need.custom.every(([name, count]) => count <= this.piecesOf(name)))
    );
  }

  /** Takes what fits: of a share the device named, or where that is negative the tightest. */
  take(need: Need, device = -1): void {
    this.free[CPU] = (this.free[CPU] as number) - need.cpuMilli;
    this.free[MEMORY] = (this.free[MEMORY] as number) - need.memoryBytes;
    for (const [name, count] of need.custom)
      this.free[this.table.resources.indexOf(name)] = this.piecesOf(name) - count;
    if (need.gpuMilli === 0) return;
    this.free[GPU] = (this.free[GPU] as number) - need.gpuMilli;
    if (need.share < WHOLE_GPU) {
      const chosen = device < 0 ? tightestDevice(this.deviceFree, 0, this.devices, need.share) : device;
      this.deviceFree[chosen] = (this.deviceFree[chosen] as number) - need.share;
      return;
    }
    let missing = need.devices;
    for (let each = 0; missing > 0 && each < this.devices; each++) {
      if ((this.deviceFree[each] as number) < WHOLE_GPU) continue;
      this.deviceFree[each] = 0;
      missing -= 1;
    }
  }

  private devicesFit({ gpuMilli, models }: Need): boolean {
    return (models === undefined || models.has(this.model)) && devicesFit(this.deviceFree, 0, this.devices, gpuMilli);
  }

  private piecesOf(name: string): number {
    return this.free[this.table.resources.indexOf(name)] ?? 0;
  }
}
