import assert from "node:assert/strict";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { evaluate } from "../../../runtime/scalability/auto-scaling-engine/engine";
import type { EvaluationInput } from "../../../runtime/scalability/auto-scaling-engine/evaluation";
import { Forecaster } from "../../../runtime/scalability/auto-scaling-engine/forecaster";
import type { Forecast } from "../../../runtime/scalability/auto-scaling-engine/prediction/predictor";
import { ScalerStore } from "../../../runtime/scalability/auto-scaling-engine/store";
import { silent } from "./fakes";
import { NOW, QUEUE, queueInput, scaler } from "./support";

const spec = (mode: string, more: object = {}) => scaler({ ...QUEUE, prediction: { mode }, ...more });
const forecast = (upper: number, trusted = true): Forecast => ({
  time: NOW + 60_000,
  demand: upper,
  upper,
  trusted,
  reasons: ["a season"],
});
const input = (mode: string, current: number, level: number, foreseen: Forecast | undefined): EvaluationInput =>
  queueInput(current, level, { spec: spec(mode), prediction: { forecast: foreseen, targetPerReplica: 10 } });

describe("auto-scaling engine: prediction", () => {
  describe("in an evaluation", () => {
    it("scales ahead of the load where a forecast is trusted and acted on", () => {
      const { decision } = evaluate(input("act", 4, 10, forecast(75)));
      assert.deepEqual([decision.action, decision.desiredReplicas, decision.stages.forecast], ["scaled", 8, 8]);
      assert.deepEqual(decision.prediction, {
        demand: 75,
        upper: 75,
        trusted: true,
        replicas: 8,
        source: "forecast",
        acted: true,
      });
      assert.ok(decision.reasons.includes("a season"));
      assert.match(decision.reasons.at(-1) ?? "", /the forecast asks for it$/);
    });

    it("falls back to the reactive core where it is not trusted, or there is none", () => {
      assert.equal(evaluate(input("act", 4, 20, forecast(10, false))).decision.desiredReplicas, 8);
      const { decision } = evaluate(input("act", 4, 20, undefined));
      assert.equal(decision.desiredReplicas, 8);
      assert.ok(decision.reasons.includes("there is no forecast yet: the reactive core decides"));
      assert.equal(decision.prediction, undefined);
    });

    it("says what it would do, and does not, while it is advice", () => {
      const { decision } = evaluate(input("advise", 4, 10, forecast(75)));
      assert.deepEqual([decision.action, decision.desiredReplicas, decision.prediction?.replicas], ["kept", 4, 8]);
      assert.ok(decision.reasons.includes("the forecast would have 8; it is advice only"));
    });

    it("is bounded by maxReplicas and the scaling policies", () => {
      assert.equal(evaluate(input("act", 4, 10, forecast(1e6))).decision.desiredReplicas, 8, "100 % in 15 s");
      const few = { ...input("act", 4, 10, forecast(1e6)), spec: spec("act", { maxReplicas: 6 }) };
      assert.equal(evaluate(few).decision.desiredReplicas, 6);
    });

    it("does not scale down on missing data", () => {
      const readings = [
        {
          values: new Map([
            ["r-0", 10],
            ["r-1", 10],
          ]),
        },
      ];
      const { decision } = evaluate({ ...input("act", 4, 10, forecast(10)), readings });
      assert.equal(decision.desiredReplicas, 4);
    });

    it("does not end a panic", () => {
      const history = { recommendations: [{ time: NOW - 15_000, replicas: 4 }], scaleEvents: [] };
      const nervous = { ...input("act", 4, 40, forecast(10)), spec: spec("act", { panic: {} }), history };
      assert.equal(evaluate(nervous).decision.desiredReplicas, 16);
    });
  });

  describe("over time", () => {
    let database: Database;
    before(async function () {
      this.timeout(60_000); // PGlite compiles its WebAssembly first
      database = await openDatabase("pglite:memory", { log: silent });
      const store = new ScalerStore(database);
      await store.migrate();
      await store.put({ ...spec("act"), workload: "web" });
    });
    after(() => database.close());
    beforeEach(() => database.query("DELETE FROM ase_predictors"));

    const level = (index: number): number => 10 + 8 * Math.sin(index / 20);
    const at = (index: number, value = level(index)): EvaluationInput =>
      queueInput(4, value, { spec: spec("act"), now: NOW + index * 15_000 });

    it("learns the same with a restart in between as without", async () => {
      const steady = new Forecaster(database);
      let restarted = new Forecaster(database);
      for (let index = 0; index < 60; index += 1) {
        const expected = await steady.forecast(at(index));
        if (index === 40) {
          await restarted.close();
          restarted = new Forecaster(database);
        }
        assert.deepEqual(await restarted.forecast(at(index)), expected, `at ${String(index)}`);
      }
    });

    it("begins anew for another metric", async () => {
      const forecaster = new Forecaster(database);
      for (let index = 0; index < 20; index += 1) await forecaster.forecast(at(index));
      await forecaster.close();
      const metrics = [{ type: "pods", name: "other", target: { averageValue: 10 } }];
      const other = { ...at(20), spec: scaler({ metrics, prediction: { mode: "act" } }) };
      const first = await new Forecaster(database).forecast(other);
      const same = await new Forecaster(database).forecast(at(20));
      await database.query("DELETE FROM ase_predictors");
      const fresh = await new Forecaster(database).forecast(at(20));
      assert.deepEqual(first, fresh);
      assert.notDeepEqual(same, fresh);
    });

    it("does not learn from what is not believed", async () => {
      const [told, spared] = [new Forecaster(database), new Forecaster(database)];
      const memory = { believed: { queue: 40 } };
      for (const [index, value] of [10, 10, 10, 1e8, 10].entries()) {
        const seen = { ...at(index, value), history: { recommendations: [], scaleEvents: [], memory } };
        const after = await told.forecast(seen);
        const without = value > 1e6 ? undefined : await spared.forecast(seen);
        if (index === 4) assert.ok((after?.forecast?.upper ?? Infinity) < 1000 && without !== undefined);
      }
    });

    it("takes values for the time they were measured at", async () => {
      const times = new Map([["r-0", { time: NOW - 30_000, windowSeconds: 15 }]]);
      const readings = [{ values: new Map([["r-0", 10]]), times }];
      const late = await new Forecaster(database).forecast({ ...at(0), readings });
      assert.match(late?.forecast?.reasons[0] ?? "", / in 90 s from 40/);
    });

    it("takes a value from the future for one of now, and goes on learning", async () => {
      const metrics = [{ type: "external", name: "allocated", target: { averageValue: 10 } }];
      const external = scaler({ metrics, prediction: { mode: "act" } });
      const forecaster = new Forecaster(database);
      const taken = (index: number, value: number, time?: number) =>
        forecaster.forecast({
          ...at(index),
          spec: external,
          readings: [time === undefined ? { value } : { value, time }],
        });
      const first = await taken(0, 40, NOW + 86_400_000);
      assert.match(first?.forecast?.reasons[0] ?? "", / in 60 s from 40/);
      const second = await taken(1, 50);
      assert.match(second?.forecast?.reasons[0] ?? "", / in 60 s from 50/);
    });

    it("is off unless asked for", async () => {
      assert.equal(await new Forecaster(database).forecast({ ...at(0), spec: spec("off") }), undefined);
      assert.equal(await new Forecaster(database).forecast({ ...at(0), spec: scaler(QUEUE) }), undefined);
    });
  });
});
