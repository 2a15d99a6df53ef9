/** Capacity of one failover level: sums of endpoint weights. */
export interface LevelCapacity {
  readonly total: number;
  readonly healthy: number;
}

export interface LevelShare {
  /** Of the traffic, 0 to 1. */
  readonly share: number;
  /** Too little of the level is healthy, and no level makes up for it: all its endpoints are used. */
  readonly panic: boolean;
}

/**
 * How traffic spreads over failover levels, first choice first. A level takes all that comes to it while its healthy share
 * times the overprovisioning factor is at least 1, and passes the rest on. Where all levels together fall short, shares are
 * scaled up to 1, and levels below the panic threshold use their unhealthy endpoints too. The shares sum to 1, or are all 0 where
 * nothing may be used.
 * Source: Envoy, "Priority levels" and "Panic threshold" (upstream/load_balancing), with weights in place of host counts.
 */
export function levelShares(
  levels: readonly LevelCapacity[],
  { overprovisioningFactor, panicPercent }: { overprovisioningFactor: number; panicPercent: number },
): LevelShare[] {
  const reach = levels.map(({ total, healthy }) =>
    total > 0 ? Math.min(1, (overprovisioningFactor * healthy) / total) : 0,
  );
  const reachable = reach.reduce((sum, each) => sum + each, 0);
  if (reachable >= 1) {
    let left = 1;
    return reach.map((each) => {
      const share = Math.min(left, each);
      left -= share;
      return { share, panic: false };
    });
  }
  const panic = levels.map(({ total, healthy }) => total > 0 && (healthy / total) * 100 < panicPercent);
  if (reachable > 0) return reach.map((each, index) => ({ share: each / reachable, panic: panic[index] === true }));
  const inPanic = levels.map(({ total }, index) => (panic[index] ? total : 0));
  const capacity = inPanic.reduce((sum, each) => sum + each, 0);
  return inPanic.map((each) => ({ share: capacity > 0 ? each / capacity : 0, panic: each > 0 }));
}

/**
 * How a balancer in `own` spreads its traffic over the zones of one level, by zone -> usable capacity. It stays in its own zone
 * as far as that zone's part of the capacity goes against the part of all traffic that begins there (`ownTraffic`; evenly spread
 * over the zones by default); the rest goes where capacity exceeds the traffic that begins there. Sums to 1 where there is capacity.
 * Source: Envoy, "Zone aware routing".
 */
export function zoneShares(
  capacity: ReadonlyMap<string, number>,
  own: string,
  ownTraffic = 1 / new Set([...capacity.keys(), own]).size,
): Map<string, number> {
  const total = [...capacity.values()].reduce((sum, each) => sum + each, 0);
  if (total <= 0) return new Map([...capacity.keys()].map((zone) => [zone, 0]));
  const here = (capacity.get(own) ?? 0) / total;
  const kept = ownTraffic > 0 ? Math.min(1, here / ownTraffic) : 1;
  const local = here > 0 ? kept : 0;
  const others = [...capacity].filter(([zone]) => zone !== own);
  const elsewhere = others.reduce((sum, [, each]) => sum + each, 0);
  const traffic = others.length > 0 ? (1 - ownTraffic) / others.length : 0;
  const spare = others.map(([, each]) => Math.max(0, each / total - traffic));
  const spareTotal = spare.reduce((sum, each) => sum + each, 0);
  const shares = new Map<string, number>();
  if (capacity.has(own)) shares.set(own, elsewhere > 0 ? local : 1);
  for (const [index, [zone, each]] of others.entries()) {
    const part = spareTotal > 1e-12 ? (spare[index] ?? 0) / spareTotal : each / elsewhere;
    shares.set(zone, local < 1 ? (1 - local) * part : 0);
  }
  return shares;
}

/** 0 for the own region or where either is unknown, then the regions of the failover order, then all others. */
export function regionRank(region: string | undefined, own: string | undefined, order: readonly string[]): number {
  if (own === undefined || region === undefined || region === own) return 0;
  const index = order.filter((each) => each !== own).indexOf(region);
  return index === -1 ? order.length + 1 : index + 1;
}
