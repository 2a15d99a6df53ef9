import assert from "node:assert/strict";
import { WATTS_PER_VCPU } from "../../../../factors/power";
import { MnoError } from "../../../../runtime/exports";
import { calibrate } from "../../../../runtime/kernel/energy/calibrated";
import {
  embodiedGrams,
  memoryWatts,
  networkKwh,
  pueOf,
  storageWatts,
} from "../../../../runtime/kernel/energy/components";
import { ccfPower, curvePower, linearPower, specPower, teadsPower } from "../../../../runtime/kernel/energy/curve";

const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${String(actual)} is not ${String(expected)}`);

describe("kernel: power models", () => {
  it("Cloud Carbon Footprint's is linear in the table's watts per vCPU", () => {
    const [idle, full] = WATTS_PER_VCPU.Haswell!;
    const model = ccfPower("Haswell", 24);
    near(model.idleWatts, 24 * idle);
    near(model.watts(0.5), 12 * (idle + full));
    near(model.watts(7), 24 * full);
    near(model.watts(Number.NaN), model.idleWatts);
    assert.match(model.source, /Cloud Carbon Footprint.*Haswell/);
  });

  it("an unknown processor is counted with the mean, and said to be", () => {
    assert.ok(ccfPower("Pentium", 4).watts(1) > 4);
    assert.match(ccfPower("Pentium", 4).source, /Pentium: mean of all architectures/);
    assert.match(ccfPower("EPYC 5th Gen", 4).source, /too high/);
  });

  it("Teads' curve goes through its four points", () => {
    const model = teadsPower(90, "data sheet");
    for (const [load, ofTdp] of [
      [0, 0.12],
      [0.1, 0.32],
      [0.3, 0.535],
      [0.5, 0.75],
      [1, 1.02],
    ] as const) {
      near(model.watts(load), ofTdp * 90);
    }
  });

  it("a SPECpower result is linear between its target loads", () => {
    const model = specPower([56.7, 70, 118], "power_ssj2008, system 0");
    near(model.idleWatts, 56.7);
    near(model.watts(0.25), 63.35);
    near(model.watts(1), 118);
  });

  it("refuses curves that make no sense", () => {
    const refused = (points: [number, number][], what: RegExp): void =>
      assert.throws(
        () =>
          curvePower(
            points.map(([utilisation, watts]) => ({ utilisation, watts })),
            "test",
          ),
        (error) => error instanceof MnoError && error.code === "MNO_POWER_MODEL_INVALID" && what.test(error.message),
      );
    refused([[0, 1]], /two points/);
    refused(
      [
        [0, 1],
        [1.5, 2],
      ],
      /0 to 1, not 1.5/,
    );
    refused(
      [
        [0, 1],
        [0, 2],
      ],
      /must rise/,
    );
    refused(
      [
        [0, 5],
        [1, 2],
      ],
      /must not fall/,
    );
    refused(
      [
        [0, -5],
        [1, 2],
      ],
      /not negative/,
    );
  });

  it("memory, disks, network, PUE and the making of a server are Cloud Carbon Footprint's", () => {
    near(memoryWatts(8), 3.136);
    near(storageWatts({ ssdTb: 2, hddTb: 4 }), 5);
    near(networkKwh(3e9), 0.003);
    assert.equal(pueOf("aws"), 1.135);
    assert.equal(pueOf("gcp"), 1.1);
    assert.equal(pueOf("somebody"), 1.135);
    const server = { processors: 2, memoryGib: 400, ssds: 1, hdds: 2, gpus: 1 };
    near(embodiedGrams(server), 1_000_000 + 533_000 + 100_000 + 100_000 + 100_000 + 150_000, 1e-6);
    near(embodiedGrams({ processors: 1, memoryGib: 4, ssds: 0, hdds: 0, gpus: 0 }), 1_000_000);
  });
});

describe("kernel: calibrated power model", () => {
  const prior = linearPower(20, 100, "data sheet");
  const truth = (load: number): number => 10 + 90 * Math.sqrt(load);
  const loads = Array.from({ length: 11 }, (_, index) => index / 10);
  const measured = loads.map((utilisation) => ({ utilisation, watts: truth(utilisation) }));

  it("knows a few cores at full speed from many that are held back", () => {
    // Power goes with utilisation times frequency: 10 W at no load, 110 W at full speed and load.
    const power = (utilisation: number, frequencyShare: number) => 10 + 100 * utilisation * frequencyShare;
    const points = [0.4, 1].flatMap((frequencyShare) =>
      Array.from({ length: 10 }, (_, i) => {
        const utilisation = (i + 1) / 10;
        return { utilisation, frequencyShare, watts: power(utilisation, frequencyShare) };
      }),
    );
    const model = calibrate(points, "test")!;
    assert.match(model.source, /over utilisation x frequency\^1$/);
    for (const [load, share] of [
      [0.45, 0.4],
      [0.45, 1],
      [0.9, 0.7],
    ] as const) {
      assert.ok(
        Math.abs(model.watts(load, share) / power(load, share) - 1) < 0.05,
        `${String(load)} at ${String(share)}`,
      );
    }
    assert.equal(model.watts(0.5), model.watts(0.5, 1), "the usual frequency where none is told: the upper median");
    const blind = calibrate(
      points.map(({ frequencyShare: _, ...point }) => point),
      "test",
    )!;
    assert.equal(blind.watts(0.45, 0.4), blind.watts(0.45, 1));
    const few = calibrate(points.slice(0, 10), "test")!;
    assert.doesNotMatch(few.source, /frequency/, "too few to tell");
  });

  it("follows a node's own curve, and knows its error", () => {
    const model = calibrate(measured, "wattmeter", prior)!;
    assert.equal(model.name, "calibrated");
    for (const load of [0, 0.1, 0.55, 1]) near(model.watts(load), truth(load), 0.5);
    assert.ok(model.leaveOneOutPercent! > 0 && model.leaveOneOutPercent! < 25);
    near(model.uncertaintyPercent!, model.leaveOneOutPercent! * 1.96 * Math.sqrt(Math.PI / 2));
    assert.match(model.source, /wattmeter, 11 measurements/);
  });

  it("is not moved by wild readings among many", () => {
    const many = loads.flatMap((utilisation) => Array<object>(5).fill({ utilisation, watts: truth(utilisation) }));
    const wild = [...(many as typeof measured), { utilisation: 0.5, watts: 4000 }, { utilisation: 0.5, watts: 0.001 }];
    near(calibrate(wild, "rapl")!.watts(0.5), truth(0.5), 1e-9);
  });

  it("leaves out what can not be a measurement", () => {
    const bad = [Number.NaN, -1, 0, Number.POSITIVE_INFINITY].map((watts) => ({ utilisation: 0.5, watts }));
    assert.equal(calibrate(bad, "rapl", prior), undefined);
    assert.equal(calibrate([...measured, ...bad, { utilisation: 1.2, watts: 10 }], "rapl")!.measurements, 11);
  });

  it("with few points scales the prior's shape", () => {
    const model = calibrate([{ utilisation: 0.5, watts: 120 }], "wattmeter", prior)!;
    assert.equal(model.name, "calibrated-linear");
    near(model.watts(0), 40);
    near(model.watts(1), 200);
    assert.equal(model.uncertaintyPercent, null);
    assert.equal(calibrate([{ utilisation: 0.5, watts: 120 }], "wattmeter"), undefined);
    const narrow = [0.4, 0.45, 0.5, 0.55, 0.6].map((utilisation) => ({ utilisation, watts: 120 }));
    assert.equal(calibrate(narrow, "rapl", prior)!.name, "calibrated-linear");
  });

  it("goes on beyond the measured range with half of the last slope, never below 0", () => {
    const steep = [0.4, 0.5, 0.6, 0.7, 0.8].map((utilisation) => ({ utilisation, watts: 100 * utilisation }));
    const model = calibrate(steep, "rapl")!;
    near(model.watts(1), 90);
    near(model.watts(0), 20);
    const steeper = [0.1, 0.5, 0.6, 0.7].map((utilisation) => ({ utilisation, watts: 300 * utilisation - 25 }));
    assert.equal(calibrate(steeper, "rapl")!.idleWatts, 0);
  });
});
