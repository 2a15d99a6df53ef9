import assert from "node:assert/strict";
import { explain } from "../../../runtime/sustainability/sustainability-reporter/explain";
import { HOUR } from "../../../runtime/sustainability/sustainability-reporter/record";
import { rollUp } from "../../../runtime/sustainability/sustainability-reporter/rollup";
import { measured, records, RULES, START } from "./support";

describe("sustainability reporter: provenance of a total", () => {
  const lines = rollUp(
    records(
      measured([
        { workload: "web", tenant: "acme", energy: 6_000, carbon: 2_220_000, embodied: 3 },
        { workload: "api", tenant: "bolt", energy: 3_000, carbon: 1_110_000 },
      ]),
      measured([{ workload: "web", tenant: "acme", energy: 1_000, carbon: 731_000 }], { signal: "marginal" }),
    ),
  ).hours;
  const material = {
    period: { from: START, to: START + 24 * HOUR },
    filter: {},
    lines,
    buckets: [],
    savings: [],
    coverage: { nodes: [], hoursWithRecord: 1 },
    rules: RULES,
  };

  it("names method, signal, source and dates of each summand, the largest first, and what was left out", () => {
    const { summands, leftOut, leftOutKwh, totals } = explain(material, 2);
    assert.deepEqual(
      summands.map(({ workload, energyKwh, signal, method, source, meanGramsPerKwh }) => [
        workload,
        energyKwh,
        signal,
        method,
        source,
        meanGramsPerKwh,
      ]),
      [
        ["web", "0.000006", "average", "teads", "test table (average)", "370000"],
        ["api", "0.000003", "average", "teads", "test table (average)", "370000"],
      ],
    );
    assert.deepEqual([leftOut, leftOutKwh], [1, "0.000001"]);
    assert.deepEqual(totals, [
      { signal: "average", energyKwh: "0.000009", gramsCo2e: "3.33" },
      { signal: "marginal", energyKwh: "0.000001", gramsCo2e: "0.731" },
    ]);
  });

  it("is of one tenant where one is named", () => {
    const { summands, totals } = explain({ ...material, filter: { tenant: "bolt" } }, 10);
    assert.deepEqual(
      summands.map(({ tenant, marketBasedGramsCo2e }) => [tenant, marketBasedGramsCo2e]),
      [["bolt", "1.11"]],
    );
    assert.equal(totals.length, 1);
  });
});
