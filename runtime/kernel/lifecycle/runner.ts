import { AsyncLocalStorage } from "node:async_hooks";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Clock } from "../clock";
import { type AppOptions, createApp } from "../http/app";
import type { Handle } from "../http/front";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";
import type { AgentContext, AgentDefinition } from "./agent";
import { backoffMilliseconds, RESTART_BACKOFF } from "./backoff";
import type { Infrastructure } from "./infrastructure";

/** Which agent the present asynchronous work belongs to; a stray fault is charged to it. */
export const currentAgent = new AsyncLocalStorage<AgentRunner>();

export interface RunnerOptions {
  definition: AgentDefinition;
  config: Record<string, unknown>;
  log: Logger;
  clock: Clock;
  random: () => number;
  metrics: Metrics;
  tracer: Tracer;
  /** Opens on first use, rejects while it cannot be had; the runner then tries again. */
  infrastructure: () => Promise<Infrastructure>;
  /** Where requests go while the agent runs; undefined while it does not. */
  mount: (handle: Handle | undefined) => void;
  /** Told of each new application, so that its OpenAPI document can be read. */
  onApp: (http: FastifyInstance) => void;
  app: Omit<AppOptions, "name" | "log">;
}

type State = "starting" | "running" | "backoff" | "stopped";

/** After this long without a fault the next one counts as the first. */
const HEALTHY_AFTER_MILLISECONDS = 60_000;
/** A cleanup that takes longer is left behind, with an error in the log. */
const CLEANUP_MILLISECONDS = 10_000;

/** Runs one agent: start, restart with back-off after a fault, drain. A fault never reaches another agent. */
export class AgentRunner {
  state: State = "stopped";
  restarts = 0;
  /** The last fault, for `/readyz`. */
  reason = "";
  private attempt: Attempt | undefined;
  private consecutive = 0;
  private stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(private readonly options: RunnerOptions) {}

  get name(): string {
    return this.options.definition.name;
  }

  start(): void {
    this.options.mount(undefined);
    this.loop = currentAgent.run(this, () => this.run());
  }

  /** Ends the present run; called for faults that surfaced outside any promise the runner holds. */
  fail(error: unknown): void {
    this.attempt?.fail(error);
  }

  async drain(): Promise<void> {
    this.stopping.abort(new Error("draining"));
    await this.loop;
  }

  /** Names of the checks that do not hold, each with why; empty when ready. */
  async unready(): Promise<Record<string, string>> {
    if (this.state !== "running" || !this.attempt)
      return { [this.name]: `${this.state}${this.reason ? `: ${this.reason}` : ""}` };
    const faults: Record<string, string> = {};
    await Promise.all(
      [...this.attempt.checks].map(async ([name, check]) => {
        await check().catch((error: unknown) => {
          faults[`${this.name}.${name}`] = (error as Error).message;
        });
      }),
    );
    return faults;
  }

  private async run(): Promise<void> {
    const { log, clock, random, mount } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.state = "starting";
      const startedAt = clock.now();
      const attempt = new Attempt(this.options);
      this.attempt = attempt;
      const abort = (): void => attempt.end();
      signal.addEventListener("abort", abort, { once: true });
      try {
        const handle = await attempt.start();
        // Requests come from the process's socket; what they raise belongs to this agent.
        mount((request, response) => currentAgent.run(this, () => handle(request, response)));
        this.state = "running";
        this.reason = "";
        log.info({ restarts: this.restarts }, "agent is running");
        await attempt.ended;
      } catch (error) {
        if (!signal.aborted) {
          if (clock.now() - startedAt > HEALTHY_AFTER_MILLISECONDS) this.consecutive = 0;
          this.consecutive += 1;
          this.restarts += 1;
          this.reason = (error as Error).message;
          log.error({ err: error, restarts: this.restarts }, "agent failed");
        }
      } finally {
        signal.removeEventListener("abort", abort);
        mount(undefined);
        this.state = "backoff";
        await attempt.cleanUp();
      }
      if (signal.aborted) break;
      await clock.sleep(backoffMilliseconds(this.consecutive, RESTART_BACKOFF, random), signal).catch(() => undefined);
    }
    this.state = "stopped";
    log.info("agent is drained");
  }
}

/** One run of an agent from start to clean-up. */
class Attempt {
  readonly checks = new Map<string, () => Promise<void>>();
  /** Resolves when told to end, rejects with the fault that ended it. */
  readonly ended: Promise<void>;
  private readonly cleanups: (() => Promise<void>)[] = [];
  private readonly abort = new AbortController();
  private settle!: { resolve: () => void; reject: (error: unknown) => void };

  constructor(private readonly options: RunnerOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.ended.catch(() => undefined);
  }

  end(): void {
    this.settle.resolve();
  }

  fail(error: unknown): void {
    this.settle.reject(error);
  }

  async start(): Promise<Handle> {
    const { definition, config, log, clock, random, metrics, tracer } = this.options;
    const infrastructure = await this.options.infrastructure();
    const app = await createApp({ ...this.options.app, name: definition.name, log });
    this.cleanups.push(() => app.http.close());
    const context: AgentContext = {
      name: definition.name,
      config,
      log,
      clock,
      random,
      http: app.http,
      metrics,
      tracer,
      bus: infrastructure.bus,
      outbox: infrastructure.outbox,
      database: infrastructure.database,
      cache: infrastructure.cache,
      get cluster() {
        return infrastructure.cluster;
      },
      workers: infrastructure.workers,
      signal: this.abort.signal,
      every: (name, milliseconds, work) => this.every(name, milliseconds, work),
      readyWhen: (name, check) => void this.checks.set(name, check),
      onStop: (cleanup) => void this.cleanups.push(cleanup),
    };
    // A fault during start ends the start; one that surfaces elsewhere meanwhile ends it too.
    await Promise.race([definition.start(context), this.ended]);
    await app.http.ready();
    this.options.onApp(app.http);
    return app.handle;
  }

  async cleanUp(): Promise<void> {
    const { log, clock } = this.options;
    this.abort.abort(new Error("the agent is stopping"));
    for (const cleanup of this.cleanups.splice(0).reverse()) {
      const late = new AbortController();
      const timeout = clock.sleep(CLEANUP_MILLISECONDS, late.signal).then(
        () => Promise.reject(new Error(`a clean-up took longer than ${String(CLEANUP_MILLISECONDS / 1000)} s`)),
        () => undefined,
      );
      await Promise.race([cleanup(), timeout]).catch((error: unknown) => log.error({ err: error }, "clean-up failed"));
      late.abort();
    }
  }

  private every(name: string, milliseconds: number, work: () => Promise<void>): void {
    const { clock, log, metrics, definition } = this.options;
    const failures = metrics.counter("mno_agent_loop_failures_total", "Rounds of a loop that failed", [
      "engine",
      "loop",
    ]);
    const { signal } = this.abort;
    const rounds = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          await work();
        } catch (error) {
          if (signal.aborted) return;
          failures.inc({ engine: definition.name, loop: name });
          log.warn({ err: error, loop: name }, "a round failed; the next one follows");
        }
        await clock.sleep(milliseconds, signal).catch(() => undefined);
      }
    };
    const running = rounds();
    this.cleanups.push(() => running);
  }
}
