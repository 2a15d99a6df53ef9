import pino from "pino";
import type {
  Cluster,
  ClusterNode,
  NodeUsage,
  PodUsage,
  ReplicaStatus,
  WorkloadStatus,
} from "../../../runtime/kernel/cluster/cluster";
import { ManualClock } from "../../../runtime/kernel/clock";
import { loadConfiguration } from "../../../runtime/kernel/config";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import { createApp, DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { Intensity, IntensityPoint } from "../../../runtime/kernel/intensity/intensity";
import type { AgentContext, LeaderTerm } from "../../../runtime/kernel/lifecycle/agent";
import type { Database } from "../../../runtime/kernel/store/database";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import type { Configuration } from "../../../runtime/sustainability/carbon-monitor/configuration";
import { carbonMonitor } from "../../../runtime/sustainability/carbon-monitor/agent";

export const NOW = Date.parse("2026-03-02T12:00:00Z");
export const silent = pino({ level: "silent" });
const HOUR = 3_600_000;

const tracer = {
  span: (_name: string, _options: object, work: (span: unknown) => Promise<unknown>) =>
    work({ setAttribute: () => undefined }),
  carrier: () => ({}),
};

/** A grid whose figures the test sets. */
export class FakeIntensity implements Intensity {
  signal: "average" | "marginal" = "average";
  gramsPerKwh = 400;
  /** When set, every question fails with it. */
  fault: Error | undefined;
  points: IntensityPoint[] = [];
  generatedAt = NOW;

  private origin() {
    if (this.fault) throw this.fault;
    return {
      signal: this.signal,
      source: "test table, 2026",
      asOf: NOW,
      method: "set by the test",
      stale: false,
      why: "",
    };
  }
  async regions() {
    return ["here", "there"];
  }
  async now(region: string) {
    const point = { from: NOW, to: NOW + HOUR, gramsPerKwh: this.gramsPerKwh, estimated: false };
    return { ...this.origin(), region, point };
  }
  async history(region: string, from: number, to: number) {
    return { ...this.origin(), region, points: this.points.filter((point) => point.to > from && point.from < to) };
  }
  async forecast(region: string, from: number, to: number) {
    return { ...(await this.history(region, from, to)), generatedAt: this.generatedAt, errorShare: null, by: "feed" };
  }
}

/** A Kubernetes-like cluster: usage is what the test says. */
export class FakeCluster {
  kind: "local" | "kubernetes" = "kubernetes";
  clusterNodes = [node("n1")];
  /** Of the node n1. */
  pods: PodUsage[] = [];
  /** What the metrics server says of the node n1; undefined where it says nothing, of pods neither. */
  nodeCores: number | undefined = 0;
  workloads: WorkloadStatus[] = [];
  nodes = async (): Promise<ClusterNode[]> => this.clusterNodes;
  list = async (): Promise<WorkloadStatus[]> => this.workloads;
  usage: (() => Promise<NodeUsage[]>) | undefined = async () =>
    this.nodeCores === undefined
      ? [
          {
            node: "n1",
            cpuCores: undefined,
            pods: this.pods.map((pod) => ({ ...pod, cpuCores: undefined })),
            fault: "no metrics server answers",
          },
        ]
      : [
          { node: "n1", cpuCores: this.nodeCores, pods: this.pods },
          ...this.clusterNodes.slice(1).map((other) => ({ node: other.name, cpuCores: 0, pods: [] })),
        ];

  /** Runs a pod of one workload. */
  run(workload: string, cpuCores: number | undefined, requestedCores: number, more: Partial<PodUsage> = {}): void {
    const pod = { name: `${workload}-0`, namespace: "own", workload, tenant: null, requestedCores, cpuCores };
    this.pods.push({ ...pod, ...more });
  }

  /** This machine instead, with one replica that the process group `pid` is. */
  local(name: string, pid: number): void {
    this.kind = "local";
    this.usage = undefined;
    const replica: ReplicaStatus = {
      name: `${name}-0`,
      node: "n1",
      phase: "ready",
      restarts: 0,
      endpoints: {},
      pid,
    };
    this.workloads.push({
      spec: {
        name,
        kind: "service",
        command: ["x"],
        requests: { cpuCores: 1, memoryBytes: 1 },
        replicas: 1,
        labels: { "machine-native-ops/tenant": "acme" },
      },
      generation: 1,
      phase: "ready",
      desiredReplicas: 1,
      readyReplicas: 1,
      replicas: [replica],
      endpoints: {},
    });
  }
}

export function node(name: string): ClusterNode {
  const quantities = { cpuCores: 10, memoryBytes: 0 };
  return { name, ready: true, zone: "z", labels: {}, capacity: quantities, allocatable: quantities };
}

/** The agent over the fakes, with real HTTP routing, a real database and a real outbox table. */
export async function startAgent<C extends Pick<Cluster, "kind" | "nodes" | "list" | "usage"> = FakeCluster>(
  database: Database,
  environment: Record<string, string> = {},
  { now = NOW, cluster = new FakeCluster() as unknown as C }: { now?: number; cluster?: C } = {},
) {
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const clock = new ManualClock(now);
  const intensity = new FakeIntensity();
  const metrics = createMetrics();
  const cleanups: (() => Promise<void>)[] = [];
  const loops = new Map<string, () => Promise<void>>();
  const app = await createApp({
    name: "carbon-monitor",
    version: "0.0.0",
    log: silent,
    metrics,
    tracer: tracer as never,
    access: { host: "127.0.0.1" },
    limits: DEFAULT_LIMITS,
  });
  const every = (name: string, _milliseconds: number, work: () => Promise<void>): void => void loops.set(name, work);
  const onStop = (cleanup: () => Promise<void>): void => void cleanups.push(cleanup);
  let lead!: (term: LeaderTerm) => Promise<void>;
  let drawn = 0;
  const context = {
    name: "carbon-monitor",
    config: loadConfiguration({ environment, file: {} }, carbonMonitor.configuration) as Configuration,
    log: silent,
    clock,
    random: () => (drawn += 1e-6),
    http: app.http,
    metrics,
    tracer,
    outbox: { nudge: () => undefined },
    database,
    cluster,
    intensity,
    every,
    onStop,
    whileLeading: (start: typeof lead) => void (lead = start),
    readyWhen: () => undefined,
  };
  await carbonMonitor.start(context as unknown as AgentContext<Configuration>);
  const call = async (method: "GET" | "POST", url: string, body?: object) => {
    const payload = body === undefined ? {} : { payload: body };
    const response = await app.http.inject({ method, url, headers: { host: "localhost" }, ...payload });
    const json = response.body === "" ? undefined : response.json<never>();
    return { status: response.statusCode, headers: response.headers, body: json as unknown };
  };
  return {
    clock,
    cluster,
    intensity,
    metrics,
    call,
    /** Begins to lead, and takes the first look. */
    async lead(): Promise<void> {
      await lead({ number: 0, signal: new AbortController().signal, every, onStop });
      await loops.get("sample")!();
    },
    /** Lets so many seconds pass, with a look every 10. */
    async pass(seconds: number): Promise<void> {
      for (let at = 0; at < seconds; at += 10) {
        await clock.advance(10_000);
        await loops.get("sample")!();
      }
    },
    prune: () => loops.get("prune")!(),
    async events(type: string): Promise<CloudEvent[]> {
      const rows = await database.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id");
      return rows.map(({ event }) => event).filter((event) => event.type === type);
    },
    async stop(): Promise<void> {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
      await app.http.close();
    },
  };
}
export type StartedAgent<C = FakeCluster> = Omit<Awaited<ReturnType<typeof startAgent>>, "cluster"> & { cluster: C };
