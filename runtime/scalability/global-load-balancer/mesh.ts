import { MnoError } from "../../exports";
import { hostOf, portOf } from "../../kernel/proxy/transport/transport";
import type { Upstream } from "./engine";
import type { Member } from "./member";

/** Weights of an HTTPRoute are whole numbers; shares are given in so many parts. */
const PARTS = 1000;

export interface HttpRouteOptions {
  readonly namespace: string;
  /** Name of the Gateway, in the same namespace. */
  readonly gateway: string;
  /** Port of the Services. */
  readonly port: number;
}

/** Part of the upstream's traffic that an endpoint gets in the long run, 0 to 1: its pool's share by its weight. */
export function trafficShares({ members, pools }: Upstream): Map<Member, number> {
  const shares = new Map<Member, number>([...members.values()].map((member) => [member, 0]));
  const all = pools.reduce((sum, { share }) => sum + share, 0);
  for (const { share, members: inPool } of pools) {
    const total = inPool.reduce((sum, { weight }) => sum + weight, 0);
    for (const member of inPool) shares.set(member, (share / all) * (member.weight / total));
  }
  return shares;
}

/**
 * The upstream as a Gateway API HTTPRoute: a backend for each group of endpoints (a Kubernetes Service) with the weight that the balancer
 * itself gives it. Errors: MNO_UPSTREAM_INVALID where an endpoint belongs to no group.
 */
export function renderHttpRoute(upstream: Upstream, { namespace, gateway, port }: HttpRouteOptions): object {
  const groups = new Map<string, number>();
  for (const [{ id, spec }, share] of trafficShares(upstream)) {
    if (spec.group === undefined) {
      throw new MnoError(
        "MNO_UPSTREAM_INVALID",
        `Endpoint ${id} has no group: an HTTPRoute names Kubernetes Services, not endpoints`,
      );
    }
    groups.set(spec.group, (groups.get(spec.group) ?? 0) + share);
  }
  for (const { name } of upstream.spec.workloads) if (!groups.has(name)) groups.set(name, 0);
  const weights = wholeParts([...groups.values()], PARTS);
  const backendRefs = [...groups.keys()].map((name, index) => ({ name, port, weight: weights[index] ?? 0 }));
  const [hostnames = [], ...others] = upstream.spec.match.map(({ hosts }) => hosts.toSorted());
  if (others.some((hosts) => hosts.join() !== hostnames.join())) {
    throw new MnoError(
      "MNO_UPSTREAM_INVALID",
      `The matches of ${upstream.spec.name} name different hosts, and an HTTPRoute has one set of them for all its paths: make one upstream for each set`,
    );
  }
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: upstream.spec.name, namespace, labels: { "app.kubernetes.io/managed-by": "machine-native-ops" } },
    spec: {
      parentRefs: [{ name: gateway }],
      ...(hostnames.length > 0 ? { hostnames } : {}),
      rules: [
        {
          matches: upstream.spec.match.map(({ pathPrefix }) => ({ path: { type: "PathPrefix", value: pathPrefix } })),
          backendRefs,
        },
      ],
    },
  };
}

/** The upstream as Envoy's ClusterLoadAssignment (EDS, v3 JSON): its localities, priorities, weights and what is known of their health. */
export function renderEds(upstream: Upstream): object {
  const { spec, members } = upstream;
  // Envoy wants priorities without gaps.
  const priorities = [...new Set([...members.values()].map((member) => member.spec.priority))].sort((a, b) => a - b);
  const localities = Map.groupBy(members.values(), ({ spec: { priority, region = "", zone = "" } }) =>
    JSON.stringify([priorities.indexOf(priority), region, zone]),
  );
  // Envoy's weights are whole numbers from 1; broken ones keep their proportions to a hundredth of the smallest.
  const weights = [...members.values()].map(({ weight }) => weight);
  const scale = weights.every(Number.isInteger) ? 1 : 100 / Math.min(...weights);
  const whole = (weight: number): number => Math.max(1, Math.round(weight * scale));
  return {
    cluster_name: spec.name,
    endpoints: [...localities].map(([key, each]) => {
      const [priority, region, zone] = JSON.parse(key) as [number, string, string];
      return {
        locality: { region, zone },
        priority,
        load_balancing_weight: each.reduce((sum, { weight }) => sum + whole(weight), 0),
        lb_endpoints: each.map((member) => ({
          endpoint: {
            address: {
              socket_address: { address: hostOf(member.spec.address), port_value: portOf(member.spec.address) },
            },
          },
          health_status: status(upstream, member),
          load_balancing_weight: whole(member.weight),
          metadata: { filter_metadata: { "mno.balancer": { id: member.id } } },
        })),
      };
    }),
    policy: { overprovisioning_factor: Math.round(spec.locality.overprovisioningFactor * 100) },
  };
}

function status(upstream: Upstream, member: Member): "HEALTHY" | "UNHEALTHY" | "DRAINING" {
  if (member.spec.draining) return "DRAINING";
  return upstream.unfit(member) ? "UNHEALTHY" : "HEALTHY";
}

/** Whole numbers in the shares' proportions that sum to `total`: the largest remainders are rounded up. A share above 0 gets at least 1. */
export function wholeParts(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((all, share) => all + share, 0);
  if (sum <= 0) return shares.map(() => 0);
  const exact = shares.map((share) => (share / sum) * total);
  // By the share, not by `exact`: the smallest numbers there are would become 0.
  const parts = exact.map((each, index) => (shares[index]! > 0 ? Math.max(1, Math.floor(each)) : 0));
  let left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact
    .map((each, index) => ({ index, remainder: each - (parts[index] ?? 0) }))
    .sort((a, b) => b.remainder - a.remainder);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    if (shares[index]! > 0) {
      parts[index]! += 1;
      left -= 1;
    }
  }
  for (const { index } of byRemainder.toReversed()) {
    while (left < 0 && (parts[index] ?? 0) > 1) {
      parts[index]! -= 1;
      left += 1;
    }
  }
  return parts;
}
