import { type Expectation, expectation, HOURS_OF_30_DAYS, type IntensityFigure } from "./expectation";

/** Something that is kept: logs, metrics, backups. */
export interface Kept {
  name: string;
  medium: "ssd" | "hdd";
  /** Copies in all, 3 for threefold replication. */
  copies: number;
  bytes: number;
  bytesPerDay: number;
  keptDays: number;
  /** Days for which somebody needs it: the longest of law, contract and use. */
  neededDays: number;
}

/** Wh per TB and hour: Cloud Carbon Footprint methodology (HDD 0.65, SSD 1.2; Apache-2.0), from drives' data sheets. */
const WATT_HOURS_PER_TB_HOUR = { hdd: 0.65, ssd: 1.2 } as const;
const TB = 1e12;

export interface RetentionAdvice {
  name: string;
  keptDays: number;
  freedBytes: number;
  expected: Expectation;
}

/** Keep what is needed and no longer; undefined where nothing is kept longer. The interval is a half of the factor, either way. */
export function adviseRetention(kept: Kept, intensity: IntensityFigure): RetentionAdvice | undefined {
  const days = kept.keptDays - kept.neededDays;
  const freedBytes = Math.min(kept.bytes, days * kept.bytesPerDay);
  if (!(freedBytes > 0)) return undefined;
  const kwhOf = (bytes: number): number =>
    ((bytes / TB) * kept.copies * WATT_HOURS_PER_TB_HOUR[kept.medium] * HOURS_OF_30_DAYS) / 1000;
  const value = kwhOf(freedBytes);
  return {
    name: kept.name,
    keptDays: kept.neededDays,
    freedBytes,
    expected: expectation(
      { value, low: value / 2, high: value * 1.5 },
      kwhOf(kept.bytes),
      intensity,
      `${WATT_HOURS_PER_TB_HOUR[kept.medium]} Wh per TB and hour of ${kept.medium} (Cloud Carbon Footprint), ${kept.copies} copies`,
    ),
  };
}
