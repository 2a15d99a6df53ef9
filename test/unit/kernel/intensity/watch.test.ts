import assert from "node:assert/strict";
import type { Logger } from "pino";
import { IntensityChain } from "../../../../runtime/kernel/intensity/chain";
import { FeedFault } from "../../../../runtime/kernel/intensity/feed";
import { staticFeed } from "../../../../runtime/kernel/intensity/feeds/tables";
import { HOUR_MS } from "../../../../runtime/kernel/intensity/series";
import { watchChain } from "../../../../runtime/kernel/intensity/watch";
import { createMetrics } from "../../../../runtime/kernel/telemetry/metrics";
import { clockAt, day, FakeFeed, hours, NOW } from "../../../support/intensity/feeds";

describe("watch on the chain of feeds", () => {
  const lines: [level: string, text: string, bindings: Record<string, unknown>][] = [];
  const line = (level: string) => (bindings: Record<string, unknown>, text: string) =>
    lines.push([level, text, bindings]);
  const log = { info: line("info"), warn: line("warn") } as unknown as Logger;

  it("counts by feed alone, and tells once when the chain falls back and once when it is back", async () => {
    lines.length = 0;
    const clock = clockAt();
    const metrics = createMetrics();
    const feed = new FakeFeed("live", ["europe-west3"]);
    feed.says = day();
    const feeds = [feed, staticFeed({})];
    const chain = new IntensityChain({
      feeds,
      clock,
      timeoutMilliseconds: 1000,
      watch: watchChain(metrics, log, clock),
    });
    await chain.now("europe-west3");
    await chain.now("europe-west9");
    assert.equal(lines.length, 0, "a table answers for a region that the feed does not know: no fall-back");
    feed.says = new FeedFault("cannot be reached");
    await clock.advance(10 * HOUR_MS);
    await chain.now("europe-west3");
    await chain.now("europe-west3");
    feed.says = day(clock.now());
    await clock.advance(HOUR_MS);
    await chain.now("europe-west3");
    assert.deepEqual(
      lines.map(([level, text, { region, feed: by, passed }]) => [level, text, region, by, passed]),
      [
        ["warn", "carbon intensity falls back", "europe-west3", "static", ["live"]],
        ["info", "carbon intensity is answered as configured again", "europe-west3", "live", undefined],
      ],
    );
    assert.match(String(lines[0]![2].why), /live cannot be reached/);
    await assert.rejects(chain.now("nowhere"));
    const text = await metrics.registry.metrics();
    assert.match(text, /mno_intensity_answers_total\{feed="live",question="now"\} 2/);
    assert.match(text, /mno_intensity_answers_total\{feed="static",question="now"\} 3/);
    assert.match(text, /mno_intensity_fallbacks_total\{feed="live"\} 2/);
    assert.match(text, /mno_intensity_errors_total\{feed="live"\} 1/);
    const age = Number(/mno_intensity_data_age_seconds\{feed="live"\} ([\d.]+)/.exec(text)?.[1]);
    assert.ok(age >= 3600 && age <= 3 * 3600, String(age));
    assert.doesNotMatch(text, /europe-west3|nowhere/);
  });

  it("counts forecasts by what foretold, and knows the feeds that have their own from the start", async () => {
    const clock = clockAt(NOW);
    const metrics = createMetrics();
    const withOwn = new FakeFeed("own", ["ES"]);
    const without = new FakeFeed("without", ["FR"]);
    withOwn.says = without.says = day();
    withOwn.forecast = (_region, from) =>
      Promise.resolve({ points: hours(from, [200, 210, 220]), source: "own", generatedAt: NOW });
    const feeds = [withOwn, without, staticFeed({})];
    const watch = watchChain(metrics, log, clock);
    const chain = new IntensityChain({ feeds, clock, timeoutMilliseconds: 1000, watch });
    const counted = async (): Promise<string[]> =>
      (await metrics.registry.metrics()).split("\n").filter((one) => one.startsWith("mno_intensity_forecasts_total"));
    assert.deepEqual(await counted(), ['mno_intensity_forecasts_total{feed="own",by="feed"} 0']);
    const foretold = (region: string) => chain.forecast(region, NOW, NOW + 3 * HOUR_MS);
    await foretold("ES");
    withOwn.forecast = () => Promise.reject(new FeedFault("has no forecast in this plan"));
    await clock.advance(HOUR_MS);
    assert.equal((await foretold("ES")).by, "persistence");
    await foretold("FR");
    await foretold("europe-west9");
    assert.deepEqual(await counted(), [
      'mno_intensity_forecasts_total{feed="own",by="feed"} 1',
      'mno_intensity_forecasts_total{feed="own",by="persistence"} 1',
      'mno_intensity_forecasts_total{feed="without",by="persistence"} 1',
      'mno_intensity_forecasts_total{feed="static",by="flat"} 1',
    ]);
  });

  it("counts what nobody could answer", async () => {
    lines.length = 0;
    const metrics = createMetrics();
    const feed = new FakeFeed("live");
    feed.says = new FeedFault("cannot be reached");
    const clock = clockAt(NOW);
    const watch = watchChain(metrics, log, clock);
    const chain = new IntensityChain({ feeds: [feed], clock, timeoutMilliseconds: 1000, watch });
    await assert.rejects(chain.now("ES"), { code: "MNO_INTENSITY_UNAVAILABLE" });
    assert.match(await metrics.registry.metrics(), /mno_intensity_unanswered_total\{question="now"\} 1/);
    assert.deepEqual([lines.length, lines[0]![2].feed], [1, null]);
  });
});
