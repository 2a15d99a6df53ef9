import type { Policy, PolicyFactory } from "./replay";

const STABLE_WINDOW_MS = 60_000;
/** 10 % of the stable window. */
const PANIC_WINDOW_MS = 6_000;
const PANIC_THRESHOLD = 2;
const MAX_SCALE_UP_RATE = 1000;
const MAX_SCALE_DOWN_RATE = 2;

/**
 * Knative's autoscaler (knative/serving, pkg/autoscaler/scaling/autoscaler.go) with its defaults, on load sampled each
 * second. `target`: the share of a replica's target load to aim at.
 */
export function kpa(target = 1): PolicyFactory {
  return (): Policy => {
    let panicSince: number | undefined;
    let mostInPanic = 0;
    return ({ now, observed, past, ready }) => {
      const average = (windowMs: number): number => {
        let sum = 0;
        for (let age = 0; age < windowMs; age += 1000) sum += past(observed.time - age);
        return sum / (windowMs / 1000);
      };
      const serving = Math.max(ready, 1);
      const [least, most] = [Math.floor(serving / MAX_SCALE_DOWN_RATE), Math.ceil(MAX_SCALE_UP_RATE * serving)];
      const wantedFor = (load: number): number => Math.min(Math.max(Math.ceil(load / target), least), most);
      const stable = wantedFor(average(STABLE_WINDOW_MS));
      const panic = wantedFor(average(PANIC_WINDOW_MS));
      const isOver = panic / serving >= PANIC_THRESHOLD;
      if (isOver) {
        if (panicSince === undefined) mostInPanic = 0;
        panicSince = now;
      } else if (panicSince !== undefined && panicSince + STABLE_WINDOW_MS < now) {
        panicSince = undefined;
      }
      if (panicSince === undefined) return stable;
      mostInPanic = Math.max(mostInPanic, panic, serving);
      return mostInPanic;
    };
  };
}
