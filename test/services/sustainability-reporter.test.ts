import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "@nats-io/transport-node";
import type { EventBus } from "../../runtime/kernel/events/bus";
import type { EventData } from "../../runtime/kernel/events/catalogue";
import type { CloudEvent } from "../../runtime/kernel/events/cloudevent";
import { createEvent } from "../../runtime/kernel/events/codec";
import { natsNames } from "../../runtime/kernel/events/nats/options";
import { openBus } from "../../runtime/kernel/events/open";
import { enqueue, openOutbox } from "../../runtime/kernel/events/outbox";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { sustainabilityReporter } from "../../runtime/sustainability/sustainability-reporter/agent";
import { microGrams, nanoKwh, parseDecimal } from "../../runtime/sustainability/sustainability-reporter/amounts";
import type { ReportBody } from "../../runtime/sustainability/sustainability-reporter/engine";
import { HOUR } from "../../runtime/sustainability/sustainability-reporter/record";
import type { RevisionAnswer } from "../../runtime/sustainability/sustainability-reporter/schemas";
import { busDependencies } from "../contract/bus";
import { NatsProcess } from "../support/nats-process";
import { eventually } from "../support/platform";
import { PostgresServer } from "../support/postgres-server";
import { silent, TestAgent } from "../unit/auto-scaling-engine/fakes";
import { measured, START, time } from "../unit/sustainability-reporter/support";

const MEASURED = "mno.sustainability.energy.measured";
const DAY = { from: time(START), to: time(START + 24 * HOUR) };
const ID = "rpt_2026030100_2026030200";
const RECORDS = 120;

/** Records of two days: odd names, amounts from 1e-9 kWh to 2.2 GWh (a double no longer holds 1e-9 kWh beyond 2.25), both signals. */
function recordOf(index: number): EventData<typeof MEASURED> {
  const from = START + ((index * 1379) % 2880) * 60_000;
  const amount = [1, 999_999_999, 2.2e15 - 1 - index, 123_456_789][index % 4]!;
  const name = ["web", `"O'Brien" <a&b>`, "zażółć 😀", "=1+1"][index % 4]!;
  return measured(
    [
      { workload: name, tenant: index % 3 === 0 ? "acme" : `tenant/${String(index % 5)}`, energy: amount, carbon: 7 },
      { kind: "idle", energy: 1, carbon: amount - 7 > 0 ? amount - 7 : 0, embodied: amount },
    ],
    {
      node: `node-${String(index % 6)}`,
      region: index % 2 === 0 ? "eu-central-1" : "eu-north-1",
      signal: index % 7 === 0 ? "marginal" : "average",
      from: time(from),
      to: time(from + 60_000),
    },
  );
}

const idOf = (index: number): string => `event-${String(index)}`;
const inDay = (index: number): boolean => recordOf(index).from < DAY.to;

describe("the sustainability reporter over PostgreSQL and NATS", function () {
  this.timeout(90_000);
  const postgres = new PostgresServer();
  const name = `t${randomUUID().slice(0, 8)}`;
  const databases: Database[] = [];
  const buses: EventBus[] = [];
  const replicas: TestAgent[] = [];
  let nats: NatsProcess;
  let embedded: TestAgent;
  let relay: Awaited<ReturnType<typeof openOutbox>>;

  before(async () => {
    await Promise.all([postgres.create(), NatsProcess.start().then((server) => (nats = server))]);
    await postgres.start();
    for (let replica = 0; replica < 2; replica += 1) {
      const database = await openDatabase(postgres.url, { log: silent });
      const options = { name, maxBytes: 50_000_000, ackWaitMilliseconds: 1000, leaseMilliseconds: 1000 };
      const bus = await openBus(nats.url, busDependencies(), { nats: options });
      databases.push(database);
      buses.push(bus);
      replicas.push(new TestAgent(database, { bus, leads: replica === 0 }));
    }
    const { clock, log } = busDependencies();
    relay = await openOutbox(databases[0]!, buses[0]!, { clock, log });
    databases.push(await openDatabase("pglite:memory", { log: silent }));
    embedded = new TestAgent(databases[2]!);
    for (const agent of [...replicas, embedded]) {
      await agent.clock.advance(START + 72 * HOUR - agent.clock.now());
      await agent.start(sustainabilityReporter);
    }
  });

  after(async () => {
    for (const agent of [...replicas, embedded]) await agent?.stop();
    await relay?.stop();
    for (const bus of buses) await bus.close();
    for (const database of databases) await database.close();
    await Promise.all([nats?.remove(), postgres.remove()]);
  });

  const eventOf = (index: number): CloudEvent =>
    createEvent(
      { type: MEASURED, source: "/mno/carbon-monitor", subject: recordOf(index).node, data: recordOf(index) },
      { ...busDependencies(), id: () => idOf(index) },
    );
  /** As the monitor does: in one transaction with its own rows, through the outbox. */
  const emit = async (from: number, to: number): Promise<void> => {
    const events = Array.from({ length: to - from }, (_, offset) => eventOf(from + offset));
    await databases[0]!.transaction((tx) => enqueue(tx, events));
    relay.nudge();
  };
  /** The event in the log a second time, which the bus itself would have refused. */
  const again = async (indices: readonly number[]): Promise<void> => {
    const connection = await connect({ servers: nats.url });
    for (const index of indices) {
      await connection.request(natsNames(name).eventSubject(MEASURED), JSON.stringify(eventOf(index)));
    }
    await connection.close();
  };
  const counted = (count: number): Promise<true> =>
    eventually(`${String(count)} events are counted`, 40, async () => {
      const [row] = await databases[1]!.query<{ n: number }>("SELECT count(*) AS n FROM sr_events");
      return row!.n === count && (await buses[1]!.lag("sustainability-reporter")) === 0 ? true : undefined;
    });
  const close = async (agent: TestAgent, body: object = DAY) => {
    const { status, body: answer } = await agent.call("POST", "/v1/reports", body);
    return { status, ...(answer as RevisionAnswer) };
  };
  const bodyOf = async (agent: TestAgent, url = `/v1/reports/${ID}`): Promise<ReportBody> =>
    (await agent.call("GET", url)).body as ReportBody;

  it("counts each event once across a change of leader, an event stored twice, and a database that went away", async () => {
    const [first, second] = replicas as [TestAgent, TestAgent];
    await emit(0, 50);
    await again([3, 4, 5]);
    // The leader goes in the middle of the work; what it had not finished is delivered to the next one.
    await first.retire();
    await second.lead();
    await emit(50, 90);
    await counted(90);
    await postgres.crash();
    await again([7, 8]);
    await postgres.start();
    await eventually("the database is back", 30, () =>
      databases[0]!.ping().then(
        () => true,
        () => undefined,
      ),
    );
    await emit(90, RECORDS);
    await counted(RECORDS);
  });

  it("closes a period once, whichever replicas are asked at once, to the sum of the raw records", async () => {
    const closed = await Promise.all(replicas.map((agent) => close(agent)));
    assert.deepEqual(closed.map(({ status }) => status).sort(), [200, 201]);
    assert.equal(closed[0]!.sha256, closed[1]!.sha256);
    const { totals, quality } = await bodyOf(replicas[0]!);
    const raw = Array.from({ length: RECORDS }, (_, index) => index)
      .filter(inDay)
      .map(recordOf);
    assert.ok(raw.length > 40 && raw.length < RECORDS);
    assert.equal(quality.records, String(raw.reduce((all, { parts }) => all + parts.length, 0)));
    const total = (of: (data: EventData<typeof MEASURED>) => bigint): bigint =>
      raw.reduce((all, data) => all + of(data), 0n);
    assert.equal(
      parseDecimal(totals.energyKwh, 9),
      total(({ energyKwh }) => nanoKwh(energyKwh)),
    );
    const carbon = (signal: string) =>
      total(({ intensity, gramsCo2e }) => (intensity.signal === signal ? microGrams(gramsCo2e) : 0n));
    assert.equal(parseDecimal(totals.locationBasedGramsCo2e, 6), carbon("average"));
    assert.equal(parseDecimal(totals.marginalGramsCo2e!, 6), carbon("marginal"));
    assert.ok(parseDecimal(totals.energyKwh, 9) > 2n ** 53n, "more than a double could tell apart");
  });

  it("makes the same bytes as PGlite does of the same events in another order", async () => {
    for (let index = RECORDS - 1; index >= 0; index -= 1) {
      await embedded.bus.deliver(MEASURED, idOf(index), recordOf(index));
    }
    const there = await close(embedded);
    const here = await close(replicas[0]!);
    assert.equal(there.sha256, here.sha256);
    for (const format of ["csv", "html", "impact-framework", "esrs", "ghg-protocol", "json"]) {
      const query = `/v1/reports?from=${time(START + 5 * HOUR)}&to=${time(START + 31 * HOUR)}&format=${format}`;
      const [a, b] = await Promise.all([embedded, replicas[1]!].map((agent) => agent.text(query)));
      assert.equal(a, b, format);
    }
  });

  it("restates once for late events, though both replicas look for them", async () => {
    await emit(RECORDS, RECORDS + 40);
    await counted(RECORDS + 40);
    await replicas[0]!.lead();
    await Promise.all(replicas.map((agent) => agent.loop("restate")));
    const { items } = (await replicas[0]!.call("GET", `/v1/reports/${ID}/revisions`)).body as {
      items: RevisionAnswer[];
    };
    assert.equal(items.length, 2);
    assert.match(items[1]!.reason, /came after the period was closed/);
    const restated = items[1]!.changes.find(({ path }) => path === "/totals/energyKwh")!;
    const body = await bodyOf(replicas[1]!);
    assert.equal(restated.after, body.totals.energyKwh);
    assert.notEqual(restated.before, restated.after);
  });
});
