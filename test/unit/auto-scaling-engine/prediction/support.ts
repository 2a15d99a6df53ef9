import type { Forecast, Predictor } from "../../../../runtime/scalability/auto-scaling-engine/prediction/predictor";

export const START = Date.parse("2026-01-05T00:00:00Z");
export const TICK_SECONDS = 15;
export const LAG_SECONDS = 30;
export const LEAD_SECONDS = 60;

export interface Step {
  /** Seconds since `START`. */
  at: number;
  forecast: Forecast | undefined;
  /** The load at the moment forecast. */
  actual: number;
}

/** Evaluates from..to (seconds since `START`) each 15 s, with samples 30 s old and forecasts 60 s ahead. */
export function drive(
  predictor: Predictor,
  load: (second: number) => number,
  from: number,
  to: number,
  step?: number,
): Step[] {
  const steps: Step[] = [];
  for (let at = from; at < to; at += TICK_SECONDS) {
    const sampled = at - LAG_SECONDS;
    predictor.observe({ time: START + sampled * 1000, demand: load(sampled) });
    const forecast = predictor.forecast(START + (at + LEAD_SECONDS) * 1000, step);
    steps.push({ at, forecast, actual: load(at + LEAD_SECONDS) });
  }
  return steps;
}

/** A reproducible sequence of numbers from 0 to 1 by position (mulberry32's mixing): the same second, the same number. */
export function noise(position: number, seed = 1): number {
  let mixed = Math.imul(position ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

export const DAY = 86_400;
export const HOUR = 3600;

/** A day's wave from 20 to 80 with noise of 5 % in each minute, straight in between. */
export function wavy(second: number): number {
  const minute = (index: number): number =>
    (50 - 30 * Math.cos((2 * Math.PI * index) / 1440)) * (1 + 0.1 * (noise(index) - 0.5));
  const index = Math.floor(second / 60);
  return minute(index) + ((minute(index + 1) - minute(index)) * (second - index * 60)) / 60;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
