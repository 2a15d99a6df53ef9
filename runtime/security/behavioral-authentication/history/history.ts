import type { CountsSnapshot } from "./decayed-counts";
import { Hierarchy, keysOf } from "./hierarchy";

/** What is remembered of an attempt, as paths from the general to the particular. */
export const DIMENSIONS = ["network", "client", "device", "hour", "rtt"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Of an attempt; a dimension that is not known is absent. Addresses and ids are pseudonyms (vault.ts). */
export type Paths = Readonly<Partial<Record<Dimension, readonly string[]>>>;

/** Country, network, address; kind of device, system, browser, user agent; id; day and hour; class of round-trip time. */
const DEPTH: Readonly<Record<Dimension, number>> = { network: 3, client: 4, device: 1, hour: 1, rtt: 1 };

export type HistorySnapshot = Partial<Record<Dimension, CountsSnapshot[]>>;

/** Attempts that count, of one user or of all. */
export class History {
  private readonly dimensions: ReadonlyMap<Dimension, Hierarchy>;

  /** `capacity` bounds the values of each level. */
  constructor(halfLifeMilliseconds: number, capacity: number, now: number) {
    this.dimensions = new Map(
      DIMENSIONS.map((name) => [name, new Hierarchy(DEPTH[name], halfLifeMilliseconds, capacity, now)]),
    );
  }

  of(dimension: Dimension): Hierarchy {
    return this.dimensions.get(dimension)!;
  }

  add(paths: Paths, weight: number, time: number): void {
    for (const name of DIMENSIONS) {
      const path = paths[name];
      if (path !== undefined) this.of(name).add(path, weight, time);
    }
  }

  /** Attempts that count, faded. Every attempt has a client, if only an unknown one. */
  logins(now: number): number {
    return this.of("client").total(now);
  }

  snapshot(now: number): HistorySnapshot {
    return Object.fromEntries(DIMENSIONS.map((name) => [name, this.of(name).snapshot(now)]));
  }

  restore(snapshot: HistorySnapshot): this {
    for (const name of DIMENSIONS) this.of(name).restore(snapshot[name] ?? []);
    return this;
  }
}

/** Each value that an attempt adds to, one by one: what the histories of all replicas have in common is kept so. */
export function valuesOf(paths: Paths): { dimension: Dimension; key: string }[] {
  return DIMENSIONS.flatMap((dimension) => keysOf(paths[dimension] ?? []).map((key) => ({ dimension, key })));
}
