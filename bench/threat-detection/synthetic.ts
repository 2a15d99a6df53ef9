import { seeded } from "../../runtime/kernel/random";
import type { Labelled } from "./nsl-kdd";

/**
 * Streams of varied shape: what is strange lies far out, in heavy tails, across a correlation, in few of many columns, in rare
 * categories, near a dense cluster, in a cluster of its own, or beside a usual that drifts. Members, families and the watch for
 * shifts were chosen with these streams of other seeds in view, and with the areas on the public sets in view as well.
 */
export function syntheticStreams(seed: number, rows = 12_000): (Labelled & { name: string })[] {
  return Object.entries(SHAPES).map(([name, shape], index) => {
    const random = seeded(seed * 1000 + index);
    const { numeric, categorical, share, row } = shape(random);
    const stride = numeric + categorical;
    const raw = new Float64Array(rows * stride);
    const labels = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      labels[i] = random() < share ? 1 : 0;
      raw.set(row(labels[i] === 1, i / rows), i * stride);
    }
    return { name, numeric, categorical, rows, raw, labels };
  });
}

interface Shape {
  numeric: number;
  categorical: number;
  /** Of anomalies. */
  share: number;
  /** `progress`: place in the stream, from 0 to 1. */
  row: (isStrange: boolean, progress: number) => number[];
}

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const SHAPES: Record<string, (random: () => number) => Shape> = {
  "clusters, anomalies all over": (random) => {
    const centres = times(5, () => times(8, () => 10 * random()));
    return {
      numeric: 8,
      categorical: 0,
      share: 0.03,
      row: (isStrange) =>
        isStrange
          ? times(8, () => 14 * random() - 2)
          : centres[Math.floor(5 * random())]!.map((centre) => centre + gaussian(random)),
    };
  },
  "heavy tails": (random) => ({
    numeric: 10,
    categorical: 0,
    share: 0.02,
    row: (isStrange) => times(10, (c) => Math.exp(1.5 * gaussian(random) + (isStrange && c < 3 ? 3 : 0))),
  }),
  "broken correlation": (random) => {
    const mixing = times(12, () => times(3, () => gaussian(random)));
    const values = (): number[] => {
      const factors = times(3, () => gaussian(random));
      return mixing.map((row) => row.reduce((sum, weight, f) => sum + weight * factors[f]!, 0.2 * gaussian(random)));
    };
    return {
      numeric: 12,
      categorical: 0,
      share: 0.03,
      row: (isStrange) => {
        const [own, other] = [values(), values()];
        return isStrange ? own.map((value, c) => (c % 2 === 0 ? value : other[c]!)) : own;
      },
    };
  },
  "few of 60 columns": (random) => ({
    numeric: 60,
    categorical: 0,
    share: 0.03,
    row: (isStrange) => {
      const first = Math.floor(random() * 57);
      return times(60, (c) => gaussian(random) + (isStrange && c >= first && c < first + 3 ? 4 : 0));
    },
  }),
  "rare categories": (random) => ({
    numeric: 3,
    categorical: 4,
    share: 0.02,
    row: (isStrange) => [
      ...times(3, () => gaussian(random) + (isStrange ? 1 : 0)),
      ...times(4, (c) => Math.floor((isStrange && c < 2 ? 30 : 8) * random() ** (isStrange ? 1 : 2))),
    ],
  }),
  "near a dense cluster": (random) => ({
    numeric: 5,
    categorical: 0,
    share: 0.03,
    row: (isStrange) => {
      const isDense = isStrange || random() < 0.7;
      return times(5, () => (isDense ? 0 : 8) + (isStrange ? 1.2 : isDense ? 0.2 : 2) * gaussian(random));
    },
  }),
  "anomalies in a cluster": (random) => ({
    numeric: 6,
    categorical: 0,
    share: 0.08,
    row: (isStrange) => times(6, (c) => (isStrange ? (c < 3 ? 5 : -1) + 0.2 * gaussian(random) : gaussian(random))),
  }),
  "a usual that drifts": (random) => ({
    numeric: 6,
    categorical: 0,
    share: 0.03,
    row: (isStrange, progress) => times(6, (c) => gaussian(random) + 8 * progress + (isStrange && c < 2 ? 5 : 0)),
  }),
};
