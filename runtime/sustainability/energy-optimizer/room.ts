/** What one replica asks for. GPUs: below 1 a share of one device, else whole devices. */
export interface Need {
  cpuCores: number;
  memoryBytes: number;
  gpus?: number;
  /** Any of these models will do; any at all where absent. */
  gpuModels?: readonly string[];
}

export interface Supply {
  cpuCores: number;
  memoryBytes: number;
  /** Whole devices. */
  gpus?: number;
  gpuModel?: string;
}

/** Sums of fractions are compared with this slack, that 0.1 + 0.2 be 0.3. */
const SLACK = 1e-9;

/** What is left of a node, to the single GPU. */
export class Room {
  cpuCores: number;
  memoryBytes: number;
  /** Free share of each device. */
  readonly devices: number[];
  private readonly model: string | undefined;

  constructor(supply: Supply) {
    this.cpuCores = supply.cpuCores;
    this.memoryBytes = supply.memoryBytes;
    this.devices = Array.from({ length: Math.floor(supply.gpus ?? 0) }, () => 1);
    this.model = supply.gpuModel;
  }

  /** Devices that the need would get: [] where it needs none, undefined where it does not fit. */
  fit({ cpuCores, memoryBytes, gpus = 0, gpuModels }: Need): number[] | undefined {
    if (cpuCores > this.cpuCores + SLACK || memoryBytes > this.memoryBytes + SLACK) return undefined;
    if (gpus <= 0) return [];
    if (gpuModels !== undefined && (this.model === undefined || !gpuModels.includes(this.model))) return undefined;
    if (gpus < 1) {
      // The fullest device that has room: whole ones stay whole.
      let best = -1;
      for (const [device, free] of this.devices.entries()) {
        if (free + SLACK >= gpus && (best < 0 || free < (this.devices[best] as number))) best = device;
      }
      return best < 0 ? undefined : [best];
    }
    const whole = this.devices.flatMap((free, device) => (free >= 1 - SLACK ? [device] : [])).slice(0, Math.ceil(gpus));
    return whole.length < Math.ceil(gpus) ? undefined : whole;
  }

  /** Whether the need fits on just these devices. */
  fitsOn({ cpuCores, memoryBytes, gpus = 0 }: Need, devices: readonly number[]): boolean {
    const share = Math.min(gpus, 1);
    return (
      cpuCores <= this.cpuCores + SLACK &&
      memoryBytes <= this.memoryBytes + SLACK &&
      devices.every((device) => (this.devices[device] as number) + SLACK >= share)
    );
  }

  take(need: Need, devices: readonly number[]): void {
    this.change(need, devices, -1);
  }

  give(need: Need, devices: readonly number[]): void {
    this.change(need, devices, 1);
  }

  clone(): Room {
    const copy = new Room({
      cpuCores: this.cpuCores,
      memoryBytes: this.memoryBytes,
      ...(this.model !== undefined && { gpuModel: this.model }),
    });
    copy.devices.push(...this.devices);
    return copy;
  }

  private change({ cpuCores, memoryBytes, gpus = 0 }: Need, devices: readonly number[], sign: 1 | -1): void {
    this.cpuCores += sign * cpuCores;
    this.memoryBytes += sign * memoryBytes;
    for (const device of devices) this.devices[device]! += sign * Math.min(gpus, 1);
  }
}
