import { createPolicy } from "../../runtime/scalability/global-load-balancer/policies";
import type { Endpoint, Policy, PolicyName } from "../../runtime/scalability/global-load-balancer/policies/policy";
import type { BenchRow } from "../contract";
import { seeded } from "../../runtime/kernel/random";

const ENDPOINTS = 16;
const KEYS = 20_000;
const HELD = 2000;
/** Exponent of the keys' popularity: the first of 20,000 keys gets some 10 % of the requests. */
const ZIPF = 1;

const POLICIES: readonly PolicyName[] = ["rendezvous", "maglev", "bounded-load"];

const named = (count: number): { id: string; weight: number; inFlight: number }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `backend-${index}`, weight: 1, inFlight: 0 }));

const policyOf = (name: PolicyName): Policy => createPolicy(name, {}, { random: seeded(1) });

/** What the consistent policies promise: how many keys move when an endpoint goes, and how even a skewed load is. */
export function consistencyRows(): BenchRow[] {
  return [...POLICIES.map(movedKeys), ...POLICIES.map(unevenness)];
}

/** The mean over all endpoints, each taken away alone; ideal is 1. */
function movedKeys(name: PolicyName): BenchRow {
  const all = named(ENDPOINTS);
  const before = assignment(name, all);
  const ratios = all.map((gone) => {
    const after = assignment(
      name,
      all.filter((endpoint) => endpoint !== gone),
    );
    return (before.filter((id, index) => id !== after[index]).length / KEYS) * ENDPOINTS;
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return {
    work: `${name}: one of ${ENDPOINTS} backends goes, ${KEYS} keys, over the ideal 1/${ENDPOINTS}`,
    metric: "moved_keys_ratio",
    unit: "ratio",
    better: "lower",
    ours: mean,
    spread: (Math.max(...ratios) - Math.min(...ratios)) / mean,
    peers: {},
    bound: 1,
  };
}

function assignment(name: PolicyName, endpoints: readonly Endpoint[]): string[] {
  const policy = policyOf(name);
  policy.update(endpoints, 0);
  return Array.from({ length: KEYS }, (_, key) => policy.pick({ now: 0, key: `key-${key}` })!);
}

/** Requests with keys of Zipf's popularity that all stay under way. */
function unevenness(name: PolicyName): BenchRow {
  const random = seeded(7);
  const endpoints = named(ENDPOINTS);
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const policy = policyOf(name);
  policy.update(endpoints, 0);
  const harmonic = Array.from({ length: KEYS }, (_, rank) => (rank + 1) ** -ZIPF);
  const total = harmonic.reduce((sum, part) => sum + part, 0);
  for (let request = 0; request < HELD; request++) {
    let left = random() * total;
    const key = harmonic.findIndex((part) => (left -= part) < 0);
    byId.get(policy.pick({ now: 0, key: `key-${key}` })!)!.inFlight++;
  }
  return {
    work: `${name}: ${HELD} requests under way with keys of Zipf's popularity`,
    metric: "max_over_mean_load",
    unit: "ratio",
    better: "lower",
    ours: Math.max(...endpoints.map(({ inFlight }) => inFlight)) / (HELD / ENDPOINTS),
    spread: 0,
    peers: {},
    bound: 1,
  };
}
