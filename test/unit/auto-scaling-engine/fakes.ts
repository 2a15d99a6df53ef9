import type { Span } from "@opentelemetry/api";
import { Type } from "@sinclair/typebox";
import pino, { type Logger } from "pino";
import type { WorkloadSpec } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { Cluster, ClusterNode, ReplicaStatus, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import { loadConfiguration } from "../../../runtime/kernel/config";
import { openOutbox } from "../../../runtime/kernel/events/outbox";
import type { EventBus, EventHandler, SubscribeOptions } from "../../../runtime/kernel/events/bus";
import type { EventData, EventType } from "../../../runtime/kernel/events/catalogue";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { validateEvent } from "../../../runtime/kernel/events/codec";
import { type App, createApp, DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import { INTENSITY_KEYS, type IntensityConfiguration } from "../../../runtime/kernel/intensity/configuration";
import type { Intensity } from "../../../runtime/kernel/intensity/intensity";
import { openIntensity } from "../../../runtime/kernel/intensity/open";
import type { AgentContext, AgentDefinition, LeaderTerm } from "../../../runtime/kernel/lifecycle/agent";
import type { Database } from "../../../runtime/kernel/store/database";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import type { Tracer } from "../../../runtime/kernel/telemetry/traces";
import { NOW, replica } from "./support";

/** Rises with every call, so that ids sort in the order in which they were made, also within one millisecond. */
let drawn = 0;
const rising = (): number => (drawn += 1e-6);

export const silent: Logger = pino({ level: "silent" });

/** A bus that hands an event to its consumers within `publish`; what a handler throws comes out of `deliver`. */
export class FakeBus {
  readonly published: CloudEvent[] = [];
  private readonly consumers: { options: SubscribeOptions; handler: EventHandler }[] = [];
  refused = 0;
  /** When set, `publish` fails with it. */
  fault: Error | undefined;

  constructor(private readonly tracer: Tracer) {}

  async publish(events: CloudEvent | readonly CloudEvent[]): Promise<void> {
    if (this.fault) {
      this.refused += 1;
      throw this.fault;
    }
    this.published.push(...[events].flat().map(validateEvent));
  }

  async subscribe(options: SubscribeOptions, handler: EventHandler) {
    const consumer = { options, handler };
    this.consumers.push(consumer);
    return { close: async () => void this.consumers.splice(this.consumers.indexOf(consumer), 1) };
  }

  /** What another engine's publication would bring: the event, to each consumer of its type. */
  async deliver<T extends EventType>(type: T, id: string, data: EventData<T>): Promise<void> {
    const event = validateEvent({
      specversion: "1.0",
      id,
      source: "/mno/elastic-resource-manager",
      type,
      subject: "web",
      time: new Date(NOW).toISOString(),
      datacontenttype: "application/json",
      data,
    });
    for (const { options, handler } of this.consumers) {
      const delivery = { sequence: 1, attempt: 1, signal: new AbortController().signal };
      if (options.types.includes(type)) await this.tracer.span(`consume ${type}`, {}, () => handler(event, delivery));
    }
  }

  get consumerNames(): string[] {
    return this.consumers.map(({ options }) => options.consumer);
  }
}

/** Workloads whose replicas are ready as soon as they are asked for. */
export class FakeCluster {
  readonly workloads = new Map<string, WorkloadStatus>();
  readonly scaled: [workload: string, replicas: number][] = [];
  /** When set, `scale` fails with it. */
  fault: Error | undefined;
  readonly kind = "local";
  clusterNodes: ClusterNode[] = [];
  /** When set, `nodes` fails with it. */
  nodesFault: Error | undefined;
  /** When set, `get` waits for it. */
  gate: Promise<void> | undefined;
  reading = 0;
  mostReading = 0;

  add(
    name: string,
    count: number,
    changes: Partial<WorkloadSpec> = {},
    each: (index: number) => Partial<ReplicaStatus> = () => ({}),
  ): void {
    const spec: WorkloadSpec = {
      name,
      kind: "service",
      command: ["node"],
      requests: { cpuCores: 1, memoryBytes: 1000 },
      replicas: count,
      ports: [{ name: "http", port: 0 }],
      ...changes,
    };
    const status: WorkloadStatus = {
      spec,
      generation: 1,
      phase: "ready",
      desiredReplicas: 0,
      readyReplicas: 0,
      replicas: [],
      endpoints: {},
    };
    this.workloads.set(name, status);
    this.resize(status, count, each);
  }

  async get(name: string): Promise<WorkloadStatus | undefined> {
    this.reading += 1;
    this.mostReading = Math.max(this.mostReading, this.reading);
    await this.gate;
    this.reading -= 1;
    const status = this.workloads.get(name);
    return status && structuredClone(status);
  }

  async list(): Promise<WorkloadStatus[]> {
    return structuredClone([...this.workloads.values()]);
  }

  async nodes(): Promise<ClusterNode[]> {
    if (this.nodesFault) throw this.nodesFault;
    return this.clusterNodes;
  }

  async scale(name: string, replicas: number): Promise<WorkloadStatus> {
    if (this.fault) throw this.fault;
    const status = this.workloads.get(name) as WorkloadStatus;
    this.scaled.push([name, replicas]);
    this.resize(status, replicas);
    return structuredClone(status);
  }

  private resize(
    status: WorkloadStatus,
    count: number,
    each: (index: number) => Partial<ReplicaStatus> = () => ({}),
  ): void {
    status.replicas = Array.from(
      { length: count },
      (_, index) => status.replicas[index] ?? replica(`${status.spec.name}-${String(index)}`, each(index)),
    );
    status.desiredReplicas = count;
    status.readyReplicas = count;
  }
}

export interface RecordedSpan {
  name: string;
  parent: string | undefined;
  attributes: Record<string, unknown>;
}

/** Remembers spans and which was inside which, for spans that follow each other. */
export class RecordingTracer implements Tracer {
  readonly spans: RecordedSpan[] = [];
  private readonly open: RecordedSpan[] = [];

  async span<T>(name: string, options: { attributes?: object }, work: (span: Span) => Promise<T>): Promise<T> {
    const span: RecordedSpan = { name, parent: this.open.at(-1)?.name, attributes: { ...options.attributes } };
    this.spans.push(span);
    this.open.push(span);
    const handle = { setAttribute: (key: string, value: unknown) => void (span.attributes[key] = value) };
    try {
      return await work(handle as unknown as Span);
    } finally {
      this.open.splice(this.open.indexOf(span), 1);
    }
  }

  carrier() {
    return {};
  }
}

/** What a test gives an agent in place of the fakes. */
interface Given {
  bus?: EventBus;
  /** The package's tables else. */
  intensity?: Intensity;
  /** False: it answers, and leads only after `lead`. */
  leads?: boolean;
}

/** One agent over the fakes, with real HTTP routing and problem documents. */
export class TestAgent {
  readonly clock = new ManualClock(NOW);
  readonly cluster = new FakeCluster();
  readonly tracer = new RecordingTracer();
  readonly bus = new FakeBus(this.tracer);
  readonly metrics: Metrics = createMetrics();
  readonly loops = new Map<string, { milliseconds: number; work: () => Promise<void> }>();
  /** Abort it to end the leader's term. */
  readonly term = new AbortController();
  readonly checks = new Map<string, () => Promise<void>>();
  private readonly cleanups: (() => Promise<void>)[] = [];
  private readonly every = (name: string, milliseconds: number, work: () => Promise<void>): void =>
    void this.loops.set(name, { milliseconds, work });
  private readonly termCleanups: (() => Promise<void>)[] = [];
  private readonly terms: ((term: LeaderTerm) => Promise<void>)[] = [];
  private app!: App;

  constructor(
    readonly database: Database,
    private readonly given: Given = {},
  ) {}

  async start(definition: AgentDefinition<never>, environment: Record<string, string> = {}): Promise<void> {
    const config = loadConfiguration({ environment, file: {} }, definition.configuration);
    this.app = await createApp({
      name: definition.name,
      version: "0.0.0",
      log: silent,
      metrics: this.metrics,
      tracer: this.tracer,
      access: { host: "127.0.0.1" },
      limits: DEFAULT_LIMITS,
    });
    this.cleanups.push(() => this.app.http.close());
    const bus = this.given.bus ?? (this.bus as unknown as EventBus);
    const outbox = await openOutbox(this.database, bus, { clock: this.clock, log: silent });
    this.cleanups.push(() => outbox.stop());
    const { every } = this;
    const onStop = (cleanup: () => Promise<void>): void => void this.cleanups.push(cleanup);
    const { signal } = new AbortController();
    const context = {
      outbox,
      name: definition.name,
      config,
      log: silent,
      clock: this.clock,
      random: rising,
      http: this.app.http,
      metrics: this.metrics,
      tracer: this.tracer,
      bus,
      database: this.database,
      cluster: this.cluster as unknown as Cluster,
      intensity: this.given.intensity ?? tables(this.clock),
      signal,
      every,
      whileLeading: (start: (term: LeaderTerm) => Promise<void>) => void this.terms.push(start),
      readyWhen: (name: string, check: () => Promise<void>) => void this.checks.set(name, check),
      onStop,
    };
    await definition.start(context as unknown as AgentContext<never>);
    if (this.given.leads !== false) await this.lead();
    await this.app.http.ready();
  }

  /** Begins a term, as an election won would. */
  async lead(): Promise<void> {
    const onStop = (cleanup: () => Promise<void>): void => void this.termCleanups.push(cleanup);
    for (const start of this.terms) {
      await start({ number: 0, signal: this.term.signal, every: this.every, onStop });
    }
  }

  /** Ends the term; the agent goes on answering. */
  async retire(): Promise<void> {
    for (const cleanup of this.termCleanups.splice(0).reverse()) await cleanup();
  }

  /** Lets work in the background go on until `holds`; it must need no passing of time. */
  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; !holds(); turn += 1) {
      if (turn > 10_000) throw new Error("it never came to hold");
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Runs one round of a loop. */
  async loop(name: string): Promise<void> {
    await this.loops.get(name)?.work();
  }

  async call(
    method: "GET" | "PUT" | "POST" | "DELETE",
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const payload = body === undefined ? {} : { payload: body as object };
    const response = await this.app.http.inject({
      method,
      url,
      headers: { host: "localhost", ...headers },
      ...payload,
    });
    return { status: response.statusCode, body: response.body === "" ? undefined : response.json<unknown>() };
  }

  /** The answer as it went out. */
  async text(url: string): Promise<string> {
    return (await this.app.http.inject({ method: "GET", url, headers: { host: "localhost" } })).body;
  }

  openapi(): { paths: Record<string, Record<string, { operationId?: string; summary?: string; tags?: string[] }>> } {
    return this.app.http.swagger() as never;
  }

  async stop(): Promise<void> {
    await this.retire();
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
  }
}

/** The embedded default: dated tables, offline. */
const tables = (clock: ManualClock): Intensity =>
  openIntensity(
    loadConfiguration({ environment: {}, file: {} }, Type.Object(INTENSITY_KEYS)) as IntensityConfiguration,
    { clock },
  );
