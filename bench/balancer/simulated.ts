import { createPolicy } from "../../runtime/scalability/global-load-balancer/policies";
import type { PolicyName } from "../../runtime/scalability/global-load-balancer/policies/policy";
import type { BenchRow } from "../contract";
import { p99Rows } from "./rows";
import { capacityFactor, describe, type Scenario, slownessOf } from "./scenarios";
import { type Contender, percentile, simulate, type World } from "./simulation";
import type { VmNoise } from "./vm-noise";

/** Not the ones that the default policy's constants were chosen with (101 to 103, 201 to 203). */
const SEEDS = [1, 2, 3, 4, 5];
const SERVERS = 20;
const WORKERS = 4;
const MEAN_SERVICE_MS = 25;
const SIGMA = 0.7;
const WARM_UP_MS = 3000;
const DURATION_MS = 10_000;
const BALANCERS = [1, 20];

const SCENARIOS: readonly Scenario[] = [
  { kind: "homogeneous", load: 0.9 },
  { kind: "slow", load: 0.9 },
  { kind: "antagonist", load: 0.9 },
  { kind: "antagonist", load: 0.5 },
];

const using = (name: string, policy: PolicyName): Contender => ({
  name,
  create: (random) => createPolicy(policy, {}, { random }),
});

const OURS = using("ours", "expected-wait");
/** Knows the servers' own counts, however many balancers there are. */
const JSQ: Contender = { ...using("global JSQ", "least-request"), omniscient: true };
const PEERS = [
  using("least request (HAProxy leastconn, nginx least_conn)", "least-request"),
  using("least request of two (HAProxy random(2), nginx random two)", "least-request-p2c"),
  using("Peak-EWMA P2C", "peak-ewma"),
  using("Prequal", "prequal"),
];

type Case = Pick<World, "slowness" | "capacityFactor" | "load">;

/** Two rows a scenario and number of balancers: p99 in milliseconds, and over global JSQ's with the same seed. */
export function simulatedRows(noise: VmNoise | undefined): BenchRow[] {
  const rows: BenchRow[] = [];
  const add = (title: string, of: (seed: number) => Case): void => {
    for (const balancers of BALANCERS) rows.push(...compare(`${title}, ${balancers} balancer(s)`, balancers, of));
  };
  for (const scenario of SCENARIOS) {
    const factor = capacityFactor(scenario, SERVERS);
    add(`simulated: ${describe(scenario)}`, (seed) => ({
      slowness: slownessOf(scenario, SERVERS, seed),
      capacityFactor: factor,
      load: scenario.load,
    }));
  }
  if (noise !== undefined) {
    add(`simulated: slowness of real VMs (${noise.name}), load 0.9`, (seed) => ({
      slowness: noise.slowness(seed),
      capacityFactor: 1,
      load: 0.9,
    }));
  }
  return rows;
}

function compare(work: string, balancers: number, of: (seed: number) => Case): BenchRow[] {
  const p99 = new Map<string, number[]>();
  for (const seed of SEEDS) {
    for (const contender of [OURS, JSQ, ...PEERS]) {
      const world: World = {
        ...of(seed),
        servers: SERVERS,
        workers: WORKERS,
        balancers,
        meanServiceMs: MEAN_SERVICE_MS,
        sigma: SIGMA,
        warmUpMs: WARM_UP_MS,
        durationMs: DURATION_MS,
      };
      const figures = p99.get(contender.name) ?? [];
      p99.set(contender.name, [...figures, percentile(simulate(world, contender, seed), 99)]);
    }
  }
  return p99Rows(work, p99, "20 servers of 4 workers, log-normal service of mean 25 ms, discrete events");
}
