import { BlockList, isIP } from "node:net";
import type { Upstream } from "./engine";
import type { GlobalAddresses } from "./spec";

/** Where a client is sent, best first. */
export interface Resolution {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
  /** Regions in the order of the answer. */
  readonly regions: readonly string[];
  /** The addresses of each of them. */
  readonly byRegion: readonly (readonly string[])[];
  /** Sentences. */
  readonly reasons: readonly string[];
}

/** Who asks: an address of its network, or its region by name. */
export interface ResolutionQuery {
  readonly client?: string;
  readonly region?: string;
}

/**
 * Which regions are failed, with hysteresis: one fails below `failBelowPercent` of healthy capacity, and is back only above
 * `recoverAbovePercent`, so that an answer does not swing with every probe. A region without endpoints here is unknown, and trusted.
 */
export class RegionHealth {
  private readonly failed = new Set<string>();

  /** `healthyPercent`: region -> healthy part of its capacity. Returns the failed ones. */
  update(settings: GlobalAddresses, healthyPercent: ReadonlyMap<string, number>): ReadonlySet<string> {
    for (const { region } of settings.regions) {
      const healthy = healthyPercent.get(region);
      if (healthy === undefined) this.failed.delete(region);
      else if (healthy < settings.failBelowPercent) this.failed.add(region);
      else if (healthy > settings.recoverAbovePercent) this.failed.delete(region);
    }
    for (const region of this.failed)
      if (!settings.regions.some((each) => each.region === region)) this.failed.delete(region);
    return this.failed;
  }
}

/** Healthy part of each region's capacity, in percent. */
export function regionCapacity(upstream: Upstream): Map<string, number> {
  const capacity = new Map<string, { total: number; healthy: number }>();
  for (const member of upstream.members.values()) {
    const { region } = member.spec;
    if (region === undefined || member.spec.draining) continue;
    const known = capacity.get(region) ?? { total: 0, healthy: 0 };
    known.total += member.weight;
    if (!upstream.unfit(member)) known.healthy += member.weight;
    capacity.set(region, known);
  }
  return new Map([...capacity].map(([region, { total, healthy }]) => [region, (healthy / total) * 100]));
}

/**
 * The addresses for a client: those of its own region first (the longest matching network names it), then of the others in their
 * order; failed regions come last, in case everything else is wrong. An unknown client gets the first region that works.
 */
export function resolve(settings: GlobalAddresses, failed: ReadonlySet<string>, query: ResolutionQuery): Resolution {
  const { regions } = settings;
  const own = query.region ?? (query.client === undefined ? undefined : nearest(settings, query.client));
  const ordered = regions.toSorted((a, b) => {
    const rank = ({ region }: { region: string }): number => (failed.has(region) ? 2 : 0) + (region === own ? 0 : 1);
    return rank(a) - rank(b); // the sort is stable: otherwise as configured
  });
  const reasons: string[] = [];
  if (own === undefined) reasons.push("the client's region is not known: the configured order holds");
  else if (regions.some(({ region }) => region === own)) reasons.push(`the client belongs to ${own}`);
  else reasons.push(`${own} is not among the regions: the configured order holds`);
  for (const { region } of regions)
    if (failed.has(region)) reasons.push(`${region} is failed: too little of its capacity is healthy`);
  const anyFailed = regions.some(({ region }) => failed.has(region));
  return {
    addresses: ordered.flatMap(({ addresses }) => addresses),
    regions: ordered.map(({ region }) => region),
    byRegion: ordered.map(({ addresses }) => addresses),
    ttlSeconds: anyFailed ? Math.min(settings.failoverTtlSeconds, settings.ttlSeconds) : settings.ttlSeconds,
    reasons,
  };
}

function nearest({ regions }: GlobalAddresses, client: string): string | undefined {
  const family = isIP(client) === 6 ? "ipv6" : "ipv4";
  if (isIP(client) === 0) return undefined;
  let best: { region: string; length: number } | undefined;
  for (const { region, networks } of regions) {
    for (const network of networks) {
      const [address = "", prefix = ""] = network.split("/");
      const length = Number(prefix);
      if ((isIP(address) === 6) !== (family === "ipv6") || (best && length <= best.length)) continue;
      const list = new BlockList();
      list.addSubnet(address, length, family);
      if (list.check(client, family)) best = { region, length };
    }
  }
  return best?.region;
}
