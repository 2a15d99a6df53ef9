import { apportion, divideRounded, gramsText, kwhText, microGrams, nanoKwh, sum } from "./amounts";
import type { Line } from "./rollup";
import type { Instrument, Rules } from "./rules";

export interface Period {
  from: number;
  to: number;
}

/** How one region's energy is accounted for by contracts. */
export interface RegionMarket {
  region: string;
  energyKwh: string;
  gramsCo2e: string;
  instruments: {
    name: string;
    kind: string;
    gramsPerKwh: number;
    coveredKwh: string;
    renewable: boolean;
    source: string;
  }[];
  /** What no instrument covers. `location-based` is the fallback where no residual mix is known, and is said to be one. */
  rest: { kwh: string; by: "residual-mix" | "location-based"; gramsPerKwh: number | null; source: string };
  /** Energy that has neither a residual mix nor an average location-based factor: it is in no market-based figure. */
  withoutFactorKwh: string;
}

export interface Market {
  regions: RegionMarket[];
  /** Market-based 1e-6 g of each line, in the order of the lines. Their sum is the regions' sum. */
  carbon: bigint[];
  /** Energy in no figure, and energy of renewable instruments, of each line. */
  withoutFactor: bigint[];
  renewable: bigint[];
}

const KWH = 1_000_000_000n;

/**
 * Market-based emissions: instruments in the order in which they are declared, then the residual mix, else the location-based
 * factor. Instruments cover all lines of a region alike, so a tenant's report does not depend on which line came first.
 * Source: GHG Protocol Scope 2 Guidance (2015), table 6.3, the hierarchy of market-based factors.
 */
export function marketBased(lines: readonly Line[], rules: Rules, period: Period): Market {
  const carbon = lines.map(() => 0n);
  const withoutFactor = lines.map(() => 0n);
  const renewable = lines.map(() => 0n);
  const names = [...new Set(lines.map(({ region }) => region))].sort();
  const regions = names.map((region): RegionMarket => {
    const members = lines.map((line, index) => ({ line, index })).filter(({ line }) => line.region === region);
    const energies = members.map(({ line }) => line.energy);
    const spread = (target: bigint[], total: bigint, weights: readonly bigint[]): void => {
      apportion(total, weights).forEach((part, i) => (target[members[i]!.index]! += part));
    };
    const energy = sum(energies);
    let rest = energy;
    let grams = 0n;
    const instruments: RegionMarket["instruments"] = [];
    for (const instrument of rules.instruments.filter((one) => one.region === region)) {
      const available = availableIn(instrument, period, energy);
      const covered = available < rest ? available : rest;
      if (covered === 0n) continue;
      rest -= covered;
      const emitted = divideRounded(covered * microGrams(instrument.gramsPerKwh), KWH);
      grams += emitted;
      spread(carbon, emitted, energies);
      if (instrument.renewable) spread(renewable, covered, energies);
      const { name, kind, gramsPerKwh, renewable: isRenewable, source } = instrument;
      instruments.push({ name, kind, gramsPerKwh, coveredKwh: kwhText(covered), renewable: isRenewable, source });
    }
    const mix = rules.residualMixes.find((one) => one.region === region);
    let without = 0n;
    if (mix) {
      const emitted = divideRounded(rest * microGrams(mix.gramsPerKwh), KWH);
      grams += emitted;
      spread(carbon, emitted, energies);
    } else if (energy > 0n) {
      const located = members.map(({ line }) => (line.signal === "average" ? line.carbon : 0n));
      const emitted = divideRounded(sum(located) * rest, energy);
      grams += emitted;
      spread(carbon, emitted, located);
      const marginal = members.map(({ line }) => (line.signal === "marginal" ? line.energy : 0n));
      without = divideRounded(sum(marginal) * rest, energy);
      spread(withoutFactor, without, marginal);
    }
    return {
      region,
      energyKwh: kwhText(energy),
      gramsCo2e: gramsText(grams),
      instruments,
      rest: mix
        ? { kwh: kwhText(rest), by: "residual-mix", gramsPerKwh: mix.gramsPerKwh, source: mix.source }
        : {
            kwh: kwhText(rest),
            by: "location-based",
            gramsPerKwh: null,
            source: "fallback: no residual mix is configured for the region",
          },
      withoutFactorKwh: kwhText(without),
    };
  });
  return { regions, carbon, withoutFactor, renewable };
}

/** The part of the instrument's volume that falls into the period, shared evenly over its validity. */
function availableIn(instrument: Instrument, period: Period, energy: bigint): bigint {
  const from = Date.parse(instrument.from);
  const to = Date.parse(instrument.to);
  const overlap = Math.min(to, period.to) - Math.max(from, period.from);
  if (overlap <= 0) return 0n;
  // A rate without a volume covers its share of the period, as if the energy had been used evenly.
  if (instrument.kwh === null) return divideRounded(energy * BigInt(overlap), BigInt(period.to - period.from));
  return divideRounded(nanoKwh(instrument.kwh) * BigInt(overlap), BigInt(to - from));
}
