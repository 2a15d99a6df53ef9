import assert from "node:assert/strict";
import fc from "fast-check";
import { FeedFault } from "../../../../../runtime/kernel/intensity/feed";
import { parseUk, UkCarbonIntensityFeed } from "../../../../../runtime/kernel/intensity/feeds/uk-carbon-intensity";
import { DAY_MS, HOUR_MS } from "../../../../../runtime/kernel/intensity/series";
import { answer, answering, clockAt, NOW } from "../../../../support/intensity/feeds";

const { signal } = new AbortController();

function feedOf() {
  const { fetch, asked } = answering({ fw48h: answer("uk-forecast.json"), Z: answer("uk-intensity.json") });
  return { feed: new UkCarbonIntensityFeed({ fetch, clock: clockAt(), zones: {} }), asked };
}

describe("UK Carbon Intensity feed", () => {
  it("takes null for what it is: no figure, and never zero", async () => {
    const { feed, asked } = feedOf();
    const { points, source } = await feed.measured("eu-west-2", NOW - 5 * HOUR_MS, NOW, signal);
    assert.equal(asked[0]?.path, "/intensity/2026-11-23T07:10Z/2026-11-23T12:10Z");
    assert.match(source, /CC BY 4.0/);
    assert.ok(points.every(({ gramsPerKwh }) => gramsPerKwh > 0));
    // 09:00 closed hours ago without an actual: a gap.
    assert.ok(!points.some(({ from }) => from === Date.parse("2026-11-23T09:00:00Z")));
    assert.deepEqual(points[0], {
      from: Date.parse("2026-11-23T08:00:00Z"),
      to: Date.parse("2026-11-23T08:30:00Z"),
      gramsPerKwh: 149,
      estimated: false,
    });
  });

  it("takes the forecast for the half hour that has not closed, as an estimate", async () => {
    const { feed } = feedOf();
    const { points } = await feed.measured("GB", NOW - 5 * HOUR_MS, NOW, signal);
    const { from, gramsPerKwh, estimated } = points.at(-1)!;
    assert.deepEqual([from, gramsPerKwh, estimated], [Date.parse("2026-11-23T12:00:00Z"), 154, true]);
  });

  it("reads 48 hours of forecast", async () => {
    const { feed } = feedOf();
    const { points } = await feed.forecast("GB", NOW, NOW + DAY_MS, signal);
    assert.equal(points.length, 96);
    assert.equal(points[95]?.gramsPerKwh, 245);
  });

  it("asks for long times in pieces that the API allows", async () => {
    const { feed, asked } = feedOf();
    await feed.measured("GB", NOW - 30 * DAY_MS, NOW, signal);
    assert.equal(asked.length, 3);
  });

  it("knows Great Britain only", async () => {
    const { feed } = feedOf();
    assert.deepEqual(await feed.regions(), ["GB", "eu-west-2", "europe-west2"]);
    assert.deepEqual(await Promise.all(["GB", "europe-west2", "FR"].map((r) => feed.knows(r))), [true, true, false]);
  });

  it("reads or refuses whatever comes (fuzz)", () => {
    const row = fc.record({
      from: fc.constant("2026-11-23T12:00Z"),
      to: fc.constantFrom("2026-11-23T12:30Z", ""),
      intensity: fc.record({ forecast: fc.anything(), actual: fc.anything() }),
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ data: fc.array(fc.oneof(row, fc.anything())) })), (body) => {
        try {
          for (const { gramsPerKwh } of parseUk(body, "actual", 0)) assert.equal(typeof gramsPerKwh, "number");
        } catch (error) {
          assert.ok(error instanceof FeedFault, String(error));
        }
      }),
    );
  });
});
