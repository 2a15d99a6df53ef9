import { TYPICAL_DAY_TABLE } from "../../../../factors/tables";
import { TYPICAL_DAY_GRAMS_PER_KWH } from "../../../../factors/typical-day";
import { demoRegion } from "../demo-region";
import { FeedFault, type FeedSeries, type IntensityFeed } from "../feed";
import type { IntensityPoint } from "../intensity";
import { DAY_MS, HOUR_MS } from "../series";
import { lookUp } from "./zones";

/** Hours, of the played day, that are written out for one question. */
const MOST_HOURS = 200_000;
/** Of the regions that are listed, a day in five minutes; any other speed may be asked for. */
const LISTED_SPEED = 288;

/**
 * Days that pass in minutes, so that waiting for clean power can be watched. Knows no real region: what it says is true of no
 * grid at any time, and source, method and the region's own name say so.
 */
export function demoFeed(zones: Readonly<Record<string, string>>): IntensityFeed {
  const dayOf = (region: string) => {
    const demo = demoRegion(lookUp(zones, region) ?? region);
    const profile = demo && lookUp(TYPICAL_DAY_GRAMS_PER_KWH, demo.zone);
    return demo && profile && { ...demo, profile };
  };
  return {
    name: "demo",
    signal: "average",
    method: "synthetic, for demonstrations: a typical day of the month played in fast motion",
    table: "profile",
    zeroIsReal: false,
    refreshMilliseconds: HOUR_MS,
    staleMilliseconds: Infinity,
    regions: () =>
      Promise.resolve([
        ...Object.keys(TYPICAL_DAY_GRAMS_PER_KWH).map((zone) => `demo-${String(LISTED_SPEED)}x-${zone}`),
        ...Object.keys(zones),
      ]),
    knows: (region) => Promise.resolve(dayOf(region) !== undefined),
    measured: async (region, from, to): Promise<FeedSeries> => {
      const { profile, speed, zone } = dayOf(region)!;
      if (((to - from) / HOUR_MS) * speed > MOST_HOURS) {
        throw new FeedFault(`is not written out for more than ${String(MOST_HOURS)} hours of its own at once`);
      }
      const start = (hour: number): number => Math.round((hour * HOUR_MS) / speed);
      const points: IntensityPoint[] = [];
      for (let hour = Math.floor((from * speed) / HOUR_MS); start(hour) < to; hour += 1) {
        const gramsPerKwh = profile[new Date(start(hour)).getUTCMonth()]![hour % 24]!;
        points.push({ from: start(hour), to: start(hour + 1), gramsPerKwh, estimated: true });
      }
      const source = `SYNTHETIC: typical day of ${zone} in ${(DAY_MS / speed / 60_000).toFixed(1)} min, ${String(speed)} times as fast; ${TYPICAL_DAY_TABLE.source}`;
      return { points, source, asOf: Date.parse(`${TYPICAL_DAY_TABLE.asOf}T23:59:59Z`) };
    },
  };
}
