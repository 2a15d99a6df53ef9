import assert from "node:assert/strict";
import fc from "fast-check";
import { findIdle, idleLine } from "../../../runtime/sustainability/energy-optimizer/idle";
import { HOUR } from "../../../runtime/sustainability/energy-optimizer/usage";
import { inWindow, learnIdleWeek } from "../../../runtime/sustainability/energy-optimizer/weekly";
import { hoursUntil, MONDAY } from "../../unit/energy-optimizer/fixtures";

const loads = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4, noNaN: true })), {
  minLength: 672,
  maxLength: 672,
});

describe("energy optimizer: idleness, whatever the history", () => {
  it("calls nothing idle whose last hour was busy, and to leave hours out never makes a zombie", () => {
    fc.assert(
      fc.property(loads, fc.array(fc.boolean(), { minLength: 672, maxLength: 672 }), (cores, keep) => {
        const hours = hoursUntil(MONDAY, 672, (hour) => cores[672 - (MONDAY - hour) / HOUR]!);
        const found = findIdle(hours, 1, MONDAY);
        if (cores.at(-1)! > found.lineCores!) assert.equal(found.state, "busy");
        const kept = hours.filter((_, index) => keep[index]);
        if (found.state !== "zombie" && kept.length < 600) assert.notEqual(findIdle(kept, 1, MONDAY).state, "zombie");
      }),
      { numRuns: 60 },
    );
  });

  it("puts nobody to sleep in an hour that was busy in the last week", () => {
    fc.assert(
      fc.property(loads, (cores) => {
        const hours = hoursUntil(MONDAY, 672, (hour) => cores[672 - (MONDAY - hour) / HOUR]!);
        const line = idleLine(hours, 1);
        const windows = learnIdleWeek(hours, line);
        for (const { hour, mostCores } of hours.slice(-168)) assert.ok(mostCores <= line || !inWindow(windows, hour));
      }),
      { numRuns: 60 },
    );
  });
});
