import type { Logger } from "pino";
import type { HttpProbe, WorkloadSpec } from "../../../exports";
import type { Clock } from "../../clock";
import type { ReplicaPhase, ReplicaStatus } from "../cluster";
import { Child } from "./child";
import type { LogFile } from "./log-file";
import { secretMask } from "../secret-mask";
import { readLines } from "./output";
import { LOOPBACK, type PortPool } from "./ports";
import { LIVENESS_DEFAULTS, READINESS_DEFAULTS, watchProbe } from "./probe";
import { identify } from "../../process-identity";
import type { ReplicaRegistry } from "./replica-registry";
import { afterExit, describeExit, type Exit } from "./restarts";

const DEFAULT_GRACE_SECONDS = 10;
/** Without a readiness probe a process that has run this long is ready. */
const SETTLE_MS = 200;
/** A process that is not ready yet, or has no readiness probe and never answered, is given this long: Kubernetes' startup probe. */
const STARTUP_MS = 120_000;
/** Of our own environment a workload sees no more than what programs need to run at all. */
const INHERITED = ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS"];

/** What replicas share. */
export interface ReplicaHost {
  /** The node's name. */
  node: string;
  /** For the workloads' own use of the cluster: `local:<folder>`. */
  clusterUrl: string;
  clock: Clock;
  log: Logger;
  ports: PortPool;
  registry: ReplicaRegistry;
}

/** One replica: a process with its ports and probes, started again in place by `restart` until it is stopped. */
export class Replica {
  phase: ReplicaPhase = "starting";
  /** In phase "backoff": when it may run again, milliseconds since the epoch. */
  restartAt?: number;
  pid?: number | undefined;
  private startedAt?: number;
  private readyChangedAt?: number;
  private restarts = 0;
  private reason: string | undefined;
  private endpoints = new Map<string, number>();
  /** In a row; what the backoff grows with. */
  private failures = 0;
  /** The longest time that the present process was ready without a break. */
  private healthyMs = 0;
  /** Why the liveness probe condemned the present process. */
  private hung: string | undefined;
  private child: Child | undefined;
  /** Aborted when the present process ends or is being stopped: ends its probes. */
  private life = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly host: ReplicaHost,
    private readonly spec: WorkloadSpec,
    /** Key of the template that it runs. */
    readonly template: string,
    readonly ordinal: number,
    /** Ports that it listens on itself, by name. */
    private readonly directPorts: Readonly<Record<string, number>>,
    private readonly output: LogFile,
    private readonly onChange: () => void,
  ) {}

  /** To be called once. */
  start(): void {
    this.running = this.run();
  }

  get name(): string {
    return `${this.spec.name}-${String(this.ordinal)}`;
  }

  /** The replica's own port of that name, while it has one. */
  port(name: string): number | undefined {
    return this.endpoints.get(name);
  }

  restart(): void {
    if (this.phase !== "backoff") return;
    this.restarts += 1;
    this.change("starting", this.reason);
    this.running = this.run();
  }

  /** Lets a replica that waits run at once, and forgets its failures. */
  resetBackoff(): void {
    this.failures = 0;
    if (this.phase !== "backoff") return;
    this.restartAt = this.host.clock.now();
    this.onChange();
  }

  /** Takes it out of service; `stop` must follow. */
  retire(): void {
    this.life.abort();
    this.change("stopping", this.reason);
  }

  /** Halts its process where it is; false where it has none. `retire` and `stop` must follow. */
  halt(): boolean {
    return this.child?.halt() ?? false;
  }

  /** Resolves when no process is left. */
  async stop(graceSeconds = this.graceSeconds): Promise<void> {
    await this.child?.terminate(graceSeconds * 1000, this.host.clock);
    await this.running;
  }

  status(): ReplicaStatus {
    const time = (at: number | undefined): string | undefined =>
      at === undefined ? undefined : new Date(at).toISOString();
    const endpoints = [...this.endpoints].map(([name, port]) => [name, `${LOOPBACK}:${String(port)}`]);
    const optional = {
      pid: this.pid,
      startedAt: time(this.startedAt),
      readyChangedAt: time(this.readyChangedAt),
      reason: this.reason,
    };
    return {
      name: this.name,
      node: this.host.node,
      phase: this.phase,
      restarts: this.restarts,
      endpoints: Object.fromEntries(endpoints) as Record<string, string>,
      ...(Object.fromEntries(
        Object.entries(optional).filter(([, value]) => value !== undefined),
      ) as Partial<ReplicaStatus>),
    };
  }

  private get graceSeconds(): number {
    return this.spec.gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  /** One process, from its ports to its end. */
  private async run(): Promise<void> {
    const life = new AbortController();
    this.life = life;
    this.healthyMs = 0;
    this.hung = undefined;
    const own: number[] = [];
    try {
      const endpoints = new Map<string, number>();
      for (const { name } of this.spec.ports ?? []) {
        const port = this.directPorts[name] ?? (await this.host.ports.take());
        if (this.directPorts[name] === undefined) own.push(port);
        endpoints.set(name, port);
      }
      // It may have been stopped while the ports were looked for.
      if (this.isStopping()) return;
      this.endpoints = endpoints;
      this.ended(await this.runChild(life));
    } catch (error) {
      // The machine has no port, file handle or disk space left: no reason for the other replicas to end.
      this.host.log.error({ err: error, replica: this.name }, "the replica cannot run");
      await this.child?.terminate(0, this.host.clock);
      this.ended({ code: null, signal: null, error: (error as Error).message });
    } finally {
      life.abort();
      this.child = undefined;
      this.pid = undefined;
      for (const port of own) this.host.ports.release(port);
    }
  }

  private isStopping(): boolean {
    return this.phase === "stopping";
  }

  private async runChild(life: AbortController): Promise<Exit> {
    const { host, spec } = this;
    const child = new Child({ command: spec.command, cwd: spec.cwd, environment: this.environment() });
    this.child = child;
    if (child.pid !== undefined) {
      // undefined when it ended within this very moment; then there is nothing to clean up later.
      const identity = identify(child.pid);
      if (identity) host.registry.add({ ...identity, replica: this.name, gracePeriodSeconds: this.graceSeconds });
      this.pid = child.pid;
      this.startedAt = host.clock.now();
      host.log.info({ workload: spec.name, replica: this.name, pid: child.pid }, "replica started");
      this.onChange();
      for (const stream of child.outputs) void this.keepOutput(stream);
      this.observe(child, life);
    }
    const exit = await child.exited;
    if (child.pid !== undefined) host.registry.remove(child.pid);
    this.child = undefined;
    this.pid = undefined;
    return exit;
  }

  private async keepOutput(stream: Child["outputs"][number]): Promise<void> {
    const mask = secretMask(this.spec.secretEnvironment);
    try {
      await readLines(stream, (lines) => {
        const prefix = `${new Date(this.host.clock.now()).toISOString()} ${this.name} `;
        return this.output.append(lines.map((line) => prefix + mask(line)));
      });
    } catch (error) {
      this.host.log.error(
        { err: error, replica: this.name },
        "the replica's output cannot be written and is discarded",
      );
      stream.resume(); // a full pipe would stop the process
    }
  }

  /** Watches the running process: when it is ready, when no longer, when it hangs. */
  private observe(child: Child, life: AbortController): void {
    const { clock } = this.host;
    const { readiness, liveness } = this.spec;
    const address = (probe: HttpProbe): string => `${LOOPBACK}:${String(this.endpoints.get(probe.port))}`;
    // On a busy machine a process that only just starts is slow to answer, not hung.
    let patientUntil = clock.now() + STARTUP_MS;
    if (readiness) {
      const options = { address: address(readiness), eager: true, clock, signal: life.signal };
      void watchProbe({ ...READINESS_DEFAULTS, ...readiness }, options, {
        healthy: () => {
          patientUntil = 0;
          this.change("ready");
        },
        // While it starts it is not expected to answer.
        unhealthy: (reason) => {
          this.change(this.phase === "starting" ? "starting" : "unready", `readiness probe failed: ${reason}`);
        },
      });
    } else {
      clock.sleep(SETTLE_MS, life.signal).then(
        () => {
          this.change("ready");
        },
        () => undefined,
      );
    }
    if (liveness) {
      const options = { address: address(liveness), eager: false, clock, signal: life.signal };
      void watchProbe({ ...LIVENESS_DEFAULTS, ...liveness }, options, {
        healthy: () => {
          // One that can say when it is ready may block again until then, as the embedded database does while it is made.
          if (!readiness) patientUntil = 0;
        },
        unhealthy: (reason) => {
          if (clock.now() < patientUntil) return;
          life.abort();
          this.hung = `liveness probe failed: ${reason}`;
          this.change("unready", this.hung);
          void child.terminate(this.graceSeconds * 1000, clock);
        },
      });
    }
  }

  /** Decides what follows the end of the process. */
  private ended(exit: Exit): void {
    const { clock, log } = this.host;
    if (this.isStopping()) return;
    const reason = this.hung ?? describeExit(exit);
    // A hung process that obeyed SIGTERM may say 0; it has failed all the same.
    const outcome: Exit = this.hung === undefined ? exit : { code: null, signal: "SIGTERM" };
    const next = afterExit(this.spec.kind, outcome, this.failures, this.longestReadyMs());
    log[next.phase === "succeeded" ? "info" : "warn"]({ replica: this.name, next: next.phase }, `replica ${reason}`);
    if (next.phase === "backoff") {
      this.failures = next.failures;
      this.restartAt = clock.now() + next.delayMs;
    }
    this.change(next.phase, next.phase === "succeeded" ? undefined : reason);
  }

  private change(phase: ReplicaPhase, reason?: string): void {
    if (phase === this.phase && reason === this.reason) return;
    if ((phase === "ready") !== (this.phase === "ready")) {
      this.healthyMs = this.longestReadyMs();
      this.readyChangedAt = this.host.clock.now();
    }
    this.phase = phase;
    this.reason = reason;
    if (phase === "backoff" || phase === "succeeded" || phase === "failed") this.endpoints = new Map();
    this.onChange();
  }

  private longestReadyMs(): number {
    const { clock } = this.host;
    return Math.max(this.healthyMs, this.phase === "ready" ? clock.now() - (this.readyChangedAt ?? clock.now()) : 0);
  }

  private environment(): Record<string, string> {
    const { spec } = this;
    const environment: Record<string, string> = {};
    for (const name of INHERITED) {
      const value = process.env[name];
      if (value !== undefined) environment[name] = value;
    }
    Object.assign(environment, spec.environment, spec.secretEnvironment);
    for (const [index, { name }] of (spec.ports ?? []).entries()) {
      const port = String(this.endpoints.get(name));
      if (index === 0) environment["PORT"] = port;
      environment[`PORT_${name.toUpperCase().replaceAll("-", "_")}`] = port;
    }
    return { ...environment, MNO_REPLICA: this.name, MNO_WORKLOAD: spec.name, MNO_CLUSTER_URL: this.host.clusterUrl };
  }
}
