import type { Attempt, Policy } from "../../runtime/scalability/global-load-balancer/policies/policy";
import { EventQueue } from "./event-queue";
import { seeded } from "../../runtime/kernel/random";
import { exponential, logNormal } from "./random";

/** A world to balance in; times in milliseconds. */
export interface World {
  servers: number;
  /** Requests a server serves at a time; the others wait in its queue, first come, first served. */
  workers: number;
  /** Balancers that each see their share of the requests, and not the others' requests. */
  balancers: number;
  meanServiceMs: number;
  /** Standard deviation of the service time's logarithm. */
  sigma: number;
  /** Of the capacity that is left on average, slow servers counted as slow. */
  load: number;
  /** Longer by this factor than usual: what the server starts to serve at that time. */
  slowness: (server: number, now: number) => number;
  /** Mean of 1 / slowness over servers and time. */
  capacityFactor: number;
  warmUpMs: number;
  durationMs: number;
}

export interface Contender {
  name: string;
  create: (random: () => number) => Policy;
  /** Its endpoints' `inFlight` are the servers' own counts: knowledge that no real balancer among several has. */
  omniscient?: boolean;
}

/** From a probe's departure to its answer. */
const PROBE_MS = 1;

interface Server {
  id: string;
  busy: number;
  /** Waiting and being served. */
  inFlight: number;
  queue: Request[];
  recent: number[];
}

interface Request {
  arrived: number;
  work: number;
  attempt: Attempt;
  balancer: Balancer;
  server: Server;
  index: number;
}

interface Balancer {
  policy: Policy;
  endpoints: { id: string; weight: number; inFlight: number }[];
}

/**
 * Latencies of the requests that arrived after the warm-up, in milliseconds, sorted. Arrivals are Poisson; the same seed
 * gives each contender the same arrivals with the same work.
 */
export function simulate(world: World, contender: Contender, seed: number): Float64Array {
  const arrivals = seeded(seed);
  const works = seeded(seed ^ 0x5bd1e995);
  const choices = seeded(seed ^ 0x2545f491);
  const servers = Array.from({ length: world.servers }, (_, index): Server => ({
    id: `s${index}`,
    busy: 0,
    inFlight: 0,
    queue: [],
    recent: [],
  }));
  const byId = new Map(servers.map((server, index) => [server.id, index]));
  const balancers = Array.from({ length: world.balancers }, (): Balancer => {
    const endpoints = contender.omniscient
      ? servers.map((server) => ({
          id: server.id,
          weight: 1,
          get inFlight() {
            return server.inFlight;
          },
          set inFlight(_: number) {},
        }))
      : servers.map(({ id }) => ({ id, weight: 1, inFlight: 0 }));
    const policy = contender.create(choices);
    policy.update(endpoints, 0);
    return { policy, endpoints };
  });
  const events = new EventQueue<() => void>();
  const latencies: number[] = [];
  const meanGap = world.meanServiceMs / (world.servers * world.workers * world.load * world.capacityFactor);
  const end = world.warmUpMs + world.durationMs;
  let now = 0;

  const serve = (request: Request): void => {
    const { server } = request;
    server.busy++;
    events.push(now + request.work * world.slowness(request.index, now), () => finish(request));
  };
  const finish = (request: Request): void => {
    const { server, balancer, attempt } = request;
    server.busy--;
    server.inFlight--;
    balancer.endpoints[request.index]!.inFlight--;
    const latency = now - request.arrived;
    server.recent.push(latency);
    if (server.recent.length > 16) server.recent.shift();
    balancer.policy.answered?.(attempt, { now, result: "success", serverLoad: { inFlight: server.inFlight } });
    if (request.arrived >= world.warmUpMs) latencies.push(latency);
    const next = server.queue.shift();
    if (next !== undefined) serve(next);
  };
  const probe = (balancer: Balancer, id: string): void => {
    events.push(now + PROBE_MS / 2, () => {
      const server = servers[byId.get(id)!]!;
      const sorted = server.recent.toSorted((a, b) => a - b);
      const latencyMs = sorted[sorted.length >> 1];
      const load = { inFlight: server.inFlight, ...(latencyMs === undefined ? {} : { latencyMs }) };
      events.push(now + PROBE_MS / 2, () => balancer.policy.probed!(id, load, now));
    });
  };
  const arrive = (): void => {
    const balancer = balancers[Math.floor(arrivals() * balancers.length)]!;
    const work = logNormal(works, world.meanServiceMs, world.sigma);
    const id = balancer.policy.pick({ now })!;
    const index = byId.get(id)!;
    const server = servers[index]!;
    const attempt = { id, startedAt: now };
    server.inFlight++;
    balancer.endpoints[index]!.inFlight++;
    balancer.policy.started?.(attempt);
    const request = { arrived: now, work, attempt, balancer, server, index };
    if (server.busy < world.workers) serve(request);
    else server.queue.push(request);
    for (const target of balancer.policy.probeTargets?.(now) ?? []) probe(balancer, target);
    const next = now + exponential(arrivals, meanGap);
    if (next < end) events.push(next, arrive);
  };

  events.push(0, arrive);
  for (let event = events.pop(); event !== undefined; event = events.pop()) {
    now = event.at;
    event.item();
  }
  return Float64Array.from(latencies).sort();
}

/** Nearest rank. */
export function percentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}
