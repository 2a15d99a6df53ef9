import type { Logger } from "pino";
import { MnoError } from "../../exports";
import { type Clock, within } from "../clock";
import { KERNEL_CONFIGURATION, type KernelConfiguration, loadConfiguration, type RawConfiguration } from "../config";
import { DEFAULT_LIMITS } from "../http/app";
import { Front, type RootRoute } from "../http/front";
import type { TlsFiles } from "../http/tls";
import { createMetrics } from "../telemetry/metrics";
import { installSystemMetrics } from "../telemetry/system";
import { startTracing, tracer } from "../telemetry/traces";
import type { AgentDefinition } from "./agent";
import { currentAttempt } from "./attempt";
import { type Infrastructure, openInfrastructure } from "./infrastructure";
import { AgentRunner } from "./runner";
import { mergeOpenApi } from "./openapi";

export interface HostOptions {
  /** `all` or the one engine's name; names the service in logs and traces. */
  target: string;
  version: string;
  agents: readonly AgentDefinition[];
  /** What the process answers beside its agents, by path: pages for people. */
  pages?: Readonly<Record<string, RootRoute>>;
  configuration: RawConfiguration;
  log: (level: KernelConfiguration["MNO_LOG_LEVEL"]) => Logger;
  clock: Clock;
  random: () => number;
}

/** Shorter than a readiness probe's patience. */
const PING_MILLISECONDS = 1500;

/** Requests at work when the drain begins have this long to finish. */
const DRAIN_MILLISECONDS = 5000;

/**
 * One process of the runtime: opens the socket, runs its agents apart from each other, answers for all of them at
 * `/healthz`, `/readyz`, `/metrics` and `/openapi.json`, and drains them in the order requests, agents, infrastructure.
 */
export class Host {
  private readonly runners: AgentRunner[] = [];
  private readonly log: Logger;
  private readonly config: KernelConfiguration;
  private readonly front: Front;
  private readonly metrics = createMetrics();
  private readonly documents = new Map<string, () => Promise<unknown>>();
  private infrastructure: Promise<Infrastructure> | undefined;
  private stopTracing: () => Promise<void> = () => Promise.resolve();
  private draining: Promise<void> | undefined;

  /** Errors: MNO_CONFIG_INVALID naming every fault of the kernel's and all agents' configuration at once. */
  constructor(private readonly options: HostOptions) {
    const schemas = [KERNEL_CONFIGURATION, ...options.agents.map((agent) => agent.configuration)];
    const config = loadConfiguration(options.configuration, ...schemas) as KernelConfiguration &
      Record<string, unknown>;
    this.config = config;
    this.log = options.log(config.MNO_LOG_LEVEL);
    this.front = new Front(this.rootRoutes(), {
      ...tlsOf(config),
      fault: (error) => this.log.error({ err: error }, "the renewed certificate is not used"),
    });
    const access = {
      host: config.MNO_HTTP_HOST,
      ...(config.MNO_API_TOKEN === undefined ? {} : { apiToken: config.MNO_API_TOKEN }),
    };
    for (const definition of options.agents) {
      this.runners.push(
        new AgentRunner({
          definition,
          config,
          log: this.log.child({ "event.dataset": definition.name }),
          clock: options.clock,
          random: options.random,
          metrics: this.metrics,
          tracer,
          infrastructure: () => this.open(),
          mount: (handle) => this.front.mount(definition.name, handle),
          onApp: (http) => this.documents.set(definition.name, () => Promise.resolve(http.swagger())),
          app: { version: options.version, metrics: this.metrics, tracer, access, limits: DEFAULT_LIMITS },
        }),
      );
    }
    this.countRestarts();
  }

  /** Binds the socket and starts the agents; returns the URL. The agents become ready later: ask `/readyz`. */
  async start(): Promise<string> {
    const { MNO_STATE_DIR, MNO_HTTP_HOST, MNO_HTTP_PORT, OTEL_EXPORTER_OTLP_ENDPOINT } = this.config;
    installSystemMetrics(this.metrics, MNO_STATE_DIR);
    if (OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) {
      this.stopTracing = startTracing(OTEL_EXPORTER_OTLP_ENDPOINT, `mno-${this.options.target}`, this.options.version);
    }
    const url = await this.front.listen(MNO_HTTP_HOST, MNO_HTTP_PORT);
    for (const runner of this.runners) runner.start();
    this.log.info({ "url.full": url, target: this.options.target }, "the runtime answers");
    return url;
  }

  /** Idempotent; resolves when nothing of this host runs any more. */
  drain(): Promise<void> {
    this.draining ??= this.stop();
    return this.draining;
  }

  /**
   * From now on charges faults that nobody caught to the agent whose work raised them. Where no agent can be named the
   * process is in an unknown state: `onOrphan` is to end it.
   */
  chargeFaults(onOrphan: (error: unknown) => void): void {
    const charge = (error: unknown): void => {
      const attempt = currentAttempt.getStore();
      if (attempt) return attempt.charge(error);
      this.log.fatal({ err: error }, "a fault that belongs to no engine");
      onOrphan(error);
    };
    process.on("uncaughtException", charge);
    process.on("unhandledRejection", charge);
  }

  private async stop(): Promise<void> {
    this.log.info("draining");
    await this.front.close(DRAIN_MILLISECONDS);
    await Promise.all(this.runners.map((runner) => runner.drain()));
    const opened = await this.infrastructure?.catch(() => undefined);
    await opened?.close();
    await this.stopTracing();
    this.log.info("drained");
  }

  /**
   * One opening at a time; a failed one is forgotten, so that the next agent's attempt tries again. What is opened is
   * shared: its faults are no agent's, whoever asked first.
   */
  private open(): Promise<Infrastructure> {
    this.infrastructure ??= currentAttempt.exit(() =>
      openInfrastructure(this.config, {
        log: this.log,
        clock: this.options.clock,
        random: this.options.random,
        tracer,
        metrics: this.metrics,
      }).catch((error: unknown) => {
        this.infrastructure = undefined;
        throw error;
      }),
    );
    return this.infrastructure;
  }

  /** The bus is every engine's: what they emit waits in the outbox while it cannot take events. */
  private async busFault(): Promise<Record<string, string>> {
    const infrastructure = await this.infrastructure?.catch(() => undefined);
    if (!infrastructure) return {}; // the engines say why they have not started
    const late = (): Error => new Error(`no answer within ${String(PING_MILLISECONDS)} ms`);
    return within(this.options.clock, PING_MILLISECONDS, () => infrastructure.bus.ping(), late).then(
      () => ({}),
      (error: unknown) => ({ bus: (error as Error).message }),
    );
  }

  private countRestarts(): void {
    const gauge = this.metrics.gauge("mno_agent_restarts", "Restarts of an agent since the process began", ["engine"]);
    Object.assign(gauge, {
      collect: () => {
        for (const runner of this.runners) gauge.set({ engine: runner.name }, runner.restarts);
      },
    });
  }

  private rootRoutes(): Record<string, RootRoute> {
    const json = (status: number, body: unknown): { status: number; contentType: string; body: string } => ({
      status,
      contentType: "application/json; charset=utf-8",
      body: JSON.stringify(body),
    });
    const { pages = {} } = this.options;
    return {
      ...pages,
      "/healthz": () => Promise.resolve(json(200, { status: "alive" })),
      "/readyz": async () => {
        const parts = await Promise.all([...this.runners.map((runner) => runner.unready()), this.busFault()]);
        const faults = Object.assign({}, ...parts) as Record<string, string>;
        if (this.draining) faults.runtime = "draining";
        const ready = Object.keys(faults).length === 0;
        return json(ready ? 200 : 503, ready ? { status: "ready" } : { status: "unready", faults });
      },
      "/metrics": async () => ({
        status: 200,
        contentType: this.metrics.registry.contentType,
        body: await this.metrics.registry.metrics(),
      }),
      "/openapi.json": async () => {
        const documents = await Promise.all(
          [...this.documents].map(async ([name, read]) => [name, await read()] as const),
        );
        if (documents.length === 0) throw new MnoError("MNO_AGENT_UNAVAILABLE", "No engine has started yet");
        return json(200, mergeOpenApi(this.options.version, documents));
      },
      "/": () =>
        Promise.resolve(
          json(200, {
            name: "Machine Native Ops",
            version: this.options.version,
            engines: this.runners.map((r) => ({
              name: r.name,
              state: r.state,
              restarts: r.restarts,
              url: `/${r.name}/`,
            })),
            links: ["/healthz", "/readyz", "/metrics", "/openapi.json", ...Object.keys(pages)],
          }),
        ),
    };
  }
}

/** Errors: MNO_CONFIG_INVALID where one of the two files is missing. */
function tlsOf({
  MNO_HTTP_TLS_CERTIFICATE_FILE: certificateFile,
  MNO_HTTP_TLS_KEY_FILE: keyFile,
}: KernelConfiguration): { tls?: TlsFiles } {
  if (certificateFile === undefined && keyFile === undefined) return {};
  if (certificateFile !== undefined && keyFile !== undefined) return { tls: { certificateFile, keyFile } };
  throw new MnoError(
    "MNO_CONFIG_INVALID",
    "MNO_HTTP_TLS_CERTIFICATE_FILE and MNO_HTTP_TLS_KEY_FILE go together; one of them is missing",
  );
}
