import type { Lease } from "./lease";

export interface LeakReport {
  items: { kind: "expired" | "held-long"; lease: Lease }[];
  holders: { holder: string; site: string | null; leaks: number }[];
}

/** Who does not give back what it leased: those still holding first, then what expired. */
export function leakReport({ expired, held }: { expired: readonly Lease[]; held: readonly Lease[] }): LeakReport {
  const items = [
    ...held.map((lease) => ({ kind: "held-long", lease }) as const),
    ...expired.map((lease) => ({ kind: "expired", lease }) as const),
  ];
  const holders = new Map<string, LeakReport["holders"][number]>();
  for (const { lease } of items) {
    const { holder, site } = lease;
    const key = JSON.stringify([holder, site]);
    const entry = holders.get(key) ?? { holder, site, leaks: 0 };
    entry.leaks += 1;
    holders.set(key, entry);
  }
  return { items, holders: [...holders.values()].sort((a, b) => b.leaks - a.leaks) };
}
