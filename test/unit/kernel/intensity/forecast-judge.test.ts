import assert from "node:assert/strict";
import fc from "fast-check";
import { chooseForecast, flat, persistence } from "../../../../runtime/kernel/intensity/forecast-judge";
import type { IntensityPoint } from "../../../../runtime/kernel/intensity/intensity";
import { DAY_MS, HOUR_MS } from "../../../../runtime/kernel/intensity/series";
import { hours, NOW } from "../../../support/intensity/feeds";

const START = Math.floor(NOW / DAY_MS) * DAY_MS - 4 * DAY_MS;
/** A solar day: the same every day. */
const solar = (hour: number): number => 300 - 120 * Math.max(0, Math.sin(((hour % 24) - 6) * (Math.PI / 12)));
const seriesOf = (count: number, of: (hour: number) => number): IntensityPoint[] =>
  hours(
    START,
    Array.from({ length: count }, (_, hour) => of(hour)),
  );

describe("forecasts from measured figures", () => {
  it("repeat yesterday's hours as far as is asked for", () => {
    const known = seriesOf(48, (hour) => hour);
    const end = START + 2 * DAY_MS;
    const ahead = persistence(known, end, end + 30 * HOUR_MS);
    assert.deepEqual(
      ahead.map(({ gramsPerKwh }) => gramsPerKwh),
      Array.from({ length: 30 }, (_, i) => 24 + (i % 24)),
    );
    assert.ok(ahead.every(({ estimated }) => estimated));
  });

  it("take the day before where the feed is hours behind", () => {
    const known = seriesOf(45, (hour) => hour);
    const now = START + 2 * DAY_MS;
    assert.equal(persistence(known, now, now + HOUR_MS)[0]?.gramsPerKwh, 24);
    const late = now + 22 * HOUR_MS;
    assert.equal(persistence(known, late, late + HOUR_MS)[0]?.gramsPerKwh, 22);
  });

  it("have nothing to say where nothing is known", () => {
    assert.deepEqual(persistence([], NOW, NOW + DAY_MS), []);
    assert.deepEqual(flat([], NOW, NOW + DAY_MS), []);
  });

  it("say only what was measured, inside what was asked for (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 96 }),
        fc.integer({ min: 1, max: 96 }),
        (values, wait, length) => {
          const known = hours(START, values);
          const from = known.at(-1)!.to + wait * HOUR_MS;
          const to = from + length * HOUR_MS;
          for (const point of persistence(known, from, to)) {
            assert.ok(point.from < to && point.to > from);
            assert.ok(values.includes(point.gramsPerKwh));
          }
        },
      ),
    );
  });
});

describe("judge of forecasts", () => {
  const known = seriesOf(96, solar);
  const at = START + 2 * DAY_MS;
  const issued = (of: (hour: number) => number) => [
    { at, points: seriesOf(96, of).filter(({ from }) => from >= at && from < at + DAY_MS) },
  ];

  it("takes the feed while nothing of its past is known, says so, and gives no error", () => {
    assert.deepEqual(chooseForecast([], known, ["feed", "persistence", "flat"]), {
      by: "feed",
      errorShare: null,
      why: "its forecasts are not judged yet: less than a day of them has come to pass",
    });
    const early = known.filter(({ to }) => to <= at + 20 * HOUR_MS);
    assert.equal(chooseForecast(issued(solar), early, ["feed", "persistence", "flat"]).errorShare, null);
  });

  it("keeps a feed that is better than yesterday's hours, with its error", () => {
    const drifting = seriesOf(96, (hour) => solar(hour) + 2 * hour);
    const verdict = chooseForecast(
      issued((hour) => solar(hour) + 2 * hour + (hour % 2 ? 5 : -5)),
      drifting,
      ["feed", "persistence", "flat"],
    );
    assert.equal(verdict.by, "feed");
    const today = drifting.slice(48, 72);
    const mean = today.reduce((sum, { gramsPerKwh }) => sum + gramsPerKwh, 0) / today.length;
    assert.ok(Math.abs(verdict.errorShare! - 5 / mean) < 1e-9);
    assert.match(verdict.why, /feed 1\.\d %, persistence 1\d\.\d %, flat/);
  });

  it("prefers yesterday's hours to a feed that is worse, and says what it compared", () => {
    const verdict = chooseForecast(
      issued((hour) => solar(hour + 12)),
      known,
      ["feed", "persistence", "flat"],
    );
    assert.deepEqual([verdict.by, verdict.errorShare], ["persistence", 0]);
    assert.match(verdict.why, /root mean square error on 24 past points: feed \d+\.\d %, persistence 0.0 %/);
  });

  it("prefers the last value where days have nothing in common", () => {
    const walk = seriesOf(96, (hour) => 100 + 5 * hour);
    const verdict = chooseForecast([], walk, ["persistence", "flat"]);
    assert.equal(verdict.by, "flat");
    assert.ok(verdict.errorShare! > 0);
  });

  it("tells a constant error from a varying one: only the latter is the deviation", () => {
    const verdict = chooseForecast(
      issued((hour) => solar(hour) + 7),
      known,
      ["feed"],
    );
    assert.ok(Math.abs(verdict.errorShare!) < 1e-6);
    assert.doesNotMatch(verdict.why, /feed 0.0 %/);
  });

  it("keeps a feed that was right, whatever came (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 800 }), { minLength: 72, maxLength: 96 }), (values) => {
        const actual = hours(START, values);
        const perfect = [{ at, points: actual.filter(({ from }) => from >= at) }];
        const { by, errorShare } = chooseForecast(perfect, actual, ["feed", "persistence", "flat"]);
        assert.deepEqual([by, errorShare], ["feed", 0]);
      }),
      { numRuns: 50 },
    );
  });
});
