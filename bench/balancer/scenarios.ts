import { seeded } from "../../runtime/kernel/random";
import { sample } from "./random";

/** How the servers are slowed down; plain data, for it goes to other processes. */
export interface Scenario {
  kind: "homogeneous" | "slow" | "antagonist" | "sinkhole";
  /** Of the capacity that is left on average, slow servers counted as slow. */
  load: number;
}

/** An antagonist makes what a server starts to serve take this much longer. */
const SLOWDOWN = 3;
/** Part of the servers that has an antagonist: each a fifth of the time, or always the same two. */
const ANTAGONISTS = 0.2;
const ALWAYS_SLOW = 2;
const MOVES_EVERY_MS = 5000;

/** The server that answers each request at once with an error, in the scenario of that name. */
export const SINKHOLE = 0;

export const describe = ({ kind, load }: Scenario): string =>
  ({
    homogeneous: `all backends equal, load ${load}`,
    slow: `${ALWAYS_SLOW} backends ${SLOWDOWN}x slower, load ${load}`,
    antagonist: `antagonist (${SLOWDOWN}x slower) on a fifth of the backends, moving every 5 s, load ${load}`,
    sinkhole: `one backend fails at once, load ${load}`,
  })[kind];

/** Slowness of a server at a time in milliseconds, 1 where nothing is wrong. The same seed gives the same antagonists. */
export function slownessOf({ kind }: Scenario, servers: number, seed: number): (server: number, now: number) => number {
  if (kind === "slow") return (server) => (server < ALWAYS_SLOW ? SLOWDOWN : 1);
  if (kind !== "antagonist") return () => 1;
  const random = seeded(seed ^ 0x51ed270b);
  const periods: Set<number>[] = [];
  return (server, now) => {
    const period = Math.max(0, Math.floor(now / MOVES_EVERY_MS));
    while (periods.length <= period) periods.push(new Set(sample(random, servers, antagonists(servers))));
    return periods[period]!.has(server) ? SLOWDOWN : 1;
  };
}

/** What is left of the servers' capacity. */
export function capacityFactor({ kind }: Scenario, servers: number): number {
  if (kind === "sinkhole") return 1 - 1 / servers;
  const slow = { homogeneous: 0, slow: ALWAYS_SLOW, antagonist: antagonists(servers) }[kind];
  return (servers - slow + slow / SLOWDOWN) / servers;
}

const antagonists = (servers: number): number => Math.round(servers * ANTAGONISTS);
