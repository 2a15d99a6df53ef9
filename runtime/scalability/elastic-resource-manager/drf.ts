import type { Capacity } from "./capacity";
import { type Amount, entriesOf } from "./quantities";

/**
 * Dominant share: the largest fraction that the tenant holds of any one resource of the ready cluster, divided by the
 * tenant's weight. Source: Ghodsi et al., Dominant Resource Fairness, NSDI 2011.
 */
export function dominantShare(held: Amount, allocatable: Amount, weight = 1): { share: number; resource: string } {
  let dominant = { share: 0, resource: "cpu" };
  const all = new Map(entriesOf(allocatable));
  for (const [resource, value] of entriesOf(held)) {
    if (value === 0) continue;
    const total = all.get(resource) ?? 0;
    // Something of nothing: every ready node is gone. The tenant holds all of it.
    const share = total > 0 ? value / total / weight : 1 / weight;
    if (share > dominant.share) dominant = { share, resource };
  }
  return dominant;
}

/** Index of the request whose tenant has the lowest dominant share at this moment; the earliest one among equals. */
export function lowestShare(
  pending: readonly { readonly tenant: string }[],
  capacity: Capacity,
  weights: Readonly<Record<string, number>>,
): number {
  const { allocatable } = capacity.totals();
  const shares = new Map<string, number>();
  let best = 0;
  let bestShare = Infinity;
  pending.forEach(({ tenant }, index) => {
    let share = shares.get(tenant);
    if (share === undefined) {
      share = dominantShare(capacity.allocatedTo(tenant), allocatable, weightOf(tenant, weights)).share;
      shares.set(tenant, share);
    }
    if (share < bestShare) [best, bestShare] = [index, share];
  });
  return best;
}

/** 1 for a tenant that has none; a tenant may be called what an object's prototype has. */
export function weightOf(tenant: string, weights: Readonly<Record<string, number>>): number {
  return Object.hasOwn(weights, tenant) ? (weights[tenant] ?? 1) : 1;
}
