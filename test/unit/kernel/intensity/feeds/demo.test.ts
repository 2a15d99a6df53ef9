import assert from "node:assert/strict";
import { TYPICAL_DAY_GRAMS_PER_KWH } from "../../../../../factors/typical-day";
import { demoRegion } from "../../../../../runtime/kernel/intensity/demo-region";
import { demoFeed } from "../../../../../runtime/kernel/intensity/feeds/demo";

const signal = new AbortController().signal;
const NOON = Date.parse("2026-11-23T12:00:00Z");
const MINUTE = 60_000;

describe("the demonstration feed", () => {
  const feed = demoFeed({ lab: "demo-60x-BR" });

  it("plays the typical day of the month so many times as fast, without a gap", async () => {
    const { points, source } = await feed.measured("demo-144x-ES", NOON, NOON + 10 * MINUTE, signal);
    assert.equal(points.length, 24);
    assert.deepEqual(
      points.map(({ gramsPerKwh }) => gramsPerKwh),
      TYPICAL_DAY_GRAMS_PER_KWH["ES"]![10],
    );
    for (const [i, point] of points.entries()) {
      assert.equal(point.to - point.from, 25_000);
      assert.equal(point.from, points[i - 1]?.to ?? NOON);
      assert.equal(point.estimated, true);
    }
    assert.match(source, /^SYNTHETIC: typical day of ES in 10\.0 min, 144 times as fast; .*ODbL/);
  });

  it("is of a day that does not divide evenly as well, and the same whenever it is asked", async () => {
    const { points } = await feed.measured("demo-1001x-BR", NOON, NOON + MINUTE, signal);
    for (const [i, { from, to }] of points.entries()) assert.ok(to > from && (i === 0 || from === points[i - 1]!.to));
    assert.ok(points[0]!.from <= NOON && points.at(-1)!.to >= NOON + MINUTE);
    const later = await feed.measured("demo-1001x-BR", NOON + 30_000, NOON + MINUTE, signal);
    assert.deepEqual(points.slice(-later.points.length), later.points);
  });

  it("knows no real region, and no place whose day it does not have", async () => {
    for (const region of [
      "ES",
      "demo-0x-ES",
      "demo-144x-XX",
      "demo-144x-constructor",
      "demo-99999x-ES",
      "x-demo-144x-ES",
    ]) {
      assert.equal(await feed.knows(region), false, region);
    }
    assert.equal(await feed.knows("lab"), true);
    for (const region of await feed.regions()) assert.equal(await feed.knows(region), true, region);
    assert.deepEqual(demoRegion("demo-144x-US-CAL-CISO"), { zone: "US-CAL-CISO", speed: 144 });
    assert.equal(demoRegion("eu-west-1"), undefined);
  });

  it("does not write out more than anybody can read", async () => {
    const year = 365 * 24 * 60 * MINUTE;
    await assert.rejects(feed.measured("demo-9999x-ES", NOON, NOON + year, signal), /not written out for more than/);
  });
});
