import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { createApp } from "../../../runtime/kernel/http/app";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { sustainabilityReporter } from "../../../runtime/sustainability/sustainability-reporter/agent";
import { monthsToClose } from "../../../runtime/sustainability/sustainability-reporter/calendar";
import { sha256 } from "../../../runtime/sustainability/sustainability-reporter/canonical";
import type { ReportBody } from "../../../runtime/sustainability/sustainability-reporter/engine";
import { MonthCloser } from "../../../runtime/sustainability/sustainability-reporter/month-closer";
import { energyRecord, HOUR } from "../../../runtime/sustainability/sustainability-reporter/record";
import type { RevisionAnswer } from "../../../runtime/sustainability/sustainability-reporter/schemas";
import { isSignedBy } from "../../../runtime/sustainability/sustainability-reporter/signer";
import { silent, TestAgent } from "../auto-scaling-engine/fakes";
import { measured, reportOf, START, time } from "./support";

const TABLES =
  "outbox, sr_series, sr_hours, sr_days, sr_presence, sr_savings, sr_events, sr_reports, sr_revisions, sr_late";
const WEB = [{ workload: "web", tenant: "acme", energy: 6_000, carbon: 2_220_000, embodied: 5 }];
const at = (milliseconds: number) => ({ from: time(START + milliseconds), to: time(START + milliseconds + 60_000) });
const DAY = { from: time(START), to: time(START + 24 * HOUR) };
const ID = "rpt_2026030100_2026030200";

describe("sustainability reporter: agent", () => {
  let database: Database;
  let agent: TestAgent;
  let folder: string;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    folder = mkdtempSync(join(tmpdir(), "mno-reporter-"));
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });
  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    agent = new TestAgent(database);
    await agent.clock.advance(START + 48 * HOUR - agent.clock.now());
    await agent.start(sustainabilityReporter, environment);
  };
  afterEach(async () => {
    await agent.stop();
    await database.query(`TRUNCATE ${TABLES} CASCADE`);
  });

  const energy = (id: string, data = measured(WEB)) =>
    agent.bus.deliver("mno.sustainability.energy.measured", id, data);
  const query = (more = "") => `from=${DAY.from}&to=${DAY.to}${more}`;
  const report = async (more = ""): Promise<ReportBody> =>
    (await agent.call("GET", `/v1/reports?${query(more)}`)).body as ReportBody;
  const close = async (body: object = DAY) => {
    const { status, body: answer } = await agent.call("POST", "/v1/reports", body);
    return { status, ...(answer as RevisionAnswer & { code?: string; detail?: string }) };
  };

  it("adds each event once, and reports what the records sum to", async () => {
    await start();
    const first = measured(WEB);
    const second = measured(WEB, { ...at(3 * HOUR), node: "node-2" });
    await Promise.all([energy("a", first), energy("b", second), energy("a", first)]);
    await energy("b", second);
    assert.deepEqual(await report(), reportOf([energyRecord("a", first), energyRecord("b", second)]));
    const text = await agent.metrics.registry.metrics();
    assert.match(text, /mno_reporter_events_total\{outcome="added"\} 2/);
    assert.match(text, /mno_reporter_events_total\{outcome="repeated"\} 2/);
  });

  it("reads days and the hours at the ends of the period, each once", async () => {
    await start();
    await energy("before", measured(WEB, at(-2 * HOUR)));
    await energy("start", measured(WEB, at(5 * HOUR)));
    await energy("middle", measured(WEB, at(30 * HOUR)));
    await energy("end", measured(WEB, at(52 * HOUR)));
    const kwh = async (from: number, to: number): Promise<string> => {
      const url = `/v1/reports?from=${time(START + from * HOUR)}&to=${time(START + to * HOUR)}`;
      return ((await agent.call("GET", url)).body as ReportBody).totals.energyKwh;
    };
    assert.deepEqual(
      [await kwh(0, 24), await kwh(5, 53), await kwh(6, 52), await kwh(-24, 72), await kwh(5, 6), await kwh(-2, 100)],
      ["0.000006", "0.000018", "0.000006", "0.000024", "0.000006", "0.000024"],
    );
  });

  it("counts a region's own nodes and hours, not those of others", async () => {
    await start();
    await energy("a", measured(WEB, at(0)));
    await energy("b", measured(WEB, { ...at(HOUR), region: "eu-north-1", node: "node-2" }));
    const of = async (more: string) => {
      const { nodes, hoursWithoutAnyRecord } = (await report(more)).quality;
      return [nodes, hoursWithoutAnyRecord];
    };
    assert.deepEqual(
      [await of(""), await of("&region=eu-north-1"), await of("&region=none")],
      [
        [2, 22],
        [1, 23],
        [0, 24],
      ],
    );
  });

  it("refuses a record that does not add up, or one so old that it may have been counted", async () => {
    await start({ MNO_SR_EVENT_MEMORY_DAYS: "1" });
    const refused = (id: string, data: ReturnType<typeof measured>, says: RegExp) =>
      assert.rejects(energy(id, data), (error: MnoError) => {
        assert.equal(error.code, "MNO_ENERGY_RECORD_INVALID");
        assert.match(error.message, says);
        return true;
      });
    await refused("a", { ...measured(WEB), energyKwh: 1 }, /must be the same/);
    await refused("b", measured(WEB), /kept for 1 days/);
  });

  it("closes a period once, announces it, and gives the bytes that the hash is of", async () => {
    await start();
    await energy("a");
    const closed = await close();
    assert.deepEqual(
      [closed.status, closed.reportId, closed.revision, closed.signed, closed.reason],
      [201, ID, 1, false, "the period was closed"],
    );
    const body = await text(agent, `/v1/reports/${ID}`);
    assert.equal(sha256(body), closed.sha256);
    assert.equal(body, await text(agent, `/v1/reports?${query()}`));
    const again = await close();
    assert.deepEqual([again.status, again.revision, again.sha256], [200, 1, closed.sha256]);
    await agent.until(() => agent.bus.published.length > 0);
    assert.deepEqual(
      agent.bus.published.map(({ type, data }) => [type, data]),
      [
        [
          "mno.sustainability.report.closed",
          {
            reportId: ID,
            periodStart: DAY.from,
            periodEnd: DAY.to,
            revision: 1,
            energyKwh: 0.000006,
            locationBasedGramsCo2e: 2.22,
            sha256: closed.sha256,
          },
        ],
      ],
    );
  });

  it("restates a closed period for late events: the old revision stays, and the new one says what and why", async () => {
    await start();
    await energy("a");
    const first = await close();
    const before = await text(agent, `/v1/reports/${ID}`);
    await energy("late-1", measured(WEB, at(HOUR)));
    assert.equal(await text(agent, `/v1/reports/${ID}`), before);
    await agent.loop("restate");
    await agent.loop("restate");
    const { items } = (await agent.call("GET", `/v1/reports/${ID}/revisions`)).body as { items: RevisionAnswer[] };
    assert.equal(items.length, 2);
    assert.equal(items[0]!.sha256, first.sha256);
    assert.match(items[1]!.reason, /came after the period was closed, 1 in number: late-1$/);
    assert.deepEqual(
      items[1]!.changes.find(({ path }) => path === "/totals/energyKwh"),
      { path: "/totals/energyKwh", before: "0.000006", after: "0.000012" },
    );
    assert.equal(await text(agent, `/v1/reports/${ID}/revisions/1`), before);
    assert.equal(sha256(await text(agent, `/v1/reports/${ID}`)), items[1]!.sha256);
    assert.equal((await agent.call("GET", `/v1/reports/${ID}/revisions/3`)).status, 404);
    const periods = (await agent.call("GET", "/v1/periods")).body;
    assert.deepEqual(periods, { items: [{ reportId: ID, ...DAY, revisions: 2 }] });
  });

  it("restates for other rules only with a reason", async () => {
    await start();
    await energy("a");
    await close();
    await agent.stop();
    const mixes = [{ region: "eu-central-1", gramsPerKwh: 700, source: "test mix" }];
    await start({ MNO_SR_RESIDUAL_MIXES: JSON.stringify(mixes) });
    const refused = await close();
    assert.deepEqual([refused.status, refused.code], [409, "MNO_REPORT_CLOSED"]);
    const restated = await close({ ...DAY, reason: "residual mix of 2025 was published" });
    assert.deepEqual([restated.status, restated.revision], [201, 2]);
    assert.equal(restated.reason, "residual mix of 2025 was published");
    assert.ok(restated.changes.some(({ path }) => path === "/totals/marketBasedGramsCo2e"));
    await agent.stop();
    await start();
    await energy("late", measured(WEB, at(HOUR)));
    await agent.loop("restate");
    const { items } = (await agent.call("GET", `/v1/reports/${ID}/revisions`)).body as { items: RevisionAnswer[] };
    assert.match(items[2]!.reason, /1 in number: late; the configured rules are others too/);
    assert.ok(items[2]!.changes.some(({ path }) => path.startsWith("/rules/residualMixes/")));
  });

  it("makes the same bytes from the same records in another order, and signs them", async () => {
    const file = join(folder, "key.pem");
    writeFileSync(file, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
    await start({ MNO_SR_SIGNING_KEY_FILE: file });
    const some = [0, 1, 2].map((hour) => measured(WEB, { ...at(hour * HOUR), node: `node-${String(hour)}` }));
    for (const [index, data] of some.entries()) await energy(String(index), data);
    const first = await close();
    const body = await text(agent, `/v1/reports/${ID}`);
    assert.equal(isSignedBy(body, first.signature!), true);
    await agent.stop();
    await database.query(`TRUNCATE ${TABLES} CASCADE`);
    await start({ MNO_SR_SIGNING_KEY_FILE: file });
    for (const [index, data] of [...some.entries()].reverse()) await energy(String(index), data);
    const second = await close();
    assert.deepEqual([second.sha256, second.signature], [first.sha256, first.signature]);
  });

  it("takes in savings of jobs and plans", async () => {
    await start();
    const { intensity } = measured(WEB);
    const region = "eu-central-1";
    await agent.bus.deliver("mno.sustainability.job.finished", "job-1", {
      job: "train",
      decisionId: "d",
      tenant: "acme",
      region,
      outcome: "succeeded",
      submittedAt: DAY.from,
      startedAt: DAY.from,
      finishedAt: time(START + HOUR),
      deadlineMet: true,
      energyKwh: 1,
      gramsCo2e: 250.5,
      baselineGramsCo2e: 400,
      intensity,
    });
    await agent.bus.deliver("mno.sustainability.saving.measured", "plan-1", {
      planId: "p",
      kind: "sleep",
      tenant: null,
      workload: null,
      region,
      from: DAY.from,
      to: DAY.to,
      expectedKwh: 2,
      measuredKwh: -0.5,
      gramsCo2e: -100,
      intensity,
    });
    const { savings } = await report();
    assert.deepEqual(
      savings.map(({ engine, madeGramsCo2e, lostGramsCo2e, measuredKwh, missedKwh }) => [
        engine,
        madeGramsCo2e,
        lostGramsCo2e,
        measuredKwh,
        missedKwh,
      ]),
      [
        ["energy-optimizer", "0", "100", "-0.5", "2.5"],
        ["green-scheduler", "149.5", "0", "0", "0"],
      ],
    );
    assert.equal((await report("&tenant=acme")).savings.length, 1);
  });

  it("answers in each format, and explains a total", async () => {
    await start({ MNO_SR_PUBLICATION: JSON.stringify({ url: "https://example.org/r.html" }) });
    await energy("a");
    for (const [format, type, says] of [
      ["csv", /^text\/csv/, "acme,web,workload,0.000006,2.22,2.22,,0.000005"],
      ["html", /^text\/html/, "<!doctype html>"],
      ["carbon-txt", /^text\/plain/, 'url = "https://example.org/r.html"'],
      ["impact-framework", /^application\/yaml/, "aggregated:"],
      ["esrs", /^application\/json/, '"totalLocationBasedTonnes":"0.000002220005"'],
      ["ghg-protocol", /^application\/json/, '"scope2"'],
    ] as const) {
      const response = await inject(agent, `/v1/reports?${query(`&format=${format}`)}`);
      assert.equal(response.statusCode, 200, response.body);
      assert.match(String(response.headers["content-type"]), type);
      assert.ok(response.body.includes(says), response.body);
    }
    const { body } = await agent.call("GET", `/v1/totals/explain?${query()}`);
    const { summands, totals } = body as { summands: Record<string, unknown>[]; totals: unknown };
    assert.deepEqual(totals, [{ signal: "average", energyKwh: "0.000006", gramsCo2e: "2.22" }]);
    assert.deepEqual(
      [summands[0]!.method, summands[0]!.source, summands[0]!.meanGramsPerKwh, summands[0]!.records],
      ["teads", "test table (average)", "370000", "1"],
    );
  });

  it("refuses periods that are no whole hours, backwards, or not over, and carbon.txt without an address", async () => {
    await start();
    const status = async (url: string): Promise<[number, string]> => {
      const { status: code, body } = await agent.call("GET", url);
      return [code, (body as { code: string }).code];
    };
    const invalid = [422, "MNO_REPORT_PERIOD_INVALID"];
    assert.deepEqual(await status(`/v1/reports?from=2026-03-01T00:30:00Z&to=${DAY.to}`), invalid);
    assert.deepEqual(await status(`/v1/reports?from=${DAY.to}&to=${DAY.from}`), invalid);
    const open = await close({ from: DAY.from, to: time(START + 49 * HOUR) });
    assert.deepEqual([open.status, open.code], invalid);
    assert.deepEqual(await status(`/v1/reports?${query("&format=carbon-txt")}`), [409, "MNO_REPORT_NOT_PUBLISHED"]);
    assert.deepEqual(await status(`/v1/reports/${ID}`), [404, "MNO_REPORT_NOT_FOUND"]);
  });

  it("refuses to close a period without a record, and says since when there are any", async () => {
    await start();
    const none = await close();
    assert.deepEqual([none.status, none.code], [409, "MNO_REPORT_EMPTY"]);
    assert.match(String(none.detail), new RegExp(`${ID} has no energy record.*there is none of any time`));
    await energy("later", measured(WEB, at(30 * HOUR)));
    assert.match(String((await close()).detail), /the first is of 2026-03-02/);
    assert.deepEqual((await agent.call("GET", "/v1/periods")).body, { items: [] });
    await energy("a");
    assert.equal((await close()).status, 201);
  });

  it("closes months by itself when told to: since the first record, and none without one", async () => {
    await start({ MNO_SR_CLOSE_AFTER_DAYS: "1" });
    const closed = async (): Promise<[string, number][]> => {
      await agent.loop("close the month");
      const { body } = await agent.call("GET", "/v1/periods");
      const { items } = body as { items: { from: string; revisions: number }[] };
      return items.map(({ from, revisions }) => [from.slice(0, 7), revisions]);
    };
    assert.deepEqual(await closed(), []);
    await energy("a", measured(WEB, at(-24 * HOUR)));
    assert.deepEqual(await closed(), [["2026-02", 1]]);
    assert.deepEqual(await closed(), [["2026-02", 1]]);
    // Nobody was there to close December; nothing is known of January.
    await energy("old", measured(WEB, at(-70 * 24 * HOUR)));
    const twice = [await closed(), await closed()];
    const known = [
      ["2025-12", 1],
      ["2026-02", 1],
    ];
    assert.deepEqual(twice, [known, known]);
  });

  it("says once of each month that it has no record", async () => {
    const told: unknown[] = [];
    const first: { record?: number } = {};
    const closer = new MonthCloser({
      rollUps: { firstRecord: () => Promise.resolve(first.record) },
      reports: { latest: () => Promise.resolve(undefined) },
      reporter: { close: () => Promise.reject(new MnoError("MNO_REPORT_EMPTY", "nothing")) },
      clock: new ManualClock(START),
      log: { info: ({ report: id }: { report?: string }) => told.push(id) } as unknown as Logger,
      afterDays: 0,
    });
    await closer.round();
    await closer.round();
    first.record = START - 40 * 24 * HOUR;
    await closer.round();
    await closer.round();
    assert.deepEqual(told, [undefined, "rpt_2026010100_2026020100", "rpt_2026020100_2026030100"]);
  });

  it("knows the months that are over by the calendar, from that of the first record on", () => {
    const months = (now: number, days: number, first: number) => monthsToClose(now, days, first);
    const month = (year: number, index: number) => ({
      from: Date.UTC(year, index, 1),
      to: Date.UTC(year, index + 1, 1),
    });
    const inDecember = Date.UTC(2025, 11, 31);
    assert.deepEqual(months(Date.UTC(2026, 0, 8), 7, inDecember), [month(2025, 11)]);
    assert.deepEqual(months(Date.UTC(2026, 1, 7, 23), 7, inDecember), [month(2025, 11)]);
    assert.deepEqual(months(Date.UTC(2026, 1, 8), 7, inDecember), [month(2025, 11), month(2026, 0)]);
    assert.deepEqual(months(Date.UTC(2026, 1, 8), 7, Date.UTC(2026, 1, 1)), []);
    assert.deepEqual(months(Date.UTC(2028, 2, 1), 0, Date.UTC(2028, 1, 29)), [month(2028, 1)]);
    assert.equal(months(Date.UTC(2028, 2, 1), 0, 0).length, 12);
  });

  it("refuses rules that contradict themselves, all at once", async () => {
    const instrument = {
      name: "i",
      region: "r",
      kind: "certificate",
      gramsPerKwh: 0,
      kwh: 1,
      renewable: true,
      source: "s",
    };
    const mix = { region: "r", gramsPerKwh: 1, source: "s" };
    const backwards = { ...instrument, from: DAY.to, to: DAY.from };
    const leap = { ...instrument, from: "2016-12-31T23:59:60Z", to: DAY.to };
    const starting = start({
      MNO_SR_INSTRUMENTS: JSON.stringify([backwards, leap]),
      MNO_SR_RESIDUAL_MIXES: JSON.stringify([mix, mix]),
    });
    await assert.rejects(starting, (error: MnoError) => {
      assert.equal(error.code, "MNO_CONFIG_INVALID");
      assert.match(error.message, /INSTRUMENTS\/0 is valid until .* not after/);
      assert.match(error.message, /INSTRUMENTS\/1\/from 2016-12-31T23:59:60Z is no time/);
      assert.match(error.message, /more than one mix of r/);
      return true;
    });
  });
});

type Injected = { statusCode: number; headers: Record<string, unknown>; body: string };

/** The answer as it went out, which `call` would parse. */
async function inject(agent: TestAgent, url: string): Promise<Injected> {
  const { http } = (agent as unknown as { app: Awaited<ReturnType<typeof createApp>> }).app;
  return await http.inject({ method: "GET", url, headers: { host: "localhost" } });
}
const text = async (agent: TestAgent, url: string): Promise<string> => (await inject(agent, url)).body;
