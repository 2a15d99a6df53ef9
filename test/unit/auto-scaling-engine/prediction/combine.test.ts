import assert from "node:assert/strict";
import {
  combine,
  type CombineInput,
  NO_PROPOSALS,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/combine";
import type { Forecast } from "../../../../runtime/scalability/auto-scaling-engine/prediction/predictor";
import { START } from "./support";

/** For a minute from `START` on, unless told otherwise. */
const forecast = (upper: number, changes: Partial<Forecast> = {}): Forecast => ({
  time: START + 60_000,
  demand: upper,
  upper,
  trusted: true,
  reasons: ["as forecast"],
  ...changes,
});

const input = (changes: Partial<CombineInput>): CombineInput => ({
  now: START,
  current: 5,
  reactive: 7,
  complete: true,
  forecast: forecast(50),
  targetPerReplica: 10,
  state: NO_PROPOSALS,
  ...changes,
});

describe("combine", () => {
  it("provisions whole replicas for the upper bound", () => {
    const { replicas, source, reasons } = combine(input({ forecast: forecast(50.1) }));
    assert.deepEqual({ replicas, source, reasons }, { replicas: 6, source: "forecast", reasons: ["as forecast"] });
    assert.equal(combine(input({ forecast: forecast(50) })).replicas, 5);
    assert.equal(combine(input({ forecast: forecast(0.1 + 0.2), targetPerReplica: 0.1 })).replicas, 5 - 2);
  });

  it("follows the reactive core without a forecast, and with one that is not trusted", () => {
    assert.equal(combine(input({ forecast: undefined })).replicas, 7);
    const distrusted = combine(input({ forecast: forecast(90, { trusted: false, reasons: ["reactive: why"] }) }));
    assert.deepEqual(
      { replicas: distrusted.replicas, source: distrusted.source, reasons: distrusted.reasons },
      { replicas: 7, source: "reactive", reasons: ["reactive: why"] },
    );
    assert.equal(combine(input({ forecast: forecast(NaN) })).source, "reactive");
    assert.equal(combine(input({ targetPerReplica: 0 })).source, "reactive");
  });

  /** The replicas after each of these upper bounds, one every 15 s, for the moment `lead` seconds later. */
  const course = (uppers: readonly number[], lead: number): number[] => {
    let state = NO_PROPOSALS;
    let current = 5;
    return uppers.map((upper, tick) => {
      const now = START + tick * 15_000;
      const result = combine(input({ now, current, forecast: forecast(upper, { time: now + lead * 1000 }), state }));
      ({ state } = result);
      return (current = result.replicas);
    });
  };

  it("goes up at once, and down when the moments that more was asked for are past", () => {
    assert.deepEqual(course([50, 90, 70, 60, 60, 60, 60, 60], 60), [5, 9, 9, 9, 9, 9, 7, 6]);
    assert.deepEqual(course([50, 90, 60, 60, 60, 60, 60, 60, 60], 90), [5, 9, 9, 9, 9, 9, 9, 9, 6]);
  });

  it("holds for a minute at least, however soon a replica starts", () => {
    assert.deepEqual(course([50, 90, 60, 60, 60, 60, 60], 15), [5, 9, 9, 9, 9, 9, 6]);
  });

  it("says what holds it", () => {
    const state = { proposals: [{ time: START + 30_000, replicas: 8 }] };
    const held = combine(input({ current: 9, forecast: forecast(40), state }));
    assert.equal(held.replicas, 8);
    assert.match(held.reasons.at(-1)!, /held at 8: 8 were asked for, for 30 s more/);
    const capped = combine(input({ current: 6, forecast: forecast(40), state }));
    assert.equal(capped.replicas, 6);
  });

  it("never scales down on missing data, whoever proposes it", () => {
    for (const changes of [{}, { forecast: undefined }, { forecast: forecast(10, { trusted: false }) }]) {
      const result = combine(input({ current: 20, complete: false, ...changes }));
      assert.equal(result.replicas, 20);
      assert.match(result.reasons.at(-1)!, /no scaling down to \d+ on missing data/);
    }
    assert.equal(combine(input({ current: 2, complete: false })).replicas, 5);
  });

  it("remembers only what can still hold something", () => {
    const state = {
      proposals: [
        { time: START - 1, replicas: 9 },
        { time: START + 1000, replicas: 8 },
        { time: START + 2000, replicas: 4 },
      ],
    };
    assert.deepEqual(combine(input({ forecast: forecast(50), state })).state.proposals, [
      { time: START + 1000, replicas: 8 },
      { time: START + 60_000, replicas: 5 },
    ]);
  });
});
