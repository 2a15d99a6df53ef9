import assert from "node:assert/strict";
import fc from "fast-check";
import {
  apportion,
  microGrams,
  nanoKwh,
  parseDecimal,
  sum,
} from "../../../runtime/sustainability/sustainability-reporter/amounts";
import { canonicalJson } from "../../../runtime/sustainability/sustainability-reporter/canonical";
import { energyRecord, HOUR } from "../../../runtime/sustainability/sustainability-reporter/record";
import type { Rules } from "../../../runtime/sustainability/sustainability-reporter/rules";
import { checkStatements } from "../../../runtime/sustainability/sustainability-reporter/statements";
import {
  type EnergyMeasured,
  measured,
  type PartInput,
  reportOf,
  START,
  time,
} from "../../unit/sustainability-reporter/support";

const amount = fc.oneof(fc.nat(1000), fc.nat(2_000_000_000), fc.nat(9_000_000_000_000));
const part: fc.Arbitrary<PartInput> = fc.record({
  kind: fc.constantFrom("workload" as const, "workload" as const, "system" as const, "idle" as const),
  workload: fc.constantFrom("web", "api", "db"),
  tenant: fc.constantFrom("acme", "bolt"),
  energy: amount,
  carbon: amount,
  embodied: amount,
});
const event: fc.Arbitrary<EnergyMeasured> = fc
  .record({
    parts: fc.array(part, { minLength: 1, maxLength: 5 }),
    region: fc.constantFrom("de", "fr", "se"),
    node: fc.constantFrom("n1", "n2"),
    method: fc.constantFrom("rapl", "teads"),
    signal: fc.constantFrom("average" as const, "average" as const, "marginal" as const),
    minute: fc.nat(24 * 60 - 1),
    uncertaintyPercent: fc.option(fc.constantFrom(5, 12.5, 33), { nil: null }),
  })
  .map(({ parts, minute, ...changes }) =>
    measured(parts, { ...changes, from: time(START + minute * 60_000), to: time(START + (minute + 1) * 60_000) }),
  );
const events = fc.array(event, { maxLength: 30 });

const BOUNDARIES: Rules["regionBoundaries"][] = [{}, { de: "own-data-centre" }, { fr: "cloud-customer" }];
const MIXES: Rules["residualMixes"][] = [[], [{ region: "de", gramsPerKwh: 701.123457, source: "test" }]];
const CREDITS: Rules["credits"][] = [
  [],
  [{ name: "c", kind: "credit", tonnesCo2e: 9, standard: "s", cancelledAt: time(START) }],
];
const rules: fc.Arbitrary<Rules> = fc.record({
  boundary: fc.constantFrom("cloud-customer" as const, "own-data-centre" as const),
  regionBoundaries: fc.constantFrom(...BOUNDARIES),
  residualMixes: fc.constantFrom(...MIXES),
  instruments: fc.array(
    fc.record({
      name: fc.constant("i"),
      region: fc.constantFrom("de", "fr"),
      kind: fc.constant("certificate" as const),
      gramsPerKwh: fc.constantFrom(0, 12.3456),
      kwh: fc.constantFrom(null, 0.000_001, 3, 1e9),
      renewable: fc.boolean(),
      from: fc.constant(time(START - 7 * HOUR)),
      to: fc.constantFrom(time(START + 5 * HOUR), time(START + 48 * HOUR)),
      source: fc.constant("test"),
    }),
    { maxLength: 3 },
  ),
  credits: fc.constantFrom(...CREDITS),
});

const recordsOf = (data: readonly EnergyMeasured[]) => data.map((one, index) => energyRecord(`e${String(index)}`, one));

describe("sustainability reporter: property: totals", () => {
  it("are the sum of the monitor's records to the last digit, in whatever order those arrive", () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), (data, chance) => {
        const report = reportOf(recordsOf(data));
        assert.equal(parseDecimal(report.totals.energyKwh, 9), sum(data.map((one) => nanoKwh(one.energyKwh))));
        const carbon = (signal: string): bigint =>
          sum(data.filter((one) => one.intensity.signal === signal).map((one) => microGrams(one.gramsCo2e)));
        assert.equal(parseDecimal(report.totals.locationBasedGramsCo2e, 6), carbon("average"));
        assert.equal(parseDecimal(report.totals.marginalGramsCo2e ?? "0", 6), carbon("marginal"));
        const shuffled = recordsOf(data)
          .map((one) => ({ one, key: chance.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        assert.equal(canonicalJson(reportOf(shuffled)), canonicalJson(report));
      }),
      { numRuns: 150 },
    );
  });

  it("are the sums of their groups, by every rule, and the statements add up", () => {
    fc.assert(
      fc.property(events, rules, (data, some) => {
        const report = reportOf(recordsOf(data), { rules: some });
        for (const rows of [report.regions, report.tenants, report.workloads]) {
          for (const [member, digits] of [
            ["energyKwh", 9],
            ["locationBasedGramsCo2e", 6],
            ["marketBasedGramsCo2e", 6],
            ["embodiedGramsCo2e", 6],
          ] as const) {
            assert.equal(
              sum(rows.map((row) => parseDecimal(row[member], digits))),
              parseDecimal(report.totals[member], digits),
            );
          }
        }
        assert.equal(
          sum(report.market.map((one) => parseDecimal(one.gramsCo2e, 6))),
          parseDecimal(report.totals.marketBasedGramsCo2e, 6),
        );
        for (const { energyKwh, instruments, rest } of report.market) {
          const covered = sum(instruments.map(({ coveredKwh }) => parseDecimal(coveredKwh, 9)));
          assert.equal(covered + parseDecimal(rest.kwh, 9), parseDecimal(energyKwh, 9));
        }
        assert.deepEqual(checkStatements(report.statements, report.totals), []);
        const without = reportOf(recordsOf(data), { rules: { ...some, credits: [] } });
        assert.deepEqual(without.statements.esrs["E1-6"], report.statements.esrs["E1-6"]);
        assert.deepEqual(without.totals, report.totals);
      }),
      { numRuns: 150 },
    );
  });

  it("in shares sum to the whole, none off its true value by more than one unit", () => {
    const weights = fc.array(fc.bigInt(0n, 10n ** 15n), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 18n), weights, (total, some) => {
        const shares = apportion(total, some);
        assert.equal(sum(shares), total);
        const all = sum(some);
        if (all === 0n) return;
        shares.forEach((one, index) => {
          const off = one * all - total * some[index]!;
          assert.ok((off < 0n ? -off : off) <= all);
        });
      }),
    );
  });
});
