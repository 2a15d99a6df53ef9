import assert from "node:assert/strict";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import { IntensityChain } from "../../../../runtime/kernel/intensity/chain";
import { FeedFault } from "../../../../runtime/kernel/intensity/feed";
import { profileFeed, staticFeed } from "../../../../runtime/kernel/intensity/feeds/tables";
import type { IntensityPoint } from "../../../../runtime/kernel/intensity/intensity";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../../runtime/kernel/intensity/series";
import { clockAt, day, FakeFeed, hours, NOW } from "../../../support/intensity/feeds";

const HOUR = Math.floor(NOW / HOUR_MS) * HOUR_MS;

interface Fixture {
  first: FakeFeed;
  second: FakeFeed;
  clock: ManualClock;
  chain: IntensityChain;
}

/** Two live feeds that both say a plausible day, before the tables. */
function fixture(now = NOW): Fixture {
  const first = new FakeFeed("first");
  const second = new FakeFeed("second");
  first.says = day(now);
  second.says = day(now).map((point) => ({ ...point, gramsPerKwh: point.gramsPerKwh + 1 }));
  const clock = clockAt(now);
  const feeds = [first, second, profileFeed({}), staticFeed({})];
  return { first, second, clock, chain: new IntensityChain({ feeds, clock, timeoutMilliseconds: 1000 }) };
}

const lastIs = (value: number): IntensityPoint[] => day().map((p, i) => (i === 23 ? { ...p, gramsPerKwh: value } : p));
const allAre = (value: number): IntensityPoint[] => day().map((p) => ({ ...p, gramsPerKwh: value }));
const shifted = (by: number): IntensityPoint[] => day().map((p) => ({ ...p, from: p.from + by, to: p.to + by }));

describe("chain of intensity feeds", () => {
  it("takes the first feed's last figure, with where it comes from", async () => {
    const { chain, second } = fixture();
    assert.deepEqual(await chain.now("ES"), {
      region: "ES",
      point: day().at(-1),
      signal: "average",
      source: "data of first",
      asOf: HOUR - HOUR_MS,
      method: "as the test says",
      stale: false,
      why: "",
    });
    assert.equal(second.asked, 0);
  });

  for (const [lie, says, why] of [
    ["negative values", allAre(-20), /first cannot be believed: 24 of 24 points: .* -20 g\/kWh is negative/],
    ["NaN", allAre(NaN), /first cannot be believed: .* is not a number/],
    ["zeros", allAre(0), /first cannot be believed: .* is 0, which no grid is/],
    ["more than any grid", allAre(25_000), /first cannot be believed: .* above 2000/],
    ["figures of the future", shifted(2 * DAY_MS), /first cannot be believed: 24 of 24 points: .* is in the future/],
    ["figures of long ago", shifted(-2 * DAY_MS), /first has no figure of the last day/],
    ["nothing", [], /first has no figure of the last day/],
  ] as const) {
    it(`passes over a feed that says ${lie}, and says why`, async () => {
      const { chain, first } = fixture();
      first.says = says;
      const now = await chain.now("ES");
      assert.deepEqual([now.source, now.point.gramsPerKwh, now.stale], ["data of second", 270, false]);
      assert.match(now.why, why);
    });
  }

  it("leaves out a single lie, says so, and takes the hour before", async () => {
    const { chain, first } = fixture();
    first.says = lastIs(0);
    const now = await chain.now("ES");
    assert.deepEqual([now.source, now.point.gramsPerKwh], ["data of first", 266]);
    assert.match(now.why, /first: left out 2026-11-23T11:00:00.000Z is 0/);
  });

  it("does not believe a thousandfold jump until it is confirmed", async () => {
    const { chain, first, clock } = fixture();
    await chain.now("ES");
    await clock.advance(HOUR_MS);
    first.says = [...day(), ...hours(HOUR, [0.2])];
    const jumped = await chain.now("ES");
    assert.equal(jumped.point.gramsPerKwh, 269);
    assert.match(jumped.why, /jumps to 0.2 from 269 g\/kWh and nothing confirms it/);
    await clock.advance(2 * HOUR_MS);
    first.says = [...day(), ...hours(HOUR, [20, 19, 18])];
    assert.equal((await chain.now("ES")).point.gramsPerKwh, 18);
  });

  it("passes over a feed that restates its day in another unit", async () => {
    const { chain, first, clock } = fixture();
    await chain.now("ES");
    await clock.advance(10 * MINUTE_MS);
    first.says = day().map((point) => ({ ...point, gramsPerKwh: point.gramsPerKwh / 1000 }));
    const now = await chain.now("ES");
    assert.equal(now.source, "data of second");
    assert.match(now.why, /first: cannot be believed: it contradicts itself/);
  });

  it("prefers a feed that moves to one that has said the same for a day", async () => {
    const { chain, first, second } = fixture();
    first.says = allAre(180);
    const now = await chain.now("ES");
    assert.equal(now.source, "data of second");
    assert.match(now.why, /first: has said the same value for a day or longer/);
    second.says = new FeedFault("is away");
    const only = fixture();
    only.first.says = allAre(180);
    only.second.says = new FeedFault("is away");
    const flat = await only.chain.now("ES");
    assert.deepEqual([flat.source, flat.stale], ["data of first", true]);
    assert.match(flat.why, /second is away; first is used all the same/);
  });

  it("passes over a feed that answers late, and aborts the question", async () => {
    const { chain, first, clock } = fixture();
    first.says = "never";
    const asking = chain.now("ES");
    await clock.advance(1000);
    const now = await asking;
    assert.equal(now.source, "data of second");
    assert.match(now.why, /first has not answered within 1 s/);
    assert.equal(first.signalled?.aborted, true);
  });

  it("uses a feed that stopped as stale for a while, before any table, and then no more", async () => {
    const { chain, first, second, clock } = fixture();
    second.says = new FeedFault("is away");
    await chain.now("ES");
    await clock.advance(3 * HOUR_MS);
    const stale = await chain.now("ES");
    assert.deepEqual([stale.source, stale.stale, stale.point.gramsPerKwh], ["data of first", true, 269]);
    assert.match(stale.why, /first: its last figure ended 3 h ago; .* first is used all the same/);
    first.says = new FeedFault("cannot be reached");
    await clock.advance(HOUR_MS);
    assert.match((await chain.now("ES")).why, /first: cannot be reached; its last figure ended 4 h ago/);
    await clock.advance(6 * HOUR_MS);
    const table = await chain.now("ES");
    assert.match(table.source, /Electricity Maps hourly data 2023/);
    assert.match(
      table.why,
      /first cannot be reached; second is away; profile is a table whose data end 1\d\d\d days ago/,
    );
    assert.equal(table.stale, true);
  });

  it("takes a fresh feed before a stale one", async () => {
    const { chain, first } = fixture();
    first.says = shifted(-3 * HOUR_MS);
    const now = await chain.now("ES");
    assert.deepEqual([now.source, now.stale], ["data of second", false]);
    assert.match(now.why, /first: its last figure ended 3 h ago/);
  });

  it("asks a feed once while its answer is new, however many ask", async () => {
    const { chain, first, clock } = fixture();
    await Promise.all([chain.now("ES"), chain.now("ES"), chain.now("ES")]);
    await clock.advance(4 * MINUTE_MS);
    await chain.now("ES");
    assert.equal(first.asked, 1);
    await clock.advance(MINUTE_MS);
    await chain.now("ES");
    assert.equal(first.asked, 2);
  });

  it("gives a feed the peace it asked for, for every region", async () => {
    const { first, second, clock } = fixture();
    first.says = new FeedFault("was asked too often", 10 * MINUTE_MS);
    const both = new FakeFeed("both", ["ES", "PT"]);
    both.says = first.says;
    second.says = day();
    const chain = new IntensityChain({ feeds: [both, second, staticFeed({})], clock, timeoutMilliseconds: 1000 });
    await chain.now("ES");
    await assert.rejects(chain.now("PT"), {
      code: "MNO_INTENSITY_UNAVAILABLE",
      message: /both was asked too often; not asked again before 2026-11-23T12:20:00/,
    });
    assert.equal(both.asked, 1);
    await clock.advance(10 * MINUTE_MS);
    await chain.now("ES");
    assert.equal(both.asked, 2);
  });

  it("pauses longer after each fault, and forgets them after an answer", async () => {
    const { chain, first, clock } = fixture();
    first.says = new FeedFault("is away");
    const asked: number[] = [];
    for (let seconds = 0; seconds < 120; seconds += 5) {
      const before = first.asked;
      await chain.now("ES");
      if (first.asked > before) asked.push(seconds);
      await clock.advance(5000);
    }
    assert.deepEqual(asked, [0, 15, 45, 105]);
  });

  it("never hides a fault of its own as one of the feed's", async () => {
    const { chain, first } = fixture();
    first.says = new TypeError("ours");
    await assert.rejects(chain.now("ES"), TypeError);
  });

  it("tells a region that nobody knows from one that nobody has figures of", async () => {
    const { first, clock, chain } = fixture();
    await assert.rejects(chain.now("mars-1"), {
      code: "MNO_INTENSITY_UNKNOWN_REGION",
      status: 404,
      message: /first does not know mars-1; .*MNO_INTENSITY_ZONES/,
    });
    first.says = new FeedFault("is away");
    const alone = new IntensityChain({ feeds: [first], clock, timeoutMilliseconds: 1000 });
    await assert.rejects(alone.now("ES"), { code: "MNO_INTENSITY_UNAVAILABLE", status: 503, message: /first is away/ });
  });

  it("refuses feeds of both signals", () => {
    const { first, second, clock } = fixture();
    second.signal = "marginal";
    assert.throws(() => new IntensityChain({ feeds: [first, second], clock, timeoutMilliseconds: 1000 }), {
      code: "MNO_CONFIG_INVALID",
      message: /mixes average and marginal intensity.*first \(average\), second \(marginal\)/,
    });
  });

  it("names every region that some feed knows, once", async () => {
    const { chain } = fixture();
    const regions = await chain.regions();
    assert.equal(regions.filter((region) => region === "ES").length, 1);
    assert.ok(regions.includes("eu-central-1") && regions.includes("US-CAL-CISO"));
  });
});

describe("history of intensity", () => {
  it("is cut to what was asked for and never asked twice", async () => {
    const { chain, first } = fixture();
    const series = await chain.history("ES", HOUR - 5 * HOUR_MS, HOUR - 2 * HOUR_MS);
    assert.deepEqual(
      series.points.map(({ gramsPerKwh }) => gramsPerKwh),
      [257, 260, 263],
    );
    assert.deepEqual([series.source, series.stale, series.why], ["data of first", false, ""]);
    await chain.history("ES", HOUR - 5 * HOUR_MS, HOUR - 2 * HOUR_MS);
    assert.equal(first.asked, 1);
  });

  it("comes from a feed that has all of it, before one that has a part", async () => {
    const { chain, first } = fixture();
    first.says = day().slice(0, 15);
    const series = await chain.history("ES", HOUR - DAY_MS, HOUR);
    assert.equal(series.source, "data of second");
    assert.match(series.why, /first: covers 63 % of the time asked for/);
  });

  it("comes from a table before a feed that has less than half of it", async () => {
    const { chain, first, second } = fixture();
    first.says = day().slice(0, 5);
    second.says = day().slice(0, 15);
    assert.equal((await chain.history("ES", HOUR - DAY_MS, HOUR)).source, "data of second");
    const less = fixture();
    less.first.says = day().slice(0, 5);
    less.second.says = [];
    const series = await less.chain.history("ES", HOUR - DAY_MS, HOUR);
    assert.match(series.source, /hourly data 2023/);
    assert.match(series.why, /first covers only 21 % of the time asked for/);
  });

  it("that a feed does not give leaves its last day alone", async () => {
    const { chain, first } = fixture();
    first.says = new FeedFault("does not allow this with the key (HTTP 403)");
    await chain.history("ES", NOW - 400 * DAY_MS, NOW - 399 * DAY_MS);
    first.says = day();
    assert.equal((await chain.now("ES")).source, "data of first");
  });

  it("needs a beginning before its end", async () => {
    await assert.rejects(fixture().chain.history("ES", NOW, NOW), { code: "MNO_REQUEST_INVALID" });
  });
});

describe("forecast of intensity", () => {
  const foretelling = (points: IntensityPoint[], generatedAt: number) => () =>
    Promise.resolve({ points, source: "forecast of first", generatedAt });
  const ahead = hours(
    HOUR,
    Array.from({ length: 24 }, (_, i) => 205 + 3 * i),
    true,
  );

  it("is the feed's, with no error while none of its past is known", async () => {
    const { chain, first } = fixture();
    first.forecast = foretelling(ahead, NOW - MINUTE_MS);
    const forecast = await chain.forecast("ES", NOW, NOW + DAY_MS);
    assert.deepEqual(
      [forecast.by, forecast.errorShare, forecast.generatedAt, forecast.source],
      ["feed", null, NOW - MINUTE_MS, "forecast of first"],
    );
    assert.match(forecast.why, /the forecast ends at 2026-11-24T12:00/);
  });

  it("is yesterday's hours where the feed has none or does not give it", async () => {
    const { chain, first } = fixture();
    const forecast = await chain.forecast("ES", HOUR, HOUR + 3 * HOUR_MS);
    assert.equal(forecast.by, "persistence");
    assert.deepEqual(
      forecast.points.map(({ gramsPerKwh }) => gramsPerKwh),
      [200, 203, 206],
    );
    const refused = fixture();
    refused.first.forecast = () => Promise.reject(new FeedFault("does not allow this with the key (HTTP 403)"));
    const instead = await refused.chain.forecast("ES", HOUR, HOUR + HOUR_MS);
    assert.equal(instead.by, "persistence");
    assert.match(instead.why, /no forecast: it does not allow this with the key/);
    assert.equal((await refused.chain.now("ES")).source, "data of first");
    first.says = [];
  });

  it("is yesterday's hours where the feed foretells another world, or has stopped to foretell", async () => {
    const lying = fixture();
    lying.first.forecast = foretelling(
      ahead.map((point) => ({ ...point, gramsPerKwh: point.gramsPerKwh / 1000 })),
      NOW,
    );
    const forecast = await lying.chain.forecast("ES", NOW, NOW + DAY_MS);
    assert.equal(forecast.by, "persistence");
    assert.match(forecast.why, /beyond belief: it is about 0.241 g\/kWh, where 236 was measured/);
    const stopped = fixture();
    stopped.first.forecast = foretelling(ahead, NOW - 2 * DAY_MS);
    assert.match(
      (await stopped.chain.forecast("ES", NOW, NOW + DAY_MS)).why,
      /no newer forecast than that of 48 h ago/,
    );
  });

  it("goes over to yesterday's hours when they were better on the same past", async () => {
    const { chain, first, second, clock } = fixture(HOUR);
    second.says = new FeedFault("is away");
    // The grid repeats itself every day; the feed foretells noon for midnight.
    const truth = (at: number): number => 200 + 80 * Math.sin((at / DAY_MS) * 2 * Math.PI);
    const seriesOf = (from: number, count: number, shift: number): IntensityPoint[] =>
      hours(
        from,
        Array.from({ length: count }, (_, i) => truth(from + (i + shift) * HOUR_MS)),
      );
    first.forecast = async (_region, from, to) => ({
      points: seriesOf(Math.floor(from / HOUR_MS) * HOUR_MS, Math.ceil((to - from) / HOUR_MS), 12),
      source: "forecast of first",
      generatedAt: clock.now(),
    });
    const seen: (string | null)[][] = [];
    for (let hour = 0; hour < 60; hour += 1) {
      first.says = seriesOf(clock.now() - DAY_MS, 24, 0);
      const { by, errorShare, why } = await chain.forecast("ES", clock.now(), clock.now() + DAY_MS);
      seen.push([by, errorShare === null ? null : errorShare.toFixed(3)]);
      if (hour === 59)
        assert.match(why, /root mean square error on \d+ past points: feed \d\d\.\d %, persistence 0.0 %/);
      await clock.advance(HOUR_MS);
    }
    assert.deepEqual(seen[0], ["feed", null]);
    assert.deepEqual(seen[59], ["persistence", "0.000"]);
  });

  it("is a table's when nobody else answers: a typical day, or flat, with no error anybody measured", async () => {
    const { chain, first, second } = fixture();
    first.says = new FeedFault("is away");
    second.says = new FeedFault("is away");
    const profile = await chain.forecast("ES", HOUR, HOUR + 5 * HOUR_MS);
    assert.deepEqual([profile.by, profile.errorShare, profile.points.length], ["profile", null, 5]);
    assert.match(profile.why, /first is away; second is away; profile is a table/);
    const flat = await chain.forecast("eu-central-1", HOUR, HOUR + 5 * HOUR_MS);
    assert.deepEqual([flat.by, flat.points.length, flat.stale], ["flat", 1, false]);
  });
});
