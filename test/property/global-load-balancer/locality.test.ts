import assert from "node:assert/strict";
import fc from "fast-check";
import { levelShares, regionRank, zoneShares } from "../../../runtime/scalability/global-load-balancer/locality";

const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;
const sum = (values: Iterable<number>): number => [...values].reduce((all, each) => all + each, 0);

const level = fc
  .record({ total: fc.integer({ min: 0, max: 1000 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ total, part }) => ({ total, healthy: Math.floor(total * part) }));
const settings = fc.record({
  overprovisioningFactor: fc.double({ min: 1, max: 3, noNaN: true }),
  panicPercent: fc.integer({ min: 0, max: 100 }),
});

describe("global load balancer: failover levels (properties)", () => {
  it("the shares sum to 1 wherever anything may be used, and none is negative", () => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 6 }), settings, (levels, options) => {
        const shares = levelShares(levels, options);
        assert.ok(shares.every(({ share }) => share >= 0 && share <= 1 + 1e-9));
        const usable = levels.some(({ healthy, total }) => healthy > 0 || (total > 0 && options.panicPercent > 0));
        assert.ok(close(sum(shares.map(({ share }) => share)), usable ? 1 : 0));
      }),
    );
  });

  it("nothing goes to a level that has nothing to take it", () => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 6 }), settings, (levels, options) => {
        levelShares(levels, options).forEach(({ share, panic }, index) => {
          const { total, healthy } = levels[index]!;
          if (share > 0) assert.ok(panic ? total > 0 : healthy > 0);
        });
      }),
    );
  });

  it("a level gets nothing while those before it suffice", () => {
    fc.assert(
      fc.property(fc.array(level, { minLength: 2, maxLength: 6 }), settings, (levels, options) => {
        const shares = levelShares(levels, options);
        let reach = 0;
        for (const [index, { total, healthy }] of levels.entries()) {
          if (reach >= 1) assert.ok(shares[index]!.share < 1e-9);
          if (total > 0) reach += Math.min(1, (options.overprovisioningFactor * healthy) / total);
        }
      }),
    );
  });

  it("more health in the first level never takes traffic from it", () => {
    fc.assert(
      fc.property(fc.array(level, { minLength: 2, maxLength: 4 }), (levels) => {
        const options = { overprovisioningFactor: 1.4, panicPercent: 0 };
        const [first, ...rest] = levels as [(typeof levels)[0], ...typeof levels];
        if (first.healthy === first.total) return;
        const before = levelShares(levels, options)[0]!.share;
        const after = levelShares([{ ...first, healthy: first.healthy + 1 }, ...rest], options)[0]!.share;
        assert.ok(after >= before - 1e-9);
      }),
    );
  });

  it("Envoy's documented cases hold", () => {
    const options = { overprovisioningFactor: 1.4, panicPercent: 50 };
    const shares = (...healthy: number[]): number[] =>
      levelShares(
        healthy.map((each) => ({ total: 100, healthy: each })),
        options,
      ).map(({ share }) => Math.round(share * 100));
    assert.deepEqual(shares(100, 100), [100, 0]);
    assert.deepEqual(shares(72, 100), [100, 0]);
    assert.deepEqual(shares(71, 100), [99, 1]);
    assert.deepEqual(shares(50, 100), [70, 30]);
    assert.deepEqual(shares(25, 100), [35, 65]);
    assert.deepEqual(shares(0, 100), [0, 100]);
    assert.deepEqual(shares(25, 25), [50, 50]);
    assert.deepEqual(shares(5, 65, 90), [7, 91, 2]);
    const panicking = levelShares([{ total: 100, healthy: 25 }], options);
    assert.deepEqual(panicking, [{ share: 1, panic: true }]);
  });
});

describe("global load balancer: zones (properties)", () => {
  const zones = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 100 }), { minKeys: 1 });

  it("the shares sum to 1 where there is capacity, and none goes to a zone without", () => {
    fc.assert(
      fc.property(zones, fc.constantFrom("a", "b", "z"), (capacity, own) => {
        const shares = zoneShares(new Map(Object.entries(capacity)), own);
        const any = Object.values(capacity).some((each) => each > 0);
        assert.ok(close(sum(shares.values()), any ? 1 : 0));
        for (const [zone, share] of shares) {
          assert.ok(share >= 0);
          if (capacity[zone] === 0) assert.equal(share, 0);
        }
      }),
    );
  });

  it("where every zone's balancer follows it, each zone gets what its capacity is worth", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 }), (weights) => {
        const capacity = new Map(weights.map((weight, index) => [String(index), weight]));
        const total = sum(weights);
        const received = new Map<string, number>();
        for (const own of capacity.keys()) {
          for (const [zone, share] of zoneShares(capacity, own)) {
            received.set(zone, (received.get(zone) ?? 0) + share / weights.length);
          }
        }
        for (const [zone, weight] of capacity) assert.ok(close(received.get(zone) ?? 0, weight / total));
      }),
    );
  });

  it("stays at home where the own zone has its part, and ranks regions by the failover order", () => {
    assert.deepEqual(
      Object.fromEntries(
        zoneShares(
          new Map([
            ["a", 2],
            ["b", 1],
          ]),
          "a",
        ),
      ),
      { a: 1, b: 0 },
    );
    assert.deepEqual(
      Object.fromEntries(
        zoneShares(
          new Map([
            ["a", 1],
            ["b", 3],
          ]),
          "a",
        ),
      ),
      { a: 0.5, b: 0.5 },
    );
    assert.deepEqual(
      ["eu", "us", "ap", "sa", undefined].map((region) => regionRank(region, "eu", ["eu", "ap", "us"])),
      [0, 2, 1, 4, 0],
    );
  });
});
