import type { AddressInfo } from "node:net";
import pino from "pino";
import { request } from "undici";
import { systemClock } from "../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../runtime/kernel/events/outbox";
import { type App, createApp, DEFAULT_LIMITS } from "../../runtime/kernel/http/app";
import type { OcsfEvent } from "../../runtime/kernel/ocsf/schema";
import type { Database } from "../../runtime/kernel/store/database";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import { Detection } from "../../runtime/security/security-intelligence/detection/detection";
import { IncidentStore } from "../../runtime/security/security-intelligence/incidents/store";
import { Enrichment } from "../../runtime/security/security-intelligence/ingest/enrich";
import { Intake } from "../../runtime/security/security-intelligence/ingest/intake";
import { Instruments } from "../../runtime/security/security-intelligence/instruments";
import { Checkpoints } from "../../runtime/security/security-intelligence/log/checkpoint";
import { EventLog } from "../../runtime/security/security-intelligence/log/log";
import { FileSigner } from "../../runtime/security/security-intelligence/log/signer";
import { MIGRATIONS } from "../../runtime/security/security-intelligence/migrations";
import { ingestRoutes } from "../../runtime/security/security-intelligence/routes/ingest-routes";
import { loadRules } from "../../runtime/security/security-intelligence/rules/load";

/** The engine's way from an event to an alert, without the rest of the platform. */
export class Pipeline {
  private constructor(
    readonly signer: FileSigner,
    private readonly intake: Intake,
    private readonly detection: Detection,
    private readonly checkpoints: Checkpoints,
    private readonly app: App,
    private readonly stops: (() => Promise<void>)[],
  ) {}

  static async open(database: Database): Promise<Pipeline> {
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
    await database.migrate("security-intelligence", MIGRATIONS);
    const clock = systemClock;
    const log = new EventLog(database, clock);
    const detection = new Detection({
      database,
      log,
      incidents: new IncidentStore(database),
      context: { clock, tracer },
      clock,
      random: Math.random,
      lateness: 120_000,
      window: 14_400_000,
      announceAt: 0.3,
      onIncident: async () => undefined,
      onAlert: () => undefined,
    });
    await detection.use(await loadRules(undefined, {}));
    const stops: (() => Promise<void>)[] = [];
    await detection.lead({
      number: 0,
      signal: new AbortController().signal,
      every: () => undefined,
      onStop: (stop) => void stops.push(stop),
    });
    const intake = new Intake(log, new Enrichment(), clock, (logged) => detection.offer(logged));
    const app = await createApp({
      name: "security-intelligence",
      version: "0.0.0",
      log: pino({ level: "silent" }),
      metrics: createMetrics(),
      tracer,
      access: { host: "127.0.0.1" },
      limits: DEFAULT_LIMITS,
    });
    ingestRoutes(app.http, { intake, instruments: new Instruments(createMetrics()), clock });
    await app.http.listen({ host: "127.0.0.1", port: 0 });
    const signer = FileSigner.ephemeral();
    return new Pipeline(signer, intake, detection, new Checkpoints(database, log, signer, clock), app, stops);
  }

  /** Events a second, from the first submission to the last event's having been looked at by the rules. */
  async load(
    events: readonly OcsfEvent[],
    { way, inAPost, posters }: { way: "process" | "http"; inAPost: number; posters: number },
  ): Promise<number> {
    const batches: OcsfEvent[][] = [];
    for (let index = 0; index < events.length; index += inAPost) batches.push(events.slice(index, index + inAPost));
    const bodies = way === "http" ? batches.map((batch) => JSON.stringify({ events: batch })) : [];
    let next = 0;
    let stored = 0;
    const started = performance.now();
    const post = async (): Promise<void> => {
      for (let index = next++; index < batches.length; index = next++) {
        const more =
          way === "http" ? await this.post(bodies[index]!) : (await this.intake.accept(batches[index]!)).stored;
        stored += more;
      }
    };
    await Promise.all(Array.from({ length: posters }, post));
    await this.detection.settled();
    if (stored !== events.length) throw new Error(`${stored} of ${events.length} events were stored`);
    return events.length / ((performance.now() - started) / 1000);
  }

  async sign(): Promise<void> {
    await this.checkpoints.sign();
  }

  async close(): Promise<void> {
    await this.app.http.close();
    for (const stop of this.stops) await stop();
  }

  private async post(body: string): Promise<number> {
    const { port } = this.app.http.server.address() as AddressInfo;
    const answer = await request(`http://127.0.0.1:${port}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text.slice(0, 200)}`);
    return (JSON.parse(text) as { stored: number }).stored;
  }
}
