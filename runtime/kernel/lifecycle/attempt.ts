import { AsyncLocalStorage } from "node:async_hooks";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type Clock, within } from "../clock";
import { installDeadLetterRoutes } from "../events/routes";
import { type AppOptions, createApp } from "../http/app";
import type { Handle } from "../http/front";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";
import type { AgentContext, AgentDefinition } from "./agent";
import type { Infrastructure } from "./infrastructure";

/** Which run of which agent the present asynchronous work belongs to; a fault that nobody caught is charged to it. */
export const currentAttempt = new AsyncLocalStorage<Attempt>();

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

/** A clean-up that takes longer is left behind, with an error in the log. */
const CLEANUP_MILLISECONDS = 10_000;

/** One run of an agent from start to clean-up. */
export class Attempt {
  readonly checks = new Map<string, () => Promise<void>>();
  /** Resolves when told to end, rejects with the fault that ended it. */
  readonly ended: Promise<void>;
  private readonly cleanups: (() => Promise<void>)[] = [];
  private readonly abort = new AbortController();
  private starting: Promise<void> = Promise.resolve();
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

  /** A fault that nobody caught, raised by work of this run: ends it, or is only logged where it has ended already. */
  charge(error: unknown): void {
    const over = this.abort.signal.aborted;
    this.options.log.error({ err: error }, over ? "a fault of a run that is over" : "a fault that nobody caught");
    this.settle.reject(error);
  }

  async start(): Promise<Handle> {
    const { definition, config, log, clock, random, metrics, tracer } = this.options;
    const infrastructure = await this.options.infrastructure();
    const app = await createApp({ ...this.options.app, name: definition.name, log });
    this.cleanups.push(() => app.http.close());
    installDeadLetterRoutes(app.http, infrastructure.bus, definition.name);
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
      onStop: (cleanup) => this.onStop(cleanup),
    };
    // A fault during start ends the start; one that surfaces elsewhere meanwhile ends it too.
    this.starting = definition.start(context);
    await Promise.race([this.starting, this.ended]);
    await app.http.ready();
    this.options.onApp(app.http);
    return app.handle;
  }

  async cleanUp(): Promise<void> {
    this.abort.abort(new Error("the agent is stopping"));
    // A start that was left behind may still be acquiring: let it come to its end first.
    await this.bounded("the start", () => this.starting.catch(() => undefined));
    for (const cleanup of this.cleanups.splice(0).reverse()) await this.bounded("a clean-up", cleanup);
  }

  /** What is acquired after the end is given back at once. */
  private onStop(cleanup: () => Promise<void>): void {
    if (this.abort.signal.aborted) void this.bounded("a late clean-up", cleanup);
    else this.cleanups.push(cleanup);
  }

  private async bounded(what: string, work: () => Promise<void>): Promise<void> {
    const { log, clock } = this.options;
    const late = (): Error => new Error(`${what} took longer than ${String(CLEANUP_MILLISECONDS / 1000)} s`);
    await within(clock, CLEANUP_MILLISECONDS, work, late).catch((error: unknown) =>
      log.error({ err: error }, "stopping failed"),
    );
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
    this.onStop(() => running);
  }
}
