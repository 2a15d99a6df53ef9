import type { LoadOptions, LoadResult } from "./children/load";
import type { LiveContender, Running } from "./contenders";
import { type Child, cpuMs, endProgramsOnSignal, Programs } from "./processes";
import { capacityFactor, type Scenario } from "./scenarios";

export const SERVERS = 16;
export const WORKERS = 4;
export const MEAN_SERVICE_MS = 150;
export const SIGMA = 0.7;
/** Contenders that are measured at the same time, each with backends and a generator of its own: all wait for timers. */
const LANES = 4;
/** `BenchRow.source` of what is measured here. */
export const LIVE_SOURCE = `live, ${SERVERS} backends of ${WORKERS} workers, log-normal service of mean ${MEAN_SERVICE_MS} ms by timers; global JSQ is our proxy with least request, which sees every request`;
const WARM_UP_MS = 3000;
const START_IN_MS = 300;

export interface Measured extends LoadResult {
  cpuUsPerRequest: number;
}

export interface Run {
  scenario: Scenario;
  seed: number;
  /** After the warm-up. */
  seconds: number;
  /** Milliseconds since the Unix epoch. */
  startAt: number;
}

export interface Lane {
  backends: Child;
  ports: number[];
  generator: Child;
}

/** Backends and generators, for as many runs as are wanted. */
export class LiveBench {
  private constructor(
    private readonly lanes: readonly Lane[],
    readonly programs: Programs,
  ) {}

  static async open(): Promise<LiveBench> {
    endProgramsOnSignal();
    const programs = await Programs.build();
    const lanes = Array.from({ length: LANES }, async (): Promise<Lane> => {
      const backends = programs.start("backends");
      const ports = await backends.ask<number[]>("open", { servers: SERVERS, workers: WORKERS });
      return { backends, ports, generator: programs.start("load") };
    });
    return new LiveBench(await Promise.all(lanes), programs);
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.flatMap(({ backends, generator }) => [backends.stop(), generator.stop()]));
    await this.programs.remove();
  }

  /**
   * Each contender under the same arrivals, work and antagonists: as many at a time as there are lanes. The order moves on
   * with the seed, so that none always runs beside the same others.
   */
  async round(
    contenders: readonly LiveContender[],
    scenario: Scenario,
    seed: number,
    seconds: number,
  ): Promise<Map<string, Measured>> {
    const order = contenders.map((_, index) => contenders[(index + seed) % contenders.length]!);
    const results = new Map<string, Measured>();
    for (let first = 0; first < order.length; first += LANES) {
      const batch = order.slice(first, first + LANES);
      const startAt = (): number => performance.timeOrigin + performance.now() + START_IN_MS;
      const run = { scenario, seed, seconds };
      const measured = await this.batch(batch, (balancer, lane) =>
        this.measure(balancer, lane, { ...run, startAt: startAt() }),
      );
      for (const [name, value] of measured) results.set(name, value);
    }
    return results;
  }

  /** At most as many as there are lanes, at the same time; they are started before and stopped after it. */
  async batch<Result>(
    contenders: readonly LiveContender[],
    work: (running: Running, lane: Lane) => Promise<Result>,
  ): Promise<Map<string, Result>> {
    const running = await startAll(
      contenders.map((contender, lane) => contender.start(this.lanes[lane]!.ports, this.programs)),
    );
    const results = Promise.all(running.map((balancer, lane) => work(balancer, this.lanes[lane]!)));
    const values = await results.finally(() => Promise.all(running.map((balancer) => balancer.stop())));
    return new Map(contenders.map(({ name }, lane) => [name, values[lane]!]));
  }

  private async measure(balancer: Running, { backends, generator }: Lane, run: Run): Promise<Measured> {
    await backends.ask("play", run);
    const before = cpuMs(balancer.pid);
    const result = await generator.ask<LoadResult>("load", loadOptions(balancer.port, run));
    return { ...result, cpuUsPerRequest: ((cpuMs(balancer.pid) - before) * 1000) / result.requests };
  }
}

/** All, or none: what has started is stopped when one does not. */
async function startAll(starting: readonly Promise<Running>[]): Promise<Running[]> {
  const settled = await Promise.allSettled(starting);
  const running = settled.filter((one) => one.status === "fulfilled").map(({ value }) => value);
  const failed = settled.find((one) => one.status === "rejected");
  if (failed === undefined) return running;
  await Promise.all(running.map((balancer) => balancer.stop()));
  throw failed.reason;
}

/** The load of a scenario on one set of backends; the warm-up comes on top of the seconds. */
export function loadOptions(port: number, { scenario, seed, seconds, startAt }: Run): LoadOptions {
  const capacity = (SERVERS * WORKERS * 1000 * capacityFactor(scenario, SERVERS)) / MEAN_SERVICE_MS;
  return {
    port,
    seed,
    startAt,
    perSecond: capacity * scenario.load,
    meanServiceMs: MEAN_SERVICE_MS,
    sigma: SIGMA,
    warmUpMs: WARM_UP_MS,
    durationMs: WARM_UP_MS + seconds * 1000,
  };
}
