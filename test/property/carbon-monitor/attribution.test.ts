import assert from "node:assert/strict";
import fc from "fast-check";
import { microgramsOf } from "../../../runtime/kernel/energy/exact";
import { attribute, IDLE_RULES, SYSTEM_RULES } from "../../../runtime/sustainability/carbon-monitor/attribution";

const seconds = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3840, noNaN: true }));
const claim = fc.record({
  workload: fc.string({ minLength: 1, maxLength: 5 }),
  namespace: fc.option(fc.string({ minLength: 1, maxLength: 5 })),
  pod: fc.string({ minLength: 1, maxLength: 5 }),
  tenant: fc.option(fc.string({ minLength: 1, maxLength: 5 })),
  cpuSeconds: seconds,
  requestedCores: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 64, noNaN: true })),
});
const node = fc.record({
  energy: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  idle: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  embodied: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  gramsPerKwh: fc.double({ min: 0, max: 1500, noNaN: true }),
  cpuSeconds: seconds,
  cores: fc.integer({ min: 1, max: 256 }),
});

describe("carbon monitor: attribution (property)", () => {
  for (const rule of IDLE_RULES) {
    it(`the parts sum to the node's, to the last digit (${rule})`, () => {
      fc.assert(
        fc.property(
          node,
          fc.array(claim, { maxLength: 30 }),
          fc.constantFrom(...SYSTEM_RULES),
          (use, claims, system) => {
            const parts = attribute(use, claims, rule, system);
            const sum = (member: "energy" | "idle" | "carbon" | "embodied"): bigint =>
              parts.reduce((all, part) => all + part[member], 0n);
            assert.equal(sum("energy"), use.energy);
            assert.equal(sum("idle"), use.idle < use.energy ? use.idle : use.energy);
            assert.equal(sum("carbon"), microgramsOf(use.energy, use.gramsPerKwh));
            assert.equal(sum("embodied"), use.embodied);
            assert.ok(parts.every((part) => part.energy >= part.idle && part.idle >= 0n && part.carbon >= 0n));
            assert.deepEqual(
              parts.filter((part) => part.kind === "workload").map((part) => part.workload),
              claims.map((one) => one.workload),
            );
          },
        ),
      );
    });
  }
});
