import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { EventBus } from "../../runtime/kernel/events/bus";
import type { EventData } from "../../runtime/kernel/events/catalogue";
import { openBus } from "../../runtime/kernel/events/open";
import { openOutbox } from "../../runtime/kernel/events/outbox";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { toNanoKwh } from "../../runtime/kernel/energy/exact";
import type { EnergyRecord } from "../../runtime/sustainability/carbon-monitor/record";
import { EnergyStore } from "../../runtime/sustainability/carbon-monitor/store";
import { busDependencies, readAll } from "../contract/bus";
import { NatsProcess } from "../support/nats-process";
import { eventually } from "../support/platform";
import { PostgresServer } from "../support/postgres-server";
import { NOW, silent, startAgent, type StartedAgent } from "../unit/carbon-monitor/support";

const NODES = JSON.stringify([{ node: "*", curveWatts: [100, 200], pue: 2, region: "here" }]);
// A minute is 5 Wh, at 400 g/kWh 2 g: the lines are passed in the first and in the third minute.
const BUDGETS = JSON.stringify([{ name: "all", limitGramsCo2e: 10, period: "day", percents: [20, 50] }]);
const ENVIRONMENT = { MNO_CARBON_NODES: NODES, MNO_CARBON_BUDGETS: BUDGETS };
const DAY = { from: NOW - 12 * 3_600_000, to: NOW + 12 * 3_600_000 };
const PERIOD = "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z";

describe("the carbon monitor over PostgreSQL and NATS", function () {
  this.timeout(90_000);
  const postgres = new PostgresServer();
  const databases: Database[] = [];
  const agents: StartedAgent[] = [];
  let nats: NatsProcess;
  let bus: EventBus;
  let relay: Awaited<ReturnType<typeof openOutbox>>;

  before(async () => {
    await Promise.all([postgres.create(), NatsProcess.start().then((server) => (nats = server))]);
    await postgres.start();
    for (const url of [postgres.url, postgres.url, "pglite:memory"]) {
      databases.push(await openDatabase(url, { log: silent }));
    }
    const { clock, log } = busDependencies();
    const options = { name: `t${randomUUID().slice(0, 8)}`, maxBytes: 10_000_000 };
    bus = await openBus(nats.url, busDependencies(), { nats: options });
    relay = await openOutbox(databases[0]!, bus, { clock, log });
  });
  after(async () => {
    for (const agent of agents) await agent.stop();
    await relay?.stop();
    await bus?.close();
    for (const database of databases) await database.close();
    await Promise.all([nats?.remove(), postgres.remove()]);
  });

  /** One replica leads for two minutes, then the other for three; the second begins where the first ended. */
  async function twoTerms(first: Database, second: Database): Promise<StartedAgent> {
    const begin = async (database: Database, now: number): Promise<StartedAgent> => {
      const agent = await startAgent(database, ENVIRONMENT, { now });
      agent.cluster.run("web", 4, 1, { tenant: "a \"tenant\" of 'O’Brien'" });
      agent.cluster.run("db", 1, 3);
      await agent.lead();
      return agent;
    };
    const one = await begin(first, NOW);
    await one.pass(120);
    await one.stop();
    const other = await begin(second, NOW + 120_000);
    await other.pass(180);
    agents.push(other);
    return other;
  }

  it("records through a change of leader what PGlite records, to the last digit, and sums it alike", async () => {
    const served = await twoTerms(databases[0]!, databases[1]!);
    const embedded = await twoTerms(databases[2]!, databases[2]!);
    const withoutIds = ({ id: _, ...record }: EnergyRecord): object => record;
    const [here, there] = await Promise.all(
      [databases[0]!, databases[2]!].map((database) => new EnergyStore(database).records(DAY.from, DAY.to, 100)),
    );
    assert.equal(here!.length, 5);
    assert.deepEqual(here!.map(withoutIds), there!.map(withoutIds));
    for (const url of [
      `/v1/energy?by=workload&${PERIOD}`,
      `/v1/energy?by=tenant&${PERIOD}`,
      `/v1/energy?by=node&${PERIOD}`,
      `/v1/sci?per=request&count=7&workload=web&${PERIOD}`,
    ]) {
      const answers = [await served.call("GET", url), await embedded.call("GET", url)];
      assert.equal(answers[0]!.status, 200);
      assert.deepEqual(answers[0]!.body, answers[1]!.body, url);
    }
    const sums = await new EnergyStore(databases[1]!).sums(undefined, DAY);
    assert.equal(
      sums[0]!.energy,
      here!.reduce((all, { energyKwh }) => all + toNanoKwh(energyKwh), 0n),
    );
  });

  it("emits each record and each line of a budget once, with the record's own figures", async () => {
    const stored = await eventually("all events are on the bus", 30, async () => {
      relay.nudge();
      const all = await readAll(bus);
      return all.length >= 7 ? all : undefined;
    });
    const events = stored.map(({ event }) => event);
    const records = await new EnergyStore(databases[1]!).records(DAY.from, DAY.to, 100);
    const measured = events.filter(({ type }) => type === "mno.sustainability.energy.measured");
    assert.deepEqual(
      measured.map(({ id, data }) => [id, (data as EventData<"mno.sustainability.energy.measured">).parts]),
      records.map(({ id, parts }) => [`${id}.measured`, parts.map(({ namespace: _, pod: __, ...part }) => part)]),
    );
    const crossed = events.filter(({ type }) => type === "mno.sustainability.budget.crossed");
    assert.deepEqual(
      crossed.map(({ data }) => (data as EventData<"mno.sustainability.budget.crossed">).percent),
      [20, 50],
    );
  });

  it("keeps one record of a stretch that two leaders saw, whole or not at all", async () => {
    const store = new EnergyStore(databases[0]!);
    const [record] = await store.records(DAY.from, DAY.to, 1);
    const write = (id: string, database: Database): Promise<boolean> => {
      const own = new EnergyStore(database);
      return own.transaction((tx) => own.add(tx, { ...record!, id, from: "2026-03-02T06:00:00.000Z" }));
    };
    const results = await Promise.allSettled([write("erg_a", databases[0]!), write("erg_b", databases[1]!)]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const [parts] = await databases[0]!.query<{ n: number }>(
      "SELECT count(*) AS n FROM cm_parts WHERE record_id IN ('erg_a', 'erg_b')",
    );
    assert.equal(parts!.n, record!.parts.length);
  });

  it("gives measurements back as doubles, newest first, and prunes", async () => {
    const points = [0.1, 1 / 3, Number.EPSILON, 123.45678901234568].map((watts, index) => ({
      utilisation: index / 7,
      watts,
    }));
    const seen = [];
    for (const database of [databases[0]!, databases[2]!]) {
      const store = new EnergyStore(database);
      for (const [index, point] of points.entries()) await store.addMeasurement("n9", NOW + index, "rapl", point);
      seen.push((await store.measurements("n9")).points.map(({ utilisation, watts }) => ({ utilisation, watts })));
      await store.prune(NOW + 180_000);
      assert.equal((await store.records(DAY.from, DAY.to, 100)).length, 2);
    }
    assert.deepEqual(seen[0], points.toReversed());
    assert.deepEqual(seen[1], seen[0]);
  });
});
