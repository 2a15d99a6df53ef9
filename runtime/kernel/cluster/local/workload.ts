import { join } from "node:path";
import type { ReplicaStatus, WorkloadEvent, WorkloadStatus } from "../cluster";
import { LogFile } from "./log-file";
import { type Desired, plan, type PlannedReplica } from "./plan";
import { LOOPBACK } from "./ports";
import { type FinishedReplica, isHeld, templateOf, type WorkloadRecord } from "./record";
import { Replica, type ReplicaHost } from "./replica";
import { ServicePorts } from "./service-ports";
import { redact } from "../spec";
import { workloadPhase } from "./status";

/** A retired replica is told to stop when its connections have ended, but no later than this: some never end. */
const DRAIN_MS = 500;
const DRAIN_POLL_MS = 10;
const BIND_RETRY_MS = 500;

export interface WorkloadHost extends ReplicaHost {
  logs: string;
  usage(pid: number): ReplicaStatus["usage"];
  publish(event: WorkloadEvent): void;
  /** A job's completion ended: the record should be kept. */
  finished(): void;
}

/** One workload at work: brings its replicas to what its record wants, and tells of every change. */
export class Workload {
  readonly ports: ServicePorts;
  readonly log: LogFile;
  private readonly replicas = new Map<string, Replica>();
  /** Completions of an earlier supervisor's time. */
  private past: FinishedReplica[];
  private template: string;
  private nextOrdinal: number;
  /** Halted and out of service, as evidence. */
  private readonly held = new Map<string, Replica>();
  private stopping = new Set<Promise<void>>();
  private alarm = new AbortController();
  private planned = false;
  private binding = false;
  private closed = false;
  private told = "";

  constructor(
    private readonly host: WorkloadHost,
    private record: WorkloadRecord,
  ) {
    this.ports = new ServicePorts(host.clock);
    this.log = new LogFile(join(host.logs, `${record.spec.name}.log`));
    this.template = templateOf(record);
    this.past = record.finished;
    this.nextOrdinal = Math.max(0, ...record.finished.map((replica) => replica.ordinal)) + 1;
  }

  /** What is to be kept on disk now. */
  get desired(): WorkloadRecord {
    return this.withFinished(this.record);
  }

  /** `record` with the completions that have ended by now; none where its template is another than theirs. */
  withFinished(record: WorkloadRecord): WorkloadRecord {
    if (templateOf(record) !== this.template) return { ...record, finished: [] };
    const own = [...this.replicas.values()].filter((replica) => replica.template === this.template);
    const finished = own.map((replica) => ({ ...replica.status(), ordinal: replica.ordinal })).filter(isFinished);
    return { ...record, finished: [...this.past, ...finished] };
  }

  /** Begins to work towards the record. */
  start(): void {
    this.changed("applied");
    void this.bindPorts();
  }

  /** Takes a new record; replicas that wait after failures run at once. */
  update(record: WorkloadRecord, type: "applied" | "changed"): void {
    const template = templateOf(record);
    if (template !== this.template) this.past = [];
    this.record = record;
    this.template = template;
    for (const replica of this.replicas.values()) replica.resetBackoff();
    if (record.isolation) this.hold();
    this.changed(type);
    void this.bindPorts();
  }

  status(): WorkloadStatus {
    const { record, host } = this;
    const replicas: ReplicaStatus[] = [
      ...this.past.map(({ ordinal: _, ...status }) => status),
      ...[...this.replicas.values()].map((replica) => {
        const usage = replica.pid === undefined ? undefined : host.usage(replica.pid);
        return { ...replica.status(), ...(usage ? { usage } : {}) };
      }),
    ];
    return {
      spec: redact(record.spec),
      generation: record.generation,
      phase: workloadPhase(record, this.view(), this.ports.bound),
      desiredReplicas: record.replicas,
      readyReplicas: replicas.filter((replica) => replica.phase === "ready").length,
      replicas,
      endpoints: Object.fromEntries(this.ports.available.map(([name, port]) => [name, `${LOOPBACK}:${String(port)}`])),
      ...(record.isolation && { isolation: { ...record.isolation, held: [...this.held.keys()] } }),
    };
  }

  /** Ends what an isolation held, at once: it is to have no say in how. */
  async endHeld(): Promise<void> {
    await Promise.all([...this.held.values()].map((replica) => replica.stop(0)));
    this.held.clear();
  }

  /** Stops every replica and releases the ports. Resolves when nothing is left running. */
  async close(): Promise<void> {
    this.closed = true;
    this.alarm.abort();
    for (const replica of this.replicas.values()) this.stop(replica);
    await this.endHeld();
    while (this.stopping.size > 0) await Promise.all(this.stopping);
    await this.ports.close();
    await this.log.close();
  }

  private view(): PlannedReplica[] {
    const past = this.past.map(({ name, ordinal, phase }) => ({ name, ordinal, phase, current: true }));
    const own = [...this.replicas.values()].map(({ name, ordinal, phase, restartAt, template }) => ({
      name,
      ordinal,
      phase,
      current: template === this.template,
      ...(restartAt === undefined ? {} : { restartAt }),
    }));
    return [...past, ...own];
  }

  /** Called after every change: tells the proxies and the watchers at once, and plans when this turn's changes are all in. */
  private changed(type: "applied" | "changed" = "changed"): void {
    this.ports.cutOff(this.record.isolation !== undefined);
    this.ports.setBackends(
      (name) =>
        [...this.replicas.values()]
          .filter((replica) => replica.phase === "ready")
          .map((replica) => ({ id: replica.name, port: replica.port(name) }))
          .filter((backend) => backend.port !== undefined) as { id: string; port: number }[],
    );
    const status = this.status();
    const told = JSON.stringify({ ...status, replicas: status.replicas.map(({ usage: _, ...rest }) => rest) });
    if (told !== this.told || type === "applied") this.host.publish({ type, status });
    this.told = told;
    if (this.planned || this.closed) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      if (!this.closed) this.reconcile();
    });
  }

  private reconcile(): void {
    const { clock } = this.host;
    const { spec, replicas } = this.record;
    const desired: Desired = { kind: spec.kind, ports: spec.ports ?? [], replicas, suspended: isHeld(this.record) };
    for (const action of plan(desired, this.view(), clock.now())) {
      if (action.type === "start") this.startReplica();
      else if (action.type === "restart") this.replicas.get(action.name)?.restart();
      else this.stopByName(action.name);
    }
    this.wakeForRestarts();
  }

  private startReplica(): void {
    const { spec, ports } = this.record;
    const direct = Object.fromEntries(
      (spec.ports ?? []).filter((port) => port.direct).map(({ name }) => [name, ports[name] as number]),
    );
    const replica = new Replica(this.host, spec, this.template, this.nextOrdinal++, direct, this.log, () => {
      if (replica.phase === "succeeded" || replica.phase === "failed") this.host.finished();
      this.changed();
    });
    this.replicas.set(replica.name, replica);
    replica.start();
    this.changed();
  }

  /** Halts what runs, also what is about to stop. What has no process is left to the plan, which wants none. */
  private hold(): void {
    for (const [name, replica] of this.replicas) {
      if (!replica.halt() || replica.phase === "stopping") continue;
      this.replicas.delete(name);
      this.held.set(name, replica);
      replica.retire();
    }
  }

  private stopByName(name: string): void {
    const replica = this.replicas.get(name);
    if (replica) return this.stop(replica);
    this.past = this.past.filter((finished) => finished.name !== name);
    this.changed();
  }

  private stop(replica: Replica): void {
    if (replica.phase === "stopping") return;
    replica.retire(); // from here on the proxies give it nothing new
    const gone = this.drained(replica)
      .then(() => replica.stop())
      .then(() => {
        this.replicas.delete(replica.name);
        this.stopping.delete(gone);
        this.changed();
      });
    this.stopping.add(gone);
  }

  /** A connection just handed over must reach the process before it is told to stop, or its request would be lost. */
  private async drained(replica: Replica): Promise<void> {
    const { clock } = this.host;
    const deadline = clock.now() + DRAIN_MS;
    while (this.ports.openConnections(replica.name) > 0 && clock.now() < deadline) await clock.sleep(DRAIN_POLL_MS);
  }

  /** Plans again when the next waiting replica is due. */
  private wakeForRestarts(): void {
    const { clock } = this.host;
    this.alarm.abort();
    this.alarm = new AbortController();
    const waiting = [...this.replicas.values()].filter((replica) => replica.phase === "backoff");
    if (waiting.length === 0) return;
    const due = Math.min(...waiting.map((replica) => replica.restartAt ?? clock.now()));
    clock.sleep(Math.max(0, due - clock.now()), this.alarm.signal).then(
      () => {
        this.changed();
      },
      () => undefined,
    );
  }

  /** Binds the ports that are still missing, however long whoever has them takes. */
  private async bindPorts(): Promise<void> {
    const { clock, log } = this.host;
    if (this.binding || this.ports.bound) return;
    this.binding = true;
    for (let warned = false; !this.ports.bound && !this.closed;) {
      const failure = await this.ports.bindPending();
      if (!failure) continue;
      if (!warned) log.warn({ workload: this.record.spec.name }, `waiting for a port: ${failure.message}`);
      warned = true;
      await clock.sleep(BIND_RETRY_MS);
    }
    this.binding = false;
    this.changed();
  }
}

function isFinished(replica: ReplicaStatus & { ordinal: number }): replica is FinishedReplica {
  return replica.phase === "succeeded" || replica.phase === "failed";
}
