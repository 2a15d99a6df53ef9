import assert from "node:assert/strict";
import fc from "fast-check";
import { FeedFault } from "../../../../../runtime/kernel/intensity/feed";
import {
  ElectricityMapsFeed,
  parseElectricityMaps,
} from "../../../../../runtime/kernel/intensity/feeds/electricity-maps";
import { DAY_MS, HOUR_MS } from "../../../../../runtime/kernel/intensity/series";
import { answer, answering, clockAt, faultOf, NOW } from "../../../../support/intensity/feeds";

const { signal } = new AbortController();

function feedOf(zones: Record<string, string> = {}) {
  const { fetch, asked } = answering({
    history: answer("electricity-maps-history.json"),
    "past-range": answer("electricity-maps-past-range.json"),
    forecast: answer("electricity-maps-forecast.json"),
  });
  return { feed: new ElectricityMapsFeed({ token: "secret", fetch, clock: clockAt(), zones }), asked };
}

describe("Electricity Maps feed", () => {
  it("reads the last day, for a cloud region by its zone, with the token in its header", async () => {
    const { feed, asked } = feedOf();
    const { points, source } = await feed.measured("eu-south-2", NOW - DAY_MS, NOW, signal);
    assert.equal(points.length, 23);
    assert.deepEqual(points.at(-1), {
      from: Date.parse("2026-11-23T12:00:00Z"),
      to: Date.parse("2026-11-23T13:00:00Z"),
      gramsPerKwh: 171,
      estimated: true,
    });
    assert.equal(source, "Electricity Maps API v3, zone ES");
    assert.deepEqual(
      asked.map(({ path, query, headers }) => [path, query.toString(), headers["auth-token"]]),
      [["/v3/carbon-intensity/history", "zone=ES", "secret"]],
    );
  });

  it("leaves an hour whose figure is null a gap", async () => {
    const { feed } = feedOf();
    const { points } = await feed.measured("ES", NOW - DAY_MS, NOW, signal);
    const gap = Date.parse("2026-11-22T18:00:00Z");
    assert.ok(!points.some(({ from, to }) => from <= gap && gap < to));
    assert.ok(points.every(({ from, to }) => to - from === HOUR_MS));
  });

  it("asks for an older range in pieces of ten days", async () => {
    const { feed, asked } = feedOf();
    await feed.measured("ES", NOW - 25 * DAY_MS, NOW, signal);
    assert.deepEqual(
      asked.map(({ query }) => query.get("start")),
      [25, 15, 5].map((days) => new Date(NOW - days * DAY_MS).toISOString()),
    );
  });

  it("reads a forecast of the horizon that is needed", async () => {
    const { feed, asked } = feedOf();
    const forecast = await feed.forecast("ES", NOW, NOW + 30 * HOUR_MS, signal);
    assert.equal(asked[0]?.query.get("horizonHours"), "48");
    assert.equal(forecast.generatedAt, Date.parse("2026-11-23T12:02:11Z"));
    assert.equal(forecast.points[0]?.gramsPerKwh, 217);
    assert.ok(forecast.points.every(({ estimated }) => estimated));
  });

  it("does not take the answer of another zone", async () => {
    const { feed } = feedOf();
    const fault = await faultOf(() => feed.measured("PT", NOW - DAY_MS, NOW, signal));
    assert.match(fault.message, /another zone than PT/);
  });

  it("knows zones, cloud regions and what the configuration names, and no others", async () => {
    const { feed } = feedOf({ plant: "ES" });
    const known = await Promise.all(
      ["ES", "US-CAL-CISO", "eu-south-2", "plant", "mars-1", "constructor"].map((r) => feed.knows(r)),
    );
    assert.deepEqual(known, [true, true, true, true, false, false]);
    assert.ok((await feed.regions()).includes("plant"));
  });

  it("reads or refuses whatever comes, and never does anything else (fuzz)", () => {
    const row = fc.record({
      datetime: fc.oneof(
        fc.constant("2026-11-23T12:00:00Z"),
        fc.string(),
        fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
      ),
      carbonIntensity: fc.oneof(fc.double(), fc.string(), fc.constant(null)),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => JSON.parse(text) as unknown),
          fc.record({ history: fc.array(fc.oneof(row, fc.anything())) }),
        ),
        (body) => {
          try {
            for (const { from, to } of parseElectricityMaps(body, "history")) assert.ok(from < to);
          } catch (error) {
            assert.ok(error instanceof FeedFault, String(error));
          }
        },
      ),
    );
  });
});
