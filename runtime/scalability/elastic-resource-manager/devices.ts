import { WHOLE_GPU } from "./quantities";

/** Thousandths that a request takes of each device it gets: a share of one, or whole ones. */
export function perDevice(gpuMilli: number): number {
  return Math.min(gpuMilli, WHOLE_GPU);
}

/** Devices that a request of `gpuMilli` thousandths takes. */
export function devicesNeeded(gpuMilli: number): number {
  return Math.ceil(gpuMilli / WHOLE_GPU);
}

/** Whether the devices from `start` to `end` have room: one with the share left, or enough whole ones. */
export function devicesFit(free: Float64Array, start: number, end: number, gpuMilli: number): boolean {
  const share = perDevice(gpuMilli);
  let missing = devicesNeeded(gpuMilli);
  for (let device = start; device < end && missing > 0; device++) if ((free[device] as number) >= share) missing -= 1;
  return missing <= 0;
}

/** The device with the least left that still has the share; -1 where none has. */
export function tightestDevice(free: Float64Array, start: number, end: number, share: number): number {
  let tightest = -1;
  for (let device = start; device < end; device++) {
    const left = free[device] as number;
    if (left >= share && (tightest < 0 || left < (free[tightest] as number))) tightest = device;
  }
  return tightest;
}
