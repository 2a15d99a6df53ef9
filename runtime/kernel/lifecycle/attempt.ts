import { AsyncLocalStorage } from "node:async_hooks";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Clock } from "../clock";
import { installDeadLetterRoutes } from "../events/routes";
import type { AccessRule } from "../http/access";
import { type AppOptions, createApp } from "../http/app";
import type { Handle } from "../http/front";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";
import type { AgentContext, AgentDefinition, LeaderTerm } from "./agent";
import type { Infrastructure } from "./infrastructure";
import { Scope } from "./scope";

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

/** One run of an agent from start to clean-up. */
export class Attempt {
  readonly checks = new Map<string, () => Promise<void>>();
  /** Resolves when told to end, rejects with the fault that ended it. */
  readonly ended: Promise<void>;
  private readonly abort = new AbortController();
  private readonly scope: Scope;
  private starting: Promise<void> = Promise.resolve();
  private settle!: { resolve: () => void; reject: (error: unknown) => void };

  constructor(private readonly options: RunnerOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.ended.catch(() => undefined);
    this.scope = this.scopeUntil(this.abort.signal);
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
    const app = await createApp({ ...this.options.app, access: this.access, name: definition.name, log });
    this.scope.onStop(() => app.http.close());
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
      intensity: infrastructure.intensity,
      signal: this.abort.signal,
      every: this.scope.every,
      whileLeading: (start) => this.whileLeading(infrastructure, start),
      readyWhen: (name, check) => void this.checks.set(name, check),
      onStop: this.scope.onStop,
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
    await this.scope.cleanUp(() => this.starting.catch(() => undefined));
  }

  private get access(): AccessRule {
    const { app, definition } = this.options;
    return definition.confidential === true ? { ...app.access, confidential: true } : app.access;
  }

  private whileLeading(infrastructure: Infrastructure, start: (term: LeaderTerm) => Promise<void>): void {
    const { signal } = this.abort;
    const campaign = infrastructure.election(this.options.definition.name).run(async (term) => {
      const scope = this.scopeUntil(term.signal);
      try {
        await start({ number: term.number, signal: term.signal, every: scope.every, onStop: scope.onStop });
        await aborted(term.signal);
      } finally {
        await scope.cleanUp();
      }
    }, signal);
    const running = campaign.catch((error: unknown) => this.settle.reject(error));
    this.scope.onStop(() => running);
  }

  private scopeUntil(signal: AbortSignal): Scope {
    const { definition, log, clock, metrics } = this.options;
    return new Scope({ engine: definition.name, log, clock, metrics }, signal);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
