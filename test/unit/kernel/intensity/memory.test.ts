import assert from "node:assert/strict";
import type { Logger } from "pino";
import { ManualClock } from "../../../../runtime/kernel/clock";
import { IntensityChain } from "../../../../runtime/kernel/intensity/chain";
import { FeedFault } from "../../../../runtime/kernel/intensity/feed";
import { ISSUED_EVERY_MS } from "../../../../runtime/kernel/intensity/member";
import { DatabaseFeedMemory } from "../../../../runtime/kernel/intensity/memory";
import { DAY_MS, HOUR_MS } from "../../../../runtime/kernel/intensity/series";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { FakeFeed, hours, NOW } from "../../../support/intensity/feeds";
import { silent } from "../../auto-scaling-engine/fakes";

const START = Math.floor(NOW / DAY_MS) * DAY_MS;
const solar = (time: number): number =>
  300 - 120 * Math.max(0, Math.sin((((time / HOUR_MS) % 24) - 6) * (Math.PI / 12)));
const truth = (from: number, to: number) =>
  hours(
    from,
    Array.from({ length: (to - from) / HOUR_MS }, (_, hour) => solar(from + hour * HOUR_MS)),
  );

/** Measures the sun, and foretells the opposite. */
class Liar extends FakeFeed {
  constructor(private readonly clock: ManualClock) {
    super("liar");
  }
  override measured: FakeFeed["measured"] = async () => {
    if (this.says instanceof Error) throw this.says;
    const now = Math.floor(this.clock.now() / HOUR_MS) * HOUR_MS;
    return { points: truth(now - DAY_MS, now), source: "sun" };
  };
  override forecast = async (_region: string, from: number, to: number) => ({
    points: truth(from, to).map((point) => ({ ...point, gramsPerKwh: 480 - point.gramsPerKwh })),
    source: "sun, forecast",
    generatedAt: this.clock.now(),
  });
}

describe("memory of feeds", () => {
  let database: Database;
  let clock: ManualClock;
  let feed: Liar;
  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async () => {
    await database.query("DROP TABLE IF EXISTS intensity_measured, intensity_issued, mno_migrations");
    clock = new ManualClock(START);
    feed = new Liar(clock);
  });

  /** What a process begins with. */
  const begin = (over: Database = database, log: Logger = silent) => {
    const memory = new DatabaseFeedMemory(over, log, ISSUED_EVERY_MS);
    return { memory, chain: new IntensityChain({ feeds: [feed], clock, timeoutMilliseconds: 1000, memory }) };
  };
  const forecast = (chain: IntensityChain) => chain.forecast("ES", clock.now(), clock.now() + DAY_MS);
  const days = async (chain: IntensityChain, count: number): Promise<void> => {
    for (let round = 0; round < count * 8; round += 1) {
      await forecast(chain);
      await clock.advance(3 * HOUR_MS);
    }
  };

  it("keeps a feed that was found out from being trusted again after a restart", async () => {
    const first = begin();
    assert.match((await forecast(first.chain)).why, /not judged yet/);
    await days(first.chain, 3);
    const { by, errorShare, why } = await forecast(first.chain);
    assert.equal(by, "persistence");
    await first.memory.close();
    const second = begin();
    assert.deepEqual(
      await forecast(second.chain).then((after) => ({ by: after.by, errorShare: after.errorShare, why: after.why })),
      { by, errorShare, why },
    );
  });

  it("gives what was measured before the restart, as stale, while the feed is away", async () => {
    const first = begin();
    const { point } = await first.chain.now("ES");
    await first.memory.close();
    feed.says = new FeedFault("cannot be reached");
    const now = await begin().chain.now("ES");
    assert.deepEqual([now.stale, now.source, now.point], [true, "sun", point]);
  });

  it("forgets after eight days, and keeps one forecast of three hours, whoever asked for it", async () => {
    const first = begin();
    const second = begin();
    await Promise.all([forecast(first.chain), forecast(second.chain)]);
    await days(first.chain, 10);
    await Promise.all([first.memory.close(), second.memory.close()]);
    const [count] = await database.query<{ n: number; first: number }>(
      "SELECT count(*) AS n, min(at_ms) AS first FROM intensity_issued",
    );
    assert.ok(count!.n <= 8 * 8 + 1, String(count!.n));
    assert.ok(count!.first >= clock.now() - 9 * DAY_MS);
  });

  it("goes on without the database, says so in the log, and reads it when it is back", async () => {
    const first = begin();
    await days(first.chain, 3);
    await first.memory.close();
    const told: string[] = [];
    const log = { warn: (_: object, text: string) => told.push(text) } as unknown as Logger;
    let away = true;
    const flaky = new Proxy(database, {
      get: (target, member: keyof Database) =>
        away && member === "query"
          ? () => Promise.reject(new Error("away"))
          : (target[member] as (...all: unknown[]) => unknown).bind(target),
    });
    const { chain } = begin(flaky, log);
    assert.equal((await forecast(chain)).by, "feed");
    assert.match(told.join(), /could not be read/);
    away = false;
    await clock.advance(10 * 60_000);
    assert.equal((await forecast(chain)).by, "persistence");
  });
});
