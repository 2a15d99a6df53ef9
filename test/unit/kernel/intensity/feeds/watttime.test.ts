import assert from "node:assert/strict";
import fc from "fast-check";
import { FeedFault } from "../../../../../runtime/kernel/intensity/feed";
import { parseWattTime, WattTimeFeed } from "../../../../../runtime/kernel/intensity/feeds/watttime";
import { HOUR_MS } from "../../../../../runtime/kernel/intensity/series";
import { answer, answering, clockAt, faultOf, NOW } from "../../../../support/intensity/feeds";

const { signal } = new AbortController();
const historical = JSON.parse(answer("watttime-historical.json"));

function feedOf(replies: Parameters<typeof answering>[0] = {}) {
  const { fetch, asked } = answering({
    login: answer("watttime-login.json"),
    historical: answer("watttime-historical.json"),
    forecast: answer("watttime-forecast.json"),
    ...replies,
  });
  const clock = clockAt();
  return { feed: new WattTimeFeed({ user: "user", password: "secret", fetch, clock, zones: {} }), asked, clock };
}

describe("WattTime feed", () => {
  it("logs in once and reads grams per kWh out of pounds per MWh", async () => {
    const { feed, asked, clock } = feedOf();
    const { points, source } = await feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal);
    assert.ok(Math.abs(points[0]!.gramsPerKwh - 394.6253619) < 1e-9);
    assert.deepEqual([points[3]!.gramsPerKwh, points[13]!.estimated, points[0]!.estimated], [0, true, false]);
    assert.equal(points[0]!.to - points[0]!.from, 300_000);
    assert.equal(source, "WattTime API v3, region CAISO_NORTH, model of 2026-03-01");
    await feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal);
    await clock.advance(26 * 60_000);
    await feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal);
    assert.deepEqual(
      asked.map(({ path }) => path),
      ["/login", "/v3/historical", "/v3/historical", "/login", "/v3/historical"],
    );
    assert.equal(asked[0]?.headers.authorization, `Basic ${Buffer.from("user:secret").toString("base64")}`);
    assert.equal(asked[1]?.headers.authorization, "Bearer header.payload.signature");
    assert.equal(asked[1]?.query.get("signal_type"), "co2_moer");
  });

  it("reads the forecast with the time at which it was made", async () => {
    const { feed, asked } = feedOf();
    const forecast = await feed.forecast("CAISO_NORTH", NOW, NOW + 30 * HOUR_MS, signal);
    assert.equal(forecast.generatedAt, Date.parse("2026-11-23T12:05:00Z"));
    assert.equal(asked.at(-1)?.query.get("horizon_hours"), "48");
  });

  it("logs in again, once, when its token ended early", async () => {
    const good = answer("watttime-historical.json");
    const { feed, asked } = feedOf({ historical: [good, { status: 401 }, good, { status: 401 }] });
    await feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal);
    await feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal);
    assert.equal(asked.filter(({ path }) => path === "/login").length, 2);
    const fault = await faultOf(() => feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal));
    assert.match(fault.message, /refused the key/);
    assert.equal(asked.filter(({ path }) => path === "/login").length, 3);
  });

  it("says that the password is wrong, and does not try it again at once", async () => {
    const { feed, asked } = feedOf({ login: { status: 401 } });
    const fault = await faultOf(() => feed.measured("us-west-1", NOW - HOUR_MS, NOW, signal));
    assert.match(fault.message, /refused the key \(HTTP 401\)/);
    assert.ok(!fault.message.includes("secret") && fault.retryAfterMilliseconds! >= 60_000);
    assert.equal(asked.length, 1);
  });

  it("does not take another unit, another signal or points without length", () => {
    const withMeta = (change: object) => ({ ...historical, meta: { ...historical.meta, ...change } });
    assert.throws(
      () => parseWattTime(withMeta({ units: "percentile" })),
      /another unit than lbs_co2_per_mwh: percentile/,
    );
    assert.throws(() => parseWattTime(withMeta({ signal_type: "co2_aoer" })), /another signal than co2_moer/);
    assert.throws(() => parseWattTime(withMeta({ data_point_period_seconds: 0 })), /last no time/);
  });

  it("is marginal, and knows only the regions it was told", async () => {
    const { feed } = feedOf();
    assert.equal(feed.signal, "marginal");
    assert.deepEqual(await Promise.all(["us-west-1", "CAISO_NORTH", "eu-west-1"].map((r) => feed.knows(r))), [
      true,
      true,
      false,
    ]);
  });

  it("reads or refuses whatever comes (fuzz)", () => {
    const body = fc.record({
      data: fc.array(fc.oneof(fc.anything(), fc.record({ point_time: fc.string(), value: fc.double() }))),
      meta: fc.oneof(fc.anything(), fc.constant(historical.meta)),
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), body), (value) => {
        try {
          for (const { from, to } of parseWattTime(value).points) assert.ok(from < to);
        } catch (error) {
          assert.ok(error instanceof FeedFault, String(error));
        }
      }),
    );
  });
});
