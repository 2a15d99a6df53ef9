import assert from "node:assert/strict";
import { type MnoError } from "../../../runtime/exports";
import { sum, parseDecimal } from "../../../runtime/sustainability/sustainability-reporter/amounts";
import {
  energyRecord,
  HOUR,
  jobSaving,
  planSaving,
} from "../../../runtime/sustainability/sustainability-reporter/record";
import { changesBetween } from "../../../runtime/sustainability/sustainability-reporter/restatement";
import { checkStatements } from "../../../runtime/sustainability/sustainability-reporter/statements";
import { measured, records, reportOf, RULES, START, time } from "./support";

const TWO_TENANTS = [
  { workload: "web", tenant: "acme", energy: 6_000, carbon: 2_220_000, embodied: 100_000 },
  { workload: "api", tenant: "bolt", energy: 3_000, carbon: 1_110_000, embodied: 50_000 },
  { kind: "idle" as const, energy: 1_000, carbon: 370_000 },
];

const instrument = (changes: object) => ({
  name: "wind farm",
  region: "eu-central-1",
  kind: "power-purchase-agreement" as const,
  gramsPerKwh: 0,
  kwh: null,
  renewable: true,
  from: time(START),
  to: time(START + 24 * HOUR),
  source: "contract 7",
  ...changes,
});

describe("sustainability reporter: records", () => {
  it("whose parts do not sum to the node are refused, with both figures", () => {
    const data = { ...measured(TWO_TENANTS), energyKwh: 0.000_010_001 };
    assert.throws(
      () => energyRecord("e1", data),
      (error: MnoError) =>
        error.code === "MNO_ENERGY_RECORD_INVALID" && /0\.000010001 kWh.*10000 x 1e-9/.test(error.message),
    );
    assert.throws(() => energyRecord("e1", { ...measured(TWO_TENANTS), gramsCo2e: 1 }), /gCO2e, but its parts sum/);
    assert.throws(() => energyRecord("e1", { ...measured(TWO_TENANTS), to: time(START) }), /not after its start/);
  });

  it("with what cannot be kept or told apart are refused, each with its reason", () => {
    const web = { workload: "web", tenant: "acme", energy: 1, carbon: 1 };
    const intensity = { ...measured([web]).intensity, asOf: "2016-12-31T23:59:60Z" };
    for (const [data, says] of [
      [measured([{ ...web, tenant: "a\u0001b" }]), /names "a\\u0001b"/],
      [measured([{ ...web, workload: "\ud800" }]), /names "\\ud800"/],
      [measured([web], { node: "n\u0000" }), /no control characters/],
      [measured([web], { region: "r".repeat(1001) }), /at most 1000/],
      [measured([web], { intensity }), /2016-12-31T23:59:60Z, which is no time/],
      [measured([{ ...web, energy: 2 ** 52 }]), /are not exact/],
      [measured([web], { uncertaintyPercent: 1e300 }), /are not exact/],
    ] as const) {
      assert.throws(() => energyRecord("e", data), says);
    }
  });

  it("count in the hour in which they begin", () => {
    const from = START + 2 * HOUR - 30_000;
    assert.equal(
      energyRecord("e1", measured(TWO_TENANTS, { from: time(from), to: time(from + 60_000) })).hour,
      START + HOUR,
    );
  });
});

describe("sustainability reporter: totals", () => {
  it("come by region, tenant and workload, and the groups sum to them", () => {
    const { totals, tenants, workloads, regions } = reportOf(records(measured(TWO_TENANTS)));
    assert.equal(totals.energyKwh, "0.00001");
    assert.equal(totals.locationBasedGramsCo2e, "3.7");
    assert.equal(totals.embodiedGramsCo2e, "0.15");
    assert.deepEqual(
      tenants.map(({ name, energyKwh }) => [name, energyKwh]),
      [
        [null, "0.000001"],
        ["acme", "0.000006"],
        ["bolt", "0.000003"],
      ],
    );
    assert.equal(regions.length, 1);
    assert.deepEqual(
      workloads.map(({ workload, kind }) => workload ?? kind),
      ["idle", "web", "api"],
    );
  });

  it("of a tenant are those of its rows in the whole report", () => {
    const rules = { ...RULES, instruments: [instrument({ kwh: 0.000_004 })] };
    const whole = reportOf(records(measured(TWO_TENANTS)), { rules });
    const part = reportOf(records(measured(TWO_TENANTS)), { rules, filter: { tenant: "acme" } });
    const { name: _, ...row } = whole.tenants.find(({ name }) => name === "acme")!;
    const { energyKwh, locationBasedGramsCo2e, marketBasedGramsCo2e, marginalGramsCo2e, embodiedGramsCo2e } =
      part.totals;
    assert.deepEqual(
      { energyKwh, locationBasedGramsCo2e, marketBasedGramsCo2e, marginalGramsCo2e, embodiedGramsCo2e },
      row,
    );
  });

  it("never add up average and marginal signals", () => {
    const { totals, signals } = reportOf(
      records(
        measured([{ workload: "web", tenant: "acme", energy: 1_000, carbon: 370_000 }]),
        measured([{ workload: "web", tenant: "acme", energy: 1_000, carbon: 731_000 }], { signal: "marginal" }),
      ),
    );
    assert.equal(totals.locationBasedGramsCo2e, "0.37");
    assert.equal(totals.marginalGramsCo2e, "0.731");
    assert.equal(totals.withoutLocationBasedKwh, "0.000001");
    assert.deepEqual(
      signals.map(({ signal, gramsCo2e, sources }) => [signal, gramsCo2e, sources]),
      [
        ["average", "0.37", ["test table (average)"]],
        ["marginal", "0.731", ["test table (marginal)"]],
      ],
    );
  });
});

describe("sustainability reporter: market-based", () => {
  const market = (rules: Partial<typeof RULES>) =>
    reportOf(records(measured(TWO_TENANTS)), { rules: { ...RULES, ...rules } });

  it("falls back to location-based where there is no factor, and says so", () => {
    const { totals, market: regions } = market({});
    assert.equal(totals.marketBasedGramsCo2e, totals.locationBasedGramsCo2e);
    assert.match(regions[0]!.rest.source, /fallback/);
    assert.equal(regions[0]!.rest.by, "location-based");
  });

  it("takes instruments first, then the residual mix", () => {
    // 4e-6 kWh at 0 g, 6e-6 kWh at 500 g/kWh.
    const { totals, market: regions } = market({
      instruments: [instrument({ kwh: 0.000_004 })],
      residualMixes: [{ region: "eu-central-1", gramsPerKwh: 500, source: "test mix 2025" }],
    });
    assert.equal(totals.marketBasedGramsCo2e, "0.003");
    assert.equal(totals.locationBasedGramsCo2e, "3.7");
    assert.deepEqual(
      [regions[0]!.instruments[0]!.coveredKwh, regions[0]!.rest.kwh, regions[0]!.rest.by],
      ["0.000004", "0.000006", "residual-mix"],
    );
  });

  it("counts an instrument's volume only for the time that it is valid for", () => {
    const { market: regions } = market({
      instruments: [instrument({ kwh: 0.000_004, from: time(START - 24 * HOUR) })],
    });
    assert.equal(regions[0]!.instruments[0]!.coveredKwh, "0.000002");
    assert.equal(
      market({ instruments: [instrument({ to: time(START), from: time(0) })] }).market[0]!.instruments.length,
      0,
    );
  });

  it("leaves energy with a marginal figure only out, and says how much", () => {
    const { totals } = reportOf(
      records(measured([{ workload: "web", tenant: "acme", energy: 1_000, carbon: 731_000 }], { signal: "marginal" })),
    );
    assert.deepEqual([totals.marketBasedGramsCo2e, totals.withoutMarketBasedKwh], ["0", "0.000001"]);
  });
});

describe("sustainability reporter: statements", () => {
  const both = records(
    measured(TWO_TENANTS),
    measured([{ workload: "db", tenant: "acme", energy: 2_000, carbon: 100_000, embodied: 7_000 }], {
      region: "home",
      node: "node-2",
    }),
  );
  const rules = {
    ...RULES,
    regionBoundaries: { home: "own-data-centre" as const },
    instruments: [instrument({ region: "home" })],
    credits: [
      {
        name: "peat bog",
        kind: "removal" as const,
        tonnesCo2e: 5,
        standard: "test registry",
        cancelledAt: time(START),
      },
    ],
  };
  const report = reportOf(both, { rules });

  it("put own data centres into Scope 2 and rented ones into Scope 3 category 1", () => {
    const { scope2, scope3 } = report.statements.ghgProtocol;
    assert.deepEqual(scope2, { locationBasedGramsCo2e: "0.1", marketBasedGramsCo2e: "0" });
    assert.equal(scope3.category1PurchasedGoodsAndServices.operationalLocationBasedGramsCo2e, "3.7");
    assert.equal(scope3.category2CapitalGoods.embodiedGramsCo2e, "0.007");
  });

  it("give both totals of AR 47, and take no credit off them", () => {
    const { "E1-6": emissions, "E1-7": credits, "E1-5": energy } = report.statements.esrs;
    assert.equal(emissions.totalLocationBasedTonnes, "0.000003957");
    assert.equal(emissions.totalMarketBasedTonnes, "0.000003857");
    assert.deepEqual([credits.credits.length, credits.credits[0]!.tonnesCo2e], [1, 5]);
    assert.deepEqual([energy.totalEnergyMwh, energy.renewableMwh], ["0.000000012", "0.000000002"]);
    assert.deepEqual(reportOf(both, { rules: { ...rules, credits: [] } }).statements.esrs["E1-6"], emissions);
  });

  it("are added up again by the checker, which finds what does not add up", () => {
    assert.deepEqual(checkStatements(report.statements, report.totals), []);
    const forged = structuredClone(report.statements);
    forged.esrs["E1-6"].totalMarketBasedTonnes = "0";
    assert.deepEqual(checkStatements(forged, report.totals), [
      "E1-6 total (market-based), AR 47 is 0, but its parts come to 3857000",
    ]);
    assert.equal(checkStatements(report.statements, { ...report.totals, energyKwh: "1" }).length, 1);
  });
});

describe("sustainability reporter: SCI, savings, quality and uncertainty", () => {
  it("scores operational and embodied carbon per workload-hour", () => {
    // 3.7 g and 0.15 g in two workloads' minutes.
    const { sci, trend } = reportOf(records(measured(TWO_TENANTS)));
    assert.deepEqual(sci.scores, [{ signal: "average", sci: "115.5", workloadHours: 2 / 60 }]);
    assert.deepEqual(
      trend.map(({ at, sci: score }) => [at, score]),
      [[time(START), "115.5"]],
    );
  });

  it("keeps savings made apart from those lost and missed", () => {
    const intensity = measured(TWO_TENANTS).intensity;
    const job = (gramsCo2e: number, id: string) =>
      jobSaving(id, {
        job: id,
        decisionId: "d",
        tenant: "acme",
        region: "eu-central-1",
        outcome: "succeeded",
        submittedAt: time(START),
        startedAt: time(START),
        finishedAt: time(START + 60_000),
        deadlineMet: true,
        energyKwh: 1,
        gramsCo2e,
        baselineGramsCo2e: 400,
        intensity,
      });
    const plan = planSaving("p", {
      planId: "p",
      kind: "sleep",
      tenant: "acme",
      workload: "web",
      region: "eu-central-1",
      from: time(START),
      to: time(START + HOUR),
      expectedKwh: 2,
      measuredKwh: 1.5,
      gramsCo2e: 555,
      intensity,
    });
    const { savings } = reportOf(records(measured(TWO_TENANTS)), { savings: [job(300, "a"), job(450, "b"), plan] });
    assert.deepEqual(
      savings.map(({ engine, count, madeGramsCo2e, lostGramsCo2e, missedKwh, gramsCo2ePerJob }) => [
        engine,
        count,
        madeGramsCo2e,
        lostGramsCo2e,
        missedKwh,
        gramsCo2ePerJob,
      ]),
      [
        ["energy-optimizer", 1, "555", "0", "0.5", null],
        ["green-scheduler", 2, "100", "50", "0", "375"],
      ],
    );
  });

  it("counts minutes without a record, and what rests on estimates", () => {
    const minute = (index: number, estimated: boolean) =>
      measured(TWO_TENANTS, {
        from: time(START + index * 60_000),
        to: time(START + (index + 1) * 60_000),
        intensity: { ...measured(TWO_TENANTS).intensity, estimated },
      });
    const { quality } = reportOf(records(minute(0, false), minute(1, true), minute(5, false), minute(5, false)));
    assert.deepEqual(
      [quality.nodeMinutesExpected, quality.nodeMinutesRecorded, quality.nodeMinutesWithoutRecord, quality.records],
      [6, 4, 2, "12"],
    );
    assert.equal(quality.estimatedIntensityShare, 0.25);
    assert.deepEqual([quality.hoursOfPeriod, quality.hoursWithoutAnyRecord], [24, 23]);
  });

  it("adds errors up within a method, and squares between methods", () => {
    const one = [{ workload: "web", tenant: "acme", energy: 30_000, carbon: 0 }];
    const other = [{ workload: "web", tenant: "acme", energy: 40_000, carbon: 0 }];
    const same = reportOf(records(measured(one), measured(other)));
    assert.equal(same.uncertainty.halfWidthKwh, "0.000007");
    const apart = reportOf(records(measured(one), measured(other, { method: "rapl" })));
    assert.equal(apart.uncertainty.halfWidthKwh, "0.000005");
    const unknown = reportOf(records(measured(one, { uncertaintyPercent: null })));
    assert.deepEqual([unknown.uncertainty.halfWidthKwh, unknown.uncertainty.unknownShare], [null, 1]);
  });
});

describe("sustainability reporter: restatements", () => {
  it("name every figure that changed, rows by their names", () => {
    const before = reportOf(records(measured(TWO_TENANTS)));
    const after = reportOf(
      records(measured(TWO_TENANTS), measured([{ workload: "aa", tenant: "acme", energy: 1, carbon: 1 }])),
    );
    const changes = changesBetween(before, after);
    const at = (path: string) => changes.find((change) => change.path === path);
    assert.deepEqual(at("/totals/energyKwh"), { path: "/totals/energyKwh", before: "0.00001", after: "0.000010001" });
    assert.equal(at("/tenants/bolt/energyKwh"), undefined);
    assert.equal(at("/workloads/eu-central-1,acme,aa,workload/energyKwh")?.before, null);
    assert.deepEqual(changesBetween(before, before), []);
    const total = sum(after.workloads.map((row) => parseDecimal(row.energyKwh, 9)));
    assert.equal(total, parseDecimal(after.totals.energyKwh, 9));
  });
});
