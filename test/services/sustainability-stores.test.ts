import assert from "node:assert/strict";
import type { CloudEvent } from "../../runtime/kernel/events/cloudevent";
import { createEvent } from "../../runtime/kernel/events/codec";
import { OUTBOX_MIGRATIONS } from "../../runtime/kernel/events/outbox";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import type { Plan } from "../../runtime/sustainability/energy-optimizer/plan";
import { EnergyStore } from "../../runtime/sustainability/energy-optimizer/store";
import { type Account, type JobRecord, newRecord } from "../../runtime/sustainability/green-scheduler/jobs/record";
import { SchedulerStore } from "../../runtime/sustainability/green-scheduler/store";
import { busDependencies } from "../contract/bus";
import { PostgresServer } from "../support/postgres-server";
import { silent } from "../unit/auto-scaling-engine/fakes";
import { INTENSITY } from "../unit/energy-optimizer/fixtures";
import { measured, START, time } from "../unit/sustainability-reporter/support";

const HOUR = 3_600_000;

/** Two replicas' connections to one database. */
type Pair = readonly [Database, Database];

describe("the stores of the green scheduler and the energy optimizer on PostgreSQL", function () {
  this.timeout(60_000);
  const postgres = new PostgresServer();
  let served: Pair;
  let embedded: Pair;

  before(async () => {
    await postgres.create();
    await postgres.start();
    const open = (url: string) => openDatabase(url, { log: silent });
    served = [await open(postgres.url), await open(postgres.url)];
    const one = await open("pglite:memory");
    embedded = [one, one];
    for (const [database] of [served, embedded]) await database.migrate("outbox", OUTBOX_MIGRATIONS);
  });
  after(async () => {
    for (const database of new Set([...(served ?? []), ...(embedded ?? [])])) await database.close();
    await postgres.remove();
  });

  /** The same work on both, which must come to the same; returns what it came to. */
  async function alike<T>(work: (pair: Pair) => Promise<T>): Promise<T> {
    const here = await work(served);
    assert.deepEqual(here, await work(embedded));
    return here;
  }
  const outboxOf = async (database: Database): Promise<string[]> =>
    (await database.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id")).map(({ event }) => event.id);

  const account: Account = {
    region: "eu-north-1",
    energyKwh: 0.1 + 0.2,
    gramsCo2e: 1234.567891,
    baselineGramsCo2e: 9_007_199_254.5,
    deadlineMet: true,
    intensity: { ...INTENSITY },
    method: "test",
  };
  const job = (id: string, changes: Partial<JobRecord> = {}): JobRecord =>
    newRecord({
      id,
      name: "report 'q4' 😀",
      origin: "caller",
      tenant: null,
      submittedAt: START,
      cores: 0.1,
      replicas: 1,
      ...changes,
    });
  const over = (id: string): JobRecord => job(id, { state: "succeeded", finishedAt: START + HOUR, account });
  const event = (id: string): CloudEvent =>
    createEvent(
      { type: "mno.sustainability.energy.measured", source: "/mno/test", subject: "n", data: measured([]) },
      { ...busDependencies(), id: () => id },
    );

  it("keep a job through a change of leader: revisions, run times, accounts and events are PGlite's", async () => {
    const { savings, times, events } = await alike(async ([first, second]) => {
      const [leader, heir] = [new SchedulerStore(first), new SchedulerStore(second)];
      await Promise.all([leader.migrate(), heir.migrate()]);
      const stored = await leader.save({ record: job("job_1"), revision: 0 });
      const [read] = await heir.unsettled();
      assert.deepEqual(read, stored);
      assert.equal(await heir.save({ record: job("job_2"), revision: 0 }), undefined, "a second open one of its name");
      const runSeconds = { key: "nightly", seconds: 1 / 3 };
      const ended = await heir.save({
        record: over("job_1"),
        revision: read!.revision,
        runSeconds,
        event: event("e1"),
      });
      // The old leader comes late, with a revision that is gone: nothing of its change is stored.
      const late = { record: job("job_1"), revision: read!.revision, event: event("e2") };
      assert.equal(await leader.save(late), undefined);
      return {
        ended,
        job: await leader.job("report 'q4' 😀"),
        unsettled: await leader.unsettled(),
        savings: await leader.savings(START, START + 2 * HOUR),
        times: [...(await leader.runTimes(["nightly", "none"]))],
        events: await outboxOf(first),
      };
    });
    const [{ energyKwh, gramsCo2e, baselineGramsCo2e, jobs }] = savings as [(typeof savings)[number]];
    assert.deepEqual([jobs, energyKwh, gramsCo2e, baselineGramsCo2e], [1, 0.3, 1234.567891, 9_007_199_254.5]);
    assert.deepEqual(times, [["nightly", [{ seconds: 1 / 3, finished: true }]]]);
    assert.deepEqual(events, ["e1"]);
  });

  it("let one of many writers at once have a job", async () => {
    const stores = [...served, ...served, ...served, ...served].map((database) => new SchedulerStore(database));
    const stored = await stores[0]!.save({ record: job("job_race", { name: "race" }), revision: 0 });
    const saved = await Promise.all(
      stores.map((store, index) =>
        store.save({
          record: { ...stored!.record, replicas: index + 1 },
          revision: 1,
          event: event(`r${String(index)}`),
        }),
      ),
    );
    const winners = saved.filter((one) => one !== undefined);
    assert.equal(winners.length, 1);
    assert.deepEqual(await stores[1]!.job("race"), winners[0]);
    assert.equal((await outboxOf(served[0])).filter((id) => id.startsWith("r")).length, 1);
  });

  const plan = (id: string, state: Plan["state"]): Plan => ({
    id,
    kind: "sleep",
    state,
    createdAt: time(START),
    approvedAt: null,
    appliedAt: null,
    region: "DE",
    workloads: ['"web"'],
    nodes: ["node-1"],
    emptied: [],
    action: { do: "steps", steps: ["it's by hand"] },
    expected: {
      kwh: { value: 0.1 + 0.2, low: 0, high: 1e-9 },
      gramsCo2e: { value: 1, low: 0, high: 2 },
      intensity: INTENSITY,
      baselineKwh: 1e15,
      realisation: 1,
      method: "test",
    },
    risk: "none",
    disruption: "none",
    undo: "none",
    reasons: ["zażółć"],
    measured: null,
    note: "",
  });

  it("count the optimizer's stretches once, sum them as PGlite does, and give plans back as they were", async () => {
    const { energy, plans, states } = await alike(async ([first, second]) => {
      const [leader, heir] = [new EnergyStore(first), new EnergyStore(second)];
      await Promise.all([leader.migrate(), heir.migrate()]);
      const from = START + 59.5 * 60_000;
      const stretch = measured([{ workload: "web", energy: 123_456_789, carbon: 7 }], {
        from: time(from),
        to: time(from + 60_000),
      });
      await Promise.all([leader, heir, leader, heir].map((store) => store.measured(stretch)));
      await leader.sample(new Map([["web", 1 / 3]]), START);
      await heir.sample(new Map([["web", 0.1]]), START + 60_000);
      await leader.propose("sleep/web", plan("pl_1", "proposed"), []);
      await heir.propose("sleep/web", plan("pl_2", "proposed"), []);
      const approved = await Promise.all(
        [leader, heir].map((store) => store.save(plan("pl_2", "approved"), "proposed")),
      );
      assert.deepEqual(approved.sort(), [false, true]);
      return {
        energy: await leader.energy("workload", "web", START, START + 2 * HOUR),
        usage: [...(await heir.usage(60))],
        nodes: await leader.nodes(),
        plans: await heir.plans({ key: "sleep/web", limit: 10 }),
        states: (await leader.plans({ states: ["superseded"], limit: 10 })).map(({ id }) => id),
      };
    });
    assert.deepEqual(
      energy.map(({ seconds, kwh }) => [seconds, kwh]),
      [
        [30, 0.123456789 / 2],
        [30, 0.123456789 / 2],
      ],
    );
    assert.deepEqual(plans[0], plan("pl_2", "approved"));
    assert.deepEqual(states, ["pl_1"]);
  });
});
