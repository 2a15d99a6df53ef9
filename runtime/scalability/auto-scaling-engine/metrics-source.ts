import { Agent, request } from "undici";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { ReplicaStatus, WorkloadStatus } from "../../kernel/cluster/cluster";
import { inParallel } from "./concurrency";
import type { MetricReading } from "./proposals";
import { type Exposition, isCumulative, parseExposition } from "./prometheus-text";
import { readyReplicas, type SampleTime } from "./replica-calculator";
import { metricName, type MetricSpec, type ScalerSpec } from "./spec";

type PodsMetric = Extract<MetricSpec, { type: "pods" }>;
type EndpointMetric = Extract<MetricSpec, { type: "external" }> & { endpoint: string };
type ScrapedMetric = PodsMetric | EndpointMetric;

interface ScrapeLimits {
  /** Milliseconds for one replica to answer in full. */
  timeoutMilliseconds: number;
  /** Largest answer in bytes. */
  bodyBytes: number;
  /** Replicas of one workload scraped at once. */
  parallel: number;
}

export const SCRAPE_LIMITS: ScrapeLimits = { timeoutMilliseconds: 2000, bodyBytes: 4 * 1024 * 1024, parallel: 32 };

/** Two scrapes closer than this say nothing about a rate; the rate before them stays in force. */
const SHORTEST_INTERVAL_MILLISECONDS = 500;

/** What the last scrape of one replica said of one counter. */
interface Baseline {
  time: number;
  /** The process it came from; a new process counts from zero. */
  process: string;
  series: ReadonlyMap<string, number>;
  rate?: number;
}

/**
 * Reads the `pods` metrics, and external ones from their endpoints: scrapes each ready replica, sums the matching series, and turns counters into rates per second
 * between two scrapes. The baselines live in memory: after a restart the first scrape gives no rate, and a metric without
 * values never scales anything down.
 */
export class MetricsSource {
  private readonly connections: Agent;
  /** Workload -> replica -> metric -> baseline. */
  private readonly baselines = new Map<string, Map<string, Map<string, Baseline>>>();

  constructor(
    private readonly clock: Clock,
    private readonly onFailure: (workload: string, replica: string, error: unknown) => void,
    private readonly limits: ScrapeLimits = SCRAPE_LIMITS,
  ) {
    this.connections = new Agent({ connect: { timeout: limits.timeoutMilliseconds }, pipelining: 1 });
  }

  /** The readings of all that is scraped, by metric. A replica that cannot be read is a fault of each reading. */
  async collect(status: WorkloadStatus, spec: ScalerSpec): Promise<Map<MetricSpec, MetricReading>> {
    const metrics = spec.metrics.filter((metric) => metric.type === "pods");
    const readings = metrics.map((metric) => ({
      metric,
      values: new Map<string, number>(),
      times: new Map<string, SampleTime>(),
      faults: [] as string[],
    }));
    const known = this.baselines.get(spec.workload);
    const next = new Map<string, Map<string, Baseline>>();
    if (metrics.length > 0) {
      await inParallel(readyReplicas(status.replicas), this.limits.parallel, async (replica) => {
        const before = known?.get(replica.name);
        try {
          const exposition = parseExposition(await this.fetch(`http://${address(replica, status, spec)}${spec.path}`));
          const baselines = new Map<string, Baseline>();
          next.set(replica.name, baselines);
          for (const reading of readings) {
            const key = metricName(reading.metric);
            const result = this.measure(reading.metric, exposition, processOf(replica), before?.get(key));
            if (result.baseline) baselines.set(key, result.baseline);
            if (result.time !== undefined) reading.times.set(replica.name, { time: result.time, windowSeconds: 0 });
            if (typeof result.value === "number") reading.values.set(replica.name, result.value);
            else reading.faults.push(`${replica.name} ${result.value}; it counts as missing`);
          }
        } catch (error) {
          this.onFailure(spec.workload, replica.name, error);
          const why = error instanceof Error ? error.message : String(error);
          for (const reading of readings) reading.faults.push(`${replica.name} could not be scraped: ${why}`);
          // One lost scrape does not lose the baseline: the next rate spans both intervals.
          if (before) next.set(replica.name, before);
        }
      });
    }
    const external = await this.collectEndpoints(spec, known, next);
    this.baselines.set(spec.workload, next);
    return new Map<MetricSpec, MetricReading>([
      ...readings.map(({ metric, values, times, faults }) => [metric, { values, times, faults }] as const),
      ...external,
    ]);
  }

  private async collectEndpoints(
    spec: ScalerSpec,
    known: ReadonlyMap<string, Map<string, Baseline>> | undefined,
    next: Map<string, Map<string, Baseline>>,
  ): Promise<[MetricSpec, MetricReading][]> {
    const metrics = spec.metrics.filter((metric): metric is EndpointMetric => "endpoint" in metric);
    return Promise.all(
      metrics.map(async (metric): Promise<[MetricSpec, MetricReading]> => {
        const key = metricName(metric);
        const before = known?.get(metric.endpoint)?.get(key);
        const keep = (baseline: Baseline | undefined): void => {
          if (!baseline) return;
          next.set(metric.endpoint, (next.get(metric.endpoint) ?? new Map<string, Baseline>()).set(key, baseline));
        };
        try {
          const exposition = parseExposition(await this.fetch(metric.endpoint));
          const { value, time, baseline } = this.measure(metric, exposition, "", before);
          keep(baseline);
          if (typeof value === "string") return [metric, { error: `${metric.endpoint} ${value}` }];
          return [metric, time === undefined ? { value } : { value, time }];
        } catch (error) {
          keep(before);
          this.onFailure(spec.workload, metric.endpoint, error);
          const why = error instanceof Error ? error.message : String(error);
          return [metric, { error: `${metric.endpoint} could not be scraped: ${why}` }];
        }
      }),
    );
  }

  /** Drops what is remembered of a workload. */
  forget(workload: string): void {
    this.baselines.delete(workload);
  }

  /** Drops what is remembered of all workloads but these. */
  retain(workloads: ReadonlySet<string>): void {
    for (const workload of this.baselines.keys()) if (!workloads.has(workload)) this.forget(workload);
  }

  async close(): Promise<void> {
    await this.connections.destroy();
  }

  private measure(
    metric: ScrapedMetric,
    exposition: Exposition,
    process: string,
    before: Baseline | undefined,
  ): { value: number | string; time?: number | undefined; baseline?: Baseline } {
    const { series, time: measuredAt } = matchingSeries(metric, exposition);
    if (series.size === 0) return { value: `has no series ${metricName(metric)}` };
    const total = [...series.values()].reduce((sum, value) => sum + value, 0);
    if (!isCumulative(metric.name, exposition.types)) return { value: total, time: measuredAt };

    const time = this.clock.now();
    const baseline: Baseline = { time, process, series };
    if (before === undefined)
      return { value: "was scraped for the first time, and a rate needs two scrapes", baseline };
    const elapsed = time - before.time;
    if (elapsed < SHORTEST_INTERVAL_MILLISECONDS) {
      return { value: before.rate ?? "was scraped again too soon for a rate", baseline: before };
    }
    baseline.rate = increase(before.process === process ? before.series : new Map(), series) / (elapsed / 1000);
    return { value: baseline.rate, time: measuredAt, baseline };
  }

  private async fetch(url: string): Promise<string> {
    const { timeoutMilliseconds, bodyBytes } = this.limits;
    const { statusCode, body } = await request(url, {
      dispatcher: this.connections,
      signal: AbortSignal.timeout(timeoutMilliseconds),
      headersTimeout: timeoutMilliseconds,
      bodyTimeout: timeoutMilliseconds,
      headers: { accept: "text/plain;version=0.0.4" },
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Leaving the loop destroys the body, and the connection with it.
      if (bytes > bodyBytes)
        throw new MnoError("MNO_SCRAPE_FAILED", `the answer is larger than ${String(bodyBytes)} bytes`);
      chunks.push(chunk);
    }
    if (statusCode !== 200)
      throw new MnoError("MNO_SCRAPE_FAILED", `${new URL(url).pathname} answered ${String(statusCode)}, not 200`);
    return Buffer.concat(chunks).toString("utf8");
  }
}

function address(replica: ReplicaStatus, status: WorkloadStatus, spec: ScalerSpec): string {
  const port = spec.port ?? status.spec.ports?.[0]?.name;
  if (port === undefined) throw new MnoError("MNO_SCRAPE_FAILED", "the workload has no port to scrape");
  const endpoint = replica.endpoints[port];
  if (endpoint === undefined) throw new MnoError("MNO_SCRAPE_FAILED", `it has no endpoint for port ${port}`);
  return endpoint;
}

/** A new process counts from zero. */
const processOf = ({ startedAt, restarts }: ReplicaStatus): string => `${startedAt ?? ""}/${String(restarts)}`;

/** Value of each series of the metric that carries all the wanted labels, and the time of the oldest, where they tell. */
function matchingSeries(
  metric: ScrapedMetric,
  { samples }: Exposition,
): { series: Map<string, number>; time: number | undefined } {
  const wanted = Object.entries(metric.labels ?? {});
  const series = new Map<string, number>();
  let oldest: number | undefined;
  for (const { name, labels, value, time } of samples) {
    if (name !== metric.name || !wanted.every(([label, text]) => labels.get(label) === text)) continue;
    const key = JSON.stringify([...labels].sort());
    series.set(key, (series.get(key) ?? 0) + value);
    if (time !== undefined) oldest = Math.min(oldest ?? time, time);
  }
  return { series, time: oldest };
}

/** Growth of all series; one that is new, or fell because its process started anew, counts from zero. */
function increase(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, value] of now) {
    const old = before.get(key) ?? 0;
    sum += value < old ? value : value - old;
  }
  return sum;
}
