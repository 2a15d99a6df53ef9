import assert from "node:assert/strict";
import { GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS, REGION_LABEL } from "../../../../runtime/exports";
import { ManualClock } from "../../../../runtime/kernel/clock";
import type { ResumeOptions, WorkloadStatus } from "../../../../runtime/kernel/cluster/cluster";
import type {
  Intensity,
  IntensityForecast,
  IntensityNow,
  IntensityPoint,
  IntensitySeries,
} from "../../../../runtime/kernel/intensity/intensity";
import type { AgentContext, AgentDefinition } from "../../../../runtime/kernel/lifecycle/agent";
import { greenScheduler } from "../../../../runtime/sustainability/green-scheduler/agent";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { FakeCluster, silent, TestAgent } from "../../auto-scaling-engine/fakes";
import { NOW } from "../../auto-scaling-engine/support";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export { NOW };

/** In sums of savings of jobs that did as planned. */
export const NOTHING_MISSED = { lostGramsCo2e: 0, unkeptGramsCo2e: 0, missedDeadlines: 0, unplanned: 0 };

type Setting = keyof typeof GREEN_ANNOTATIONS;

/** Annotations of a job that waits for the green scheduler. */
export function annotated(settings: Partial<Record<Setting, string>>): Record<string, string> {
  const own = Object.entries(settings).map(([setting, value]) => [GREEN_ANNOTATIONS[setting as Setting], value]);
  return { [KUBERNETES_ANNOTATIONS.admission]: "green-scheduler", ...(Object.fromEntries(own) as object) };
}

/** Jobs that are held until resumed, as both drivers do it. */
export class JobCluster extends FakeCluster {
  readonly resumed: [name: string, annotations: Record<string, string>][] = [];
  readonly suspended: string[] = [];
  readonly renewed: string[] = [];
  /** Regions that jobs were let run in, where they were kept in one. */
  readonly placed: [name: string, region: string][] = [];
  now: () => number = () => NOW;
  /** When set, `list` fails with it. */
  away: Error | undefined;

  job(name: string, settings: Partial<Record<Setting, string>>, labels: Record<string, string> = {}): void {
    this.add(name, 1, { kind: "job", annotations: annotated(settings), labels });
    this.status(name).phase = "suspended";
    this.status(name).replicas = [];
  }

  /** Nodes of four cores, one in each region. */
  regions(...regions: string[]): void {
    const room = { cpuCores: 4, memoryBytes: 1e9 };
    this.clusterNodes = regions.map((region) => ({
      ...{ name: `node-${region}`, ready: true, zone: "none", capacity: room, allocatable: room },
      labels: { [REGION_LABEL]: region },
    }));
  }

  status(name: string): WorkloadStatus {
    return this.workloads.get(name) as WorkloadStatus;
  }

  override async list(): Promise<WorkloadStatus[]> {
    if (this.away) throw this.away;
    return super.list();
  }

  async resume(name: string, { annotations = {}, region }: ResumeOptions = {}): Promise<WorkloadStatus> {
    if (this.fault) throw this.fault;
    const status = this.status(name);
    if (region !== undefined) this.placed.push([name, region]);
    const kept = this.placed.find(([one]) => one === name)?.[1];
    const there = this.clusterNodes.find(({ labels }) => labels[REGION_LABEL] === (kept ?? labels[REGION_LABEL]));
    status.spec.annotations = { ...status.spec.annotations, ...annotations };
    status.phase = "progressing";
    const startedAt = new Date(this.now()).toISOString();
    status.replicas = [
      { name: `${name}-0`, node: there?.name ?? "node-1", phase: "ready", restarts: 0, endpoints: {}, startedAt },
    ];
    this.resumed.push([name, annotations]);
    return structuredClone(status);
  }

  async suspend(name: string): Promise<WorkloadStatus> {
    const status = this.status(name);
    status.phase = "suspended";
    status.replicas = [];
    this.suspended.push(name);
    return structuredClone(status);
  }

  /** undefined where jobs run once. */
  renew?: (name: string) => Promise<WorkloadStatus> = async (name) => {
    const status = this.status(name);
    status.phase = "suspended";
    status.replicas = [];
    this.renewed.push(name);
    return structuredClone(status);
  };

  end(name: string, phase: "succeeded" | "failed" = "succeeded"): void {
    const status = this.status(name);
    status.phase = phase;
    for (const replica of status.replicas) {
      replica.phase = phase;
      replica.readyChangedAt = new Date(this.now()).toISOString();
    }
  }
}

/** 400 g/kWh around noon, 100 in the evening from 18:00 to 21:00, else 300. */
export function evening(at: number): number {
  const hour = new Date(at).getUTCHours();
  return hour >= 18 && hour < 21 ? 100 : hour >= 8 && hour < 18 ? 400 : 300;
}

/** A feed that can be told to lie, stop, jump or be late. */
export class FakeIntensity implements Intensity {
  curve: (at: number, region: string) => number = evening;
  changes: Partial<IntensityForecast> = {};
  /** When set, every answer is it. */
  fault: Error | undefined;
  /** When set, answers wait for it. */
  gate: Promise<void> | undefined;
  asked = 0;
  constructor(private readonly clock: { now(): number }) {}

  async regions(): Promise<readonly string[]> {
    return ["DE", "FR"];
  }

  async now(region: string): Promise<IntensityNow> {
    const now = this.clock.now();
    const { points, ...series } = await this.history(region, now, now + 1);
    return { ...series, point: points[0]! };
  }

  async history(region: string, from: number, to: number): Promise<IntensitySeries> {
    if (this.fault) throw this.fault;
    const origin = { signal: "average", source: "test feed", asOf: NOW, method: "synthetic", stale: false } as const;
    return { ...origin, why: "", region, points: this.points(region, from, to) };
  }

  async forecast(region: string, from: number, to: number): Promise<IntensityForecast> {
    this.asked += 1;
    await this.gate;
    const history = await this.history(region, from, to);
    return { ...history, generatedAt: NOW, errorShare: null, by: "feed", ...this.changes };
  }

  private points(region: string, from: number, to: number): IntensityPoint[] {
    const points: IntensityPoint[] = [];
    for (let at = Math.floor(from / HOUR) * HOUR; at < to; at += HOUR) {
      points.push({ from: at, to: at + HOUR, gramsPerKwh: this.curve(at, region), estimated: false });
    }
    return points;
  }
}

/** Can be set ahead without waking who sleeps. */
export class SkippingClock extends ManualClock {
  private skipped = 0;

  override now(): number {
    return super.now() + this.skipped;
  }

  skip(milliseconds: number): void {
    this.skipped += milliseconds;
  }
}

export class GreenAgent extends TestAgent {
  override readonly clock = new SkippingClock(NOW);
  override readonly cluster = new JobCluster();
  readonly intensity = new FakeIntensity(this.clock);
  private http!: AgentContext["http"];

  /** An answer that is no JSON. */
  async raw(url: string): Promise<{ type: string; text: string }> {
    const response = await this.http.inject({ method: "GET", url, headers: { host: "localhost" } });
    return { type: String(response.headers["content-type"]), text: response.body };
  }

  async begin(
    settings: Record<string, string> = { MNO_CARBON_REGION: "DE" },
    intensity: Intensity = this.intensity,
  ): Promise<void> {
    this.cluster.now = () => this.clock.now();
    const definition: AgentDefinition<never> = {
      ...greenScheduler,
      start: (context) => {
        this.http = context.http;
        return greenScheduler.start({ ...context, intensity });
      },
    };
    await this.start(definition, settings);
  }

  async round(): Promise<void> {
    const loop = this.loops.get("schedule");
    assert.ok(loop);
    await loop.work();
  }

  /** Rounds every so often until the time. */
  async roundsUntil(time: number, every = 5 * MINUTE): Promise<void> {
    while (this.clock.now() < time) {
      this.clock.skip(Math.min(every, time - this.clock.now()));
      await this.round();
    }
  }

  /** Of the outbox and of what was relayed already, in order of their ids. */
  async events(): Promise<{ id: string; type: string; subject: string; data: Record<string, unknown> }[]> {
    const rows = await this.database.query<{ event: never }>("SELECT event FROM outbox ORDER BY id");
    const all = [...this.bus.published, ...rows.map(({ event }) => event)] as never[];
    return [...new Map(all.map((event: { id: string }) => [event.id, event as never])).values()];
  }

  /** When the job was let run for the first time. */
  releasedAt(name: string): number | undefined {
    const startedAt = this.cluster.status(name).replicas[0]?.startedAt;
    return startedAt === undefined ? undefined : Date.parse(startedAt);
  }
}

/** For a suite: an agent that has begun before each test, on a database of the suite's that is empty again after it. */
export function greenAgents(): { readonly database: Database; agent: GreenAgent } {
  const suite = {} as { database: Database; agent: GreenAgent };
  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    suite.database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => suite.database.close());
  beforeEach(async () => {
    suite.agent = new GreenAgent(suite.database);
    await suite.agent.begin();
  });
  afterEach(async () => {
    await suite.agent.stop();
    for (const table of ["outbox", "gs_jobs", "gs_decisions", "gs_run_times"])
      await suite.database.query(`TRUNCATE ${table}`);
  });
  return suite;
}
