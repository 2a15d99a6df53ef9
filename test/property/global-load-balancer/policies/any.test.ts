import assert from "node:assert/strict";
import fc from "fast-check";
import { createPolicy } from "../../../../runtime/scalability/global-load-balancer/policies";
import { type Attempt, POLICY_NAMES } from "../../../../runtime/scalability/global-load-balancer/policies/policy";
import { endpoint, numbers, type TestEndpoint } from "../../../unit/global-load-balancer/policies/fixtures";

const IDS = ["a", "b", "c", "d", "e"];

const step = fc.oneof(
  fc.record({
    what: fc.constant("members" as const),
    ids: fc.subarray(IDS),
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
  }),
  fc.record({ what: fc.constant("request" as const), exclude: fc.subarray(IDS) }),
  fc.record({
    what: fc.constant("end" as const),
    which: fc.nat(50),
    result: fc.constantFrom("success", "failure", "abandoned"),
  }),
  fc.record({ what: fc.constant("time" as const), milliseconds: fc.constantFrom(0, 1, 20, 5000, 1e9) }),
  fc.record({ what: fc.constant("probe" as const), inFlight: fc.nat(100) }),
);

describe("any policy", () => {
  for (const name of POLICY_NAMES) {
    it(`${name}: picks a member, an excluded one only where there is no other, and its costs are numbers`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 80 }), (script) => {
          const policy = createPolicy(name, {}, { random: numbers() });
          const underWay: Attempt[] = [];
          let members: TestEndpoint[] = [];
          let now = 0;
          for (const each of script) {
            if (each.what === "time") now += each.milliseconds;
            if (each.what === "members") {
              members = each.ids.map((id, index) => endpoint(id, index === 0 ? each.weight : 1));
              policy.update(members, now);
            }
            if (each.what === "request") {
              const picked = policy.pick({ now, exclude: new Set(each.exclude) });
              const allowed = members.filter(({ id }) => !each.exclude.includes(id));
              const among = (allowed.length > 0 ? allowed : members).find(({ id }) => id === picked);
              assert.equal(among === undefined, members.length === 0);
              if (among === undefined) continue;
              for (const { cost } of policy.why()!.candidates) assert.ok(Number.isFinite(cost));
              const attempt = { id: among.id, startedAt: now };
              policy.started?.(attempt);
              underWay.push(attempt);
              among.inFlight++;
            }
            if (each.what === "end" && underWay.length > 0) {
              const [attempt] = underWay.splice(each.which % underWay.length, 1);
              const member = members.find(({ id }) => id === attempt!.id);
              if (member !== undefined && member.inFlight > 0) member.inFlight--;
              policy.answered?.(attempt!, { now, result: each.result });
            }
            if (each.what === "probe") {
              for (const id of policy.probeTargets?.(now) ?? []) policy.probed!(id, { inFlight: each.inFlight }, now);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});
