import assert from "node:assert/strict";
import { PGlite } from "@electric-sql/pglite";
import { pino } from "pino";
import { MnoError } from "../../../runtime/exports";
import { systemClock } from "../../../runtime/kernel/clock";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { enqueue, OUTBOX_MIGRATIONS, OutboxRelay } from "../../../runtime/kernel/events/outbox";
import type { Database, Queryable } from "../../../runtime/kernel/store/database";
import { Collector, eventually, hasCode, note, scaled } from "../../contract/bus";

describe("the outbox", function () {
  this.timeout(60_000);
  let pglite: PGlite;
  let database: Database;
  before(async () => {
    pglite = new PGlite("memory://");
    const over = (target: Pick<PGlite, "query">): Queryable => ({
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await target.query<Row>(sql, [...parameters])).rows,
    });
    database = {
      // As PostgreSQL, so that the lock among relays is exercised.
      engine: "postgres",
      ...over(pglite),
      transaction: (work) => pglite.transaction((tx) => work(over(tx as unknown as PGlite))),
      migrate: async (_, migrations) => void (await pglite.exec(migrations.map(({ sql }) => sql).join(";"))),
      ping: async () => undefined,
      close: () => pglite.close(),
    };
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
  });
  beforeEach(() => database.query("DELETE FROM outbox"));
  after(() => database.close());

  const left = async (): Promise<number> => (await database.query("SELECT 1 FROM outbox")).length;

  function relayTo(publish: (events: readonly CloudEvent[]) => Promise<void>, batchSize = 3): OutboxRelay {
    const bus = { publish } as unknown as EventBus;
    return new OutboxRelay(
      database,
      bus,
      { clock: systemClock, log: pino({ level: "silent" }) },
      { batchSize, pollMilliseconds: 3_600_000 },
    );
  }

  it("relays what was committed, in order, and nothing that was rolled back", async () => {
    const published = new Collector<CloudEvent>();
    const events = Array.from({ length: 8 }, (_, index) => scaled("a", String(index)));
    const relay = relayTo(async (batch) => batch.forEach((event) => published.add(event)));
    relay.start();
    await assert.rejects(
      database.transaction(async (tx) => {
        await enqueue(tx, [scaled("a", "rolled back")]);
        throw new Error("no");
      }),
    );
    await database.transaction((tx) => enqueue(tx, events));
    relay.nudge();
    assert.deepEqual(await published.count(8), events);
    await relay.stop();
    assert.equal(await left(), 0);
  });

  it("tries again while the bus is full, and publishes the same ids again after a crash before the delete", async () => {
    const event = scaled("a");
    await enqueue(database, [event]);
    const seen = new Collector<string>();
    let refusals = 2;
    const relay = relayTo(async ([first]) => {
      seen.add(first?.id ?? "");
      if (refusals-- > 0) throw new MnoError("MNO_BUS_FULL", "full");
    });
    relay.start();
    assert.deepEqual(await seen.count(3), [event.id, event.id, event.id]);
    await relay.stop();
    assert.equal(await left(), 0);
  });

  it("keeps everything when the relay stops while the bus refuses, and a later start finds it", async () => {
    await enqueue(database, [scaled("a", "1"), scaled("a", "2")]);
    const refused = new Collector<number>();
    const first = relayTo(async () => {
      refused.add(1);
      throw new MnoError("MNO_BUS_UNAVAILABLE", "away");
    });
    first.start();
    await refused.count(1);
    await first.stop();
    assert.equal(await left(), 2);
    const published = new Collector<string>();
    const second = relayTo(async (batch) => batch.forEach((event) => published.add(note(event))));
    second.start();
    assert.deepEqual(await published.count(2), ["1", "2"]);
    await second.stop();
    await eventually(left, (count) => count === 0);
  });

  it("refuses an invalid event in the caller's transaction", async () => {
    const bad = { ...scaled("a"), subject: "" };
    await assert.rejects(
      database.transaction((tx) => enqueue(tx, [bad])),
      hasCode("MNO_EVENT_INVALID"),
    );
    assert.equal(await left(), 0);
  });
});
