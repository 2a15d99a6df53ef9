import assert from "node:assert/strict";
import fc from "fast-check";
import { combine, NO_PROPOSALS } from "../../../../runtime/scalability/auto-scaling-engine/prediction/combine";
import {
  createPredictor,
  type PredictorSnapshot,
  restorePredictor,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/predictor";

const START = Date.parse("2026-01-05T00:00:00Z");

/** Spikes, zeros, constants, tiny and huge numbers, lies. */
const demand = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
  fc.constantFrom(0, 1e6, 1e-9, 1e15, NaN, Infinity, -1, Number.MAX_VALUE, Number.MIN_VALUE),
);
/** Steps on, back, in place, and over gaps of hours. */
const advance = fc.oneof(
  { weight: 8, arbitrary: fc.constant(15) },
  fc.constantFrom(0, -15, 1, 60, 300, 301, 7200, 100_000),
);
const lead = fc.constantFrom(30, 90, 210, 900, 0, -30);
const stream = fc.array(fc.record({ demand, advance, lead }), { minLength: 1, maxLength: 300 });

const isSound = (forecast: { demand: number; upper: number }): boolean =>
  [forecast.demand, forecast.upper].every((value) => Number.isFinite(value) && value >= 0);

describe("predictor, whatever it is told", () => {
  it("forecasts finite loads of at least 0, and stays bounded in size", () => {
    fc.assert(
      fc.property(
        stream,
        fc.option(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { nil: undefined }),
        (steps, step) => {
          const predictor = createPredictor();
          let time = START;
          for (const { demand, advance, lead } of steps) {
            time += advance * 1000;
            predictor.observe({ time, demand });
            const forecast = predictor.forecast(time + lead * 1000, step);
            if (forecast) assert.ok(isSound(forecast), JSON.stringify(forecast));
          }
          const text = JSON.stringify(predictor.snapshot());
          assert.ok(!text.includes("null"), "a number that is not finite was learnt");
          assert.ok(text.length < 80_000, `${String(text.length)} bytes`);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("goes on from a snapshot taken at any point with identical forecasts", () => {
    fc.assert(
      fc.property(stream, fc.nat(300), (steps, cut) => {
        const original = createPredictor();
        let restored = original;
        let time = START;
        steps.forEach(({ demand, advance, lead }, index) => {
          time += advance * 1000;
          if (index === Math.min(cut, steps.length - 1)) {
            restored = restorePredictor(JSON.parse(JSON.stringify(original.snapshot())) as PredictorSnapshot);
          }
          const answers = [original, restored].map((predictor) => {
            predictor.observe({ time, demand });
            return predictor.forecast(time + lead * 1000);
          });
          if (restored !== original) assert.deepEqual(answers[1], answers[0]);
        });
      }),
      { numRuns: 100 },
    );
  });

  it("gives the same forecasts in other units", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 60, maxLength: 200 }),
        fc.integer({ min: -10, max: 20 }),
        (demands, power) => {
          const [one, other] = [createPredictor(), createPredictor()];
          const factor = 4 ** power;
          demands.forEach((demand, index) => {
            const time = START + index * 15_000;
            one.observe({ time, demand });
            other.observe({ time, demand: demand * factor });
            const [a, b] = [one.forecast(time + 90_000)!, other.forecast(time + 90_000)!];
            assert.ok(Math.abs(a.demand - b.demand / factor) <= 1e-6 * a.demand);
            assert.ok(Math.abs(a.upper - b.upper / factor) <= 1e-6 * a.upper);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("combine, whatever it is told", () => {
  it("never scales down on missing data, and always names a whole number", () => {
    const replicas = fc.nat(1000);
    fc.assert(
      fc.property(
        fc.record({
          current: replicas,
          reactive: replicas,
          complete: fc.boolean(),
          upper: fc.double({ min: 0, max: 1e9, noNaN: true }),
          trusted: fc.boolean(),
          targetPerReplica: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
          proposals: fc.array(fc.record({ time: fc.integer({ min: START - 200_000, max: START }), replicas })),
        }),
        ({ upper, trusted, proposals, ...rest }) => {
          const forecast = { time: START + 60_000, demand: upper, upper, trusted, reasons: [] };
          const result = combine({ ...rest, now: START, forecast, state: { proposals } });
          assert.ok(Number.isInteger(result.replicas) && result.replicas >= 0);
          if (!rest.complete) assert.ok(result.replicas >= rest.current);
          if (result.source === "forecast")
            assert.ok(result.replicas * rest.targetPerReplica >= upper * (1 - 1e-6) - 2e-6);
          assert.deepEqual(
            combine({ ...rest, now: START, forecast: undefined, state: NO_PROPOSALS }).source,
            "reactive",
          );
        },
      ),
    );
  });
});
