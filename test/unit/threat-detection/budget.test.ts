import assert from "node:assert/strict";
import { seeded } from "../../../runtime/kernel/random";
import { AlertBudget } from "../../../runtime/security/threat-detection/budget/alert-budget";
import { ConformalThreshold } from "../../../runtime/security/threat-detection/budget/conformal";
import { excessAt, fitPareto } from "../../../runtime/security/threat-detection/budget/pareto";
import { SPOT, Spot } from "../../../runtime/security/threat-detection/budget/spot";
import { gaussians, START } from "./support";

const DAY = 86_400_000;
const EVENTS = 50_000;

/** Streams that are stationary, of tails from light to heavy. */
const STREAMS: Record<string, () => () => number> = {
  normal: () => gaussians(1),
  exponential: () => {
    const random = seeded(2);
    return () => -Math.log(1 - random());
  },
  "of a heavy tail": () => {
    const random = seeded(3);
    return () => (1 - random()) ** -0.3;
  },
};

describe("threat detection: alert budget", () => {
  for (const [name, make] of Object.entries(STREAMS)) {
    for (const risk of [0.001, 0.01]) {
      it(`calls about ${risk} of a ${name} stream extreme (SPOT), and no more (conformal)`, () => {
        const next = make();
        const spot = new Spot();
        const conformal = new ConformalThreshold(2000);
        let bySpot = 0;
        let byRank = 0;
        for (let event = 0; event < EVENTS; event++) {
          const score = next();
          if (spot.isExtreme(score, risk)) bySpot++;
          if (event % 5 === 0 && conformal.isExtreme(score, risk)) byRank++;
        }
        assert.ok(bySpot > 0.5 * risk * EVENTS && bySpot < 1.6 * risk * EVENTS, `SPOT: ${bySpot}`);
        const most = risk * (EVENTS / 5);
        assert.ok(byRank <= most + 4 * Math.sqrt(most), `conformal: ${byRank}`);
      });
    }
  }

  it("follows a level that drifts (DSPOT)", () => {
    const next = gaussians(4);
    const spot = new Spot({ ...SPOT, depth: 128 });
    let alarms = 0;
    for (let event = 0; event < 20_000; event++) if (spot.isExtreme(next() + event / 500, 0.001)) alarms++;
    assert.ok(alarms > 5 && alarms < 60, String(alarms));
    assert.ok(Math.abs(spot.thresholdAt(0.001) - (40 + 3.1)) < 1, String(spot.thresholdAt(0.001)));
  });

  it("is not moved by a flood of attacks", () => {
    const next = gaussians(9);
    const spot = new Spot();
    for (let event = 0; event < 10_000; event++) spot.isExtreme(next(), 0.001);
    const before = spot.thresholdAt(0.001);
    for (let event = 0; event < 5000; event++) assert.ok(spot.isExtreme(20, 0.001));
    assert.ok(spot.thresholdAt(0.001) < 2 * before);
  });

  it("goes on from a saved state", () => {
    const next = gaussians(5);
    const spot = new Spot();
    for (let event = 0; event < 5000; event++) spot.isExtreme(next(), 0.001);
    const [before, after] = [spot.thresholdAt(0.001), new Spot(SPOT, spot.save()).thresholdAt(0.001)];
    assert.ok(Math.abs(after / before - 1) < 0.02);
  });

  it("goes on from a state that was stored before it was calibrated", () => {
    const spot = new Spot();
    for (let event = 0; event < 10; event++) spot.isExtreme(event, 0.001);
    const again = new Spot(SPOT, JSON.parse(JSON.stringify(spot.save())) as ReturnType<Spot["save"]>);
    assert.equal(again.isCalibrated, false);
    for (let event = 0; event < 990; event++) assert.equal(again.isExtreme(event % 10, 0.001), false);
    assert.equal(again.isCalibrated, true);
  });

  it("fits an exponential tail as one", () => {
    const random = seeded(6);
    const excesses = Float64Array.from({ length: 20_000 }, () => -2 * Math.log(1 - random())).sort();
    const fit = fitPareto(excesses);
    assert.ok(Math.abs(fit.shape) < 0.05 && Math.abs(fit.scale - 2) < 0.1);
    assert.ok(Math.abs(excessAt(fit, 0.01) - 2 * Math.log(100)) < 0.8);
    assert.ok(Number.isFinite(excessAt(fitPareto(Float64Array.of(0, 0, 0)), 0.01)));
  });

  it("raises about the budget on a stationary stream, whatever the rate of events", () => {
    for (const [perDay, eventsPerDay] of [
      [10, 20_000],
      [50, 20_000],
    ] as const) {
      const next = gaussians(7);
      const budget = new AlertBudget(perDay, "spot", START);
      let alerts = 0;
      const days = 5;
      for (let event = 0; event < eventsPerDay * days; event++) {
        if (budget.judge(next(), START + (event * DAY) / eventsPerDay) && budget.take()) alerts++;
      }
      assert.ok(alerts > 0.4 * perDay * days && alerts < 1.6 * perDay * days, `${alerts} of ${perDay * days}`);
    }
  });

  it("caps a day of attacks, and counts what it withholds", () => {
    const next = gaussians(8);
    const budget = new AlertBudget(10, "spot", START);
    for (let event = 0; event < 5000; event++) budget.judge(next(), START + event * 10_000);
    let alerts = 0;
    for (let event = 0; event < 500; event++)
      if (budget.judge(50 + event, START + 5000 * 10_000 + event) && budget.take()) alerts++;
    assert.ok(alerts <= 15);
    assert.equal(alerts + budget.withheld, 500);
  });
});
