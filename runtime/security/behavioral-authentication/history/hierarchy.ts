import { type CountsSnapshot, DecayedCounts } from "./decayed-counts";
import type { LevelCounts } from "./chain";

/** Between the values of a path: a control character, which no value has. */
const SEPARATOR = "\u001f";

/** Counts of values along a hierarchy, such as country, network, address: each level's under its parent. */
export class Hierarchy {
  private readonly levels: DecayedCounts[];
  /** Parent's path -> how many different values it has. */
  private readonly kinds = new Map<string, number>();

  constructor(depth: number, halfLifeMilliseconds: number, capacity: number, now: number) {
    const onKnown = (path: string, change: 1 | -1): void => {
      const parent = parentOf(path);
      const left = (this.kinds.get(parent) ?? 0) + change;
      if (left > 0) this.kinds.set(parent, left);
      else this.kinds.delete(parent);
    };
    this.levels = Array.from({ length: depth }, () => new DecayedCounts(halfLifeMilliseconds, capacity, now, onKnown));
  }

  add(path: readonly string[], weight: number, time: number): void {
    this.levels.forEach((level, depth) => level.add(keyOf(path, depth), weight, time));
  }

  /** Makes one value's weight what it is elsewhere; `key` is one of `keysOf`. */
  set(key: string, weight: number, time: number): void {
    this.levels[key.split(SEPARATOR).length - 1]?.set(key, weight, time);
  }

  /** From the top of the hierarchy down. */
  counts(path: readonly string[], now: number): LevelCounts[] {
    return this.levels.map((level, depth) => ({
      value: level.count(keyOf(path, depth), now),
      parent: depth === 0 ? level.total(now) : this.levels[depth - 1]!.count(keyOf(path, depth - 1), now),
      kinds: this.kinds.get(depth === 0 ? "" : keyOf(path, depth - 1)) ?? 0,
    }));
  }

  total(now: number): number {
    return this.levels[0]!.total(now);
  }

  snapshot(now: number): CountsSnapshot[] {
    return this.levels.map((level) => level.snapshot(now));
  }

  restore(snapshots: readonly CountsSnapshot[]): void {
    snapshots.forEach((snapshot, depth) => this.levels[depth]?.restore(snapshot));
  }
}

/** The keys of a path's levels, from the top down. */
export const keysOf = (path: readonly string[]): string[] => path.map((_, depth) => keyOf(path, depth));

const keyOf = (path: readonly string[], depth: number): string => path.slice(0, depth + 1).join(SEPARATOR);
const parentOf = (key: string): string => key.slice(0, Math.max(key.lastIndexOf(SEPARATOR), 0));
