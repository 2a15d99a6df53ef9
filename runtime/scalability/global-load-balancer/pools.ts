import { levelShares, regionRank, zoneShares } from "./locality";
import type { Member } from "./member";
import type { Policy } from "./policies/policy";
import type { UpstreamSpec } from "./spec";

/** Where this balancer runs. */
export interface Placement {
  readonly region?: string;
  readonly zone?: string;
}

/** Interchangeable endpoints: one failover level, or one zone of it. */
export interface PoolPlan {
  /** `<priority>/<rank of the region>[/<zone>]`. */
  readonly key: string;
  /** Of the upstream's traffic, above 0. */
  readonly share: number;
  /** Unhealthy endpoints are used too, for too few are left. */
  readonly panic: boolean;
  readonly members: readonly Member[];
}

/** A pool with the policy that chooses in it. */
export interface Pool extends PoolPlan {
  readonly policy: Policy;
  readonly byId: ReadonlyMap<string, Member>;
  /** Ids of members at the limit of their requests. */
  readonly full: Set<string>;
}

/**
 * Which endpoints get which share of the traffic: failover levels by priority, then by region, and within a level the zones.
 * `fit` says whether an endpoint is healthy; those that drain are not to be passed in.
 */
export function planPools(
  spec: UpstreamSpec,
  members: readonly Member[],
  fit: (member: Member) => boolean,
  placement: Placement,
): PoolPlan[] {
  const levels = new Map<string, Member[]>();
  const rank = (member: Member): number => regionRank(member.spec.region, placement.region, spec.locality.regions);
  const ordered = members
    .map((member) => ({ member, priority: member.spec.priority, rank: rank(member) }))
    .sort((a, b) => a.priority - b.priority || a.rank - b.rank);
  for (const { member, priority, rank } of ordered) {
    const key = `${String(priority)}/${String(rank)}`;
    const level = levels.get(key);
    if (level) level.push(member);
    else levels.set(key, [member]);
  }
  const shares = levelShares(
    [...levels.values()].map((level) => ({ total: weight(level), healthy: weight(level.filter(fit)) })),
    spec.locality,
  );
  return [...levels].flatMap(([key, level], index) => {
    const { share, panic } = shares[index] ?? { share: 0, panic: false };
    const usable = panic ? level : level.filter(fit);
    if (share <= 0 || usable.length === 0) return [];
    return splitByZone(spec, { key, share, panic, members: usable }, placement);
  });
}

function splitByZone({ locality }: UpstreamSpec, level: PoolPlan, { zone: own }: Placement): PoolPlan[] {
  const zones = Map.groupBy(level.members, (member) => member.spec.zone ?? "");
  // Envoy's conditions: enough endpoints, more than one zone, and one of them the own.
  if (!locality.zoneAware || own === undefined || !zones.has(own)) return [level];
  if (level.panic || zones.size < 2 || level.members.length < locality.minimumEndpoints) return [level];
  const shares = zoneShares(new Map([...zones].map(([zone, each]) => [zone, weight(each)])), own);
  return [...zones].flatMap(([zone, members]) => {
    const share = level.share * (shares.get(zone) ?? 0);
    return share > 0 ? [{ ...level, key: `${level.key}/${zone}`, share, members }] : [];
  });
}

function weight(members: readonly Member[]): number {
  return members.reduce((sum, member) => sum + member.weight, 0);
}
