import assert from "node:assert/strict";
import fc from "fast-check";
import { Budget } from "../../../runtime/scalability/global-load-balancer/budget";
import { type Try, Upstream } from "../../../runtime/scalability/global-load-balancer/engine";
import { trafficShares, wholeParts } from "../../../runtime/scalability/global-load-balancer/mesh";
import { OutlierDetector } from "../../../runtime/scalability/global-load-balancer/outliers";
import { POLICY_NAMES } from "../../../runtime/scalability/global-load-balancer/policies/policy";
import { validateUpstream } from "../../../runtime/scalability/global-load-balancer/validate";

const endpoint = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
  weight: fc.integer({ min: 1, max: 5 }),
  priority: fc.integer({ min: 0, max: 2 }),
  region: fc.constantFrom("eu", "us"),
  zone: fc.constantFrom("1", "2"),
  draining: fc.boolean(),
});
const endpoints = fc
  .uniqueArray(endpoint, { selector: ({ id }) => id, maxLength: 8 })
  .map((each) => each.map((one) => ({ ...one, address: `10.0.0.${String(one.id.charCodeAt(0))}:80` })));

type Step =
  | { type: "request" }
  | { type: "end"; index: number; verdict: "success" | "error" | "gateway-failure" | undefined }
  | { type: "probe"; id: string; fault: string | undefined }
  | { type: "time"; milliseconds: number }
  | { type: "configure"; endpoints: typeof endpoints extends fc.Arbitrary<infer T> ? T : never };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: "request" as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      index: fc.nat(50),
      verdict: fc.constantFrom("success" as const, "error" as const, "gateway-failure" as const, undefined),
    }),
  },
  fc.record({
    type: fc.constant("probe" as const),
    id: fc.constantFrom("a", "b", "c", "d"),
    fault: fc.constantFrom(undefined, "down"),
  }),
  fc.record({ type: fc.constant("time" as const), milliseconds: fc.integer({ min: 1, max: 60_000 }) }),
  fc.record({ type: fc.constant("configure" as const), endpoints }),
);

describe("global load balancer: engine (properties)", () => {
  it("whatever happens: picks are fit or in panic, below their limit, and every count returns to 0", () => {
    fc.assert(
      fc.property(
        endpoints,
        fc.constantFrom(...POLICY_NAMES),
        fc.array(step, { maxLength: 80 }),
        fc.integer(),
        (first, policy, steps, seed) => {
          let state = seed >>> 0;
          const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
          let now = 0;
          const spec = (list: typeof first) =>
            validateUpstream({
              name: "web",
              endpoints: list,
              policy: { name: policy },
              health: { unhealthyThreshold: 1, healthyThreshold: 1 },
              outlier: { consecutiveErrors: 2, consecutiveGatewayFailures: 2, baseEjectionSeconds: 1 },
              limits: { requestsPerEndpoint: 2 },
              locality: { minimumEndpoints: 2 },
            });
          const upstream = new Upstream(spec(first), { placement: { region: "eu", zone: "1" }, random }, now);
          const under: Try[] = [];
          for (const each of steps) {
            now += 1;
            if (each.type === "request") {
              const member = upstream.pick({ now, key: String(now % 7) });
              if (typeof member !== "string") {
                const pool = upstream.pools.find(({ byId }) => byId.get(member.id) === member);
                assert.ok(pool, "the picked endpoint is in a pool");
                assert.ok(!member.spec.draining);
                assert.ok(pool.panic || !upstream.unfit(member));
                assert.ok(member.inFlight < 2);
                under.push(upstream.begin(member, now));
              } else if (member === "none") {
                assert.equal(upstream.pools.length, 0);
              } else {
                assert.ok(upstream.pools.every(({ members }) => members.every(({ inFlight }) => inFlight >= 2)));
              }
            } else if (each.type === "end") {
              const [attempt] = under.splice(each.index % Math.max(1, under.length), 1);
              if (attempt) {
                upstream.answered(attempt, each.verdict, now);
                upstream.finished(attempt);
              }
            } else if (each.type === "probe") upstream.probed(each.id, each.fault, now);
            else if (each.type === "time") {
              now += each.milliseconds;
              upstream.restore(now);
              upstream.compare(now);
            } else upstream.configure(spec(each.endpoints), now);
            assert.equal(upstream.inFlight, under.length);
            const shares = [...trafficShares(upstream).values()].reduce((sum, share) => sum + share, 0);
            assert.ok(Math.abs(shares - (upstream.pools.length > 0 ? 1 : 0)) < 1e-9);
          }
          for (const attempt of under) {
            upstream.answered(attempt, undefined, now);
            upstream.finished(attempt);
          }
          for (const member of [...upstream.members.values(), ...upstream.leaving]) assert.equal(member.inFlight, 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never more endpoints are ejected than may be, and never the last", () => {
    const settings = validateUpstream({ name: "web" }).outlier;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        fc.array(fc.tuple(fc.nat(11), fc.boolean(), fc.nat(5000)), { maxLength: 300 }),
        (count, maxEjectionPercent, results) => {
          const detector = new OutlierDetector({
            ...settings,
            maxEjectionPercent,
            consecutiveErrors: 2,
            baseEjectionSeconds: 1,
          });
          const ids = Array.from({ length: count }, (_, index) => String(index));
          detector.retain(ids);
          let now = 0;
          for (const [index, good, milliseconds] of results) {
            now += milliseconds;
            detector.restore(now);
            detector.record(String(index), good ? "success" : "error", now);
            const ejected = ids.filter((id) => detector.ejection(id)).length;
            const most = Math.min(count - 1, Math.max(1, Math.floor((count * maxEjectionPercent) / 100)));
            assert.ok(ejected <= most, `${String(ejected)} of ${String(count)} at ${String(maxEjectionPercent)} %`);
          }
        },
      ),
    );
  });

  it("a budget never gives more than its share of any ten seconds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3000 })), { maxLength: 400 }),
        fc.integer({ min: 0, max: 100 }),
        (calls, percent) => {
          const budget = new Budget();
          const requests: number[] = [];
          const extras: number[] = [];
          let now = 1_000_000;
          for (const [isRequest, milliseconds] of calls) {
            now += milliseconds;
            if (isRequest) {
              budget.deposit(now);
              requests.push(now);
            } else if (budget.withdraw(now, { percent, minimumPerSecond: 0.2 })) {
              extras.push(now);
              // Slots of a second: the window reaches back between nine and ten seconds.
              const recent = extras.filter((time) => time > now - 9000).length;
              const earlier = requests.filter((time) => time > now - 10_000).length;
              assert.ok(recent <= (earlier * percent) / 100 + 2 + 1e-9);
            }
          }
        },
      ),
    );
  });

  it("whole parts sum to the total, and who has a share has a part", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }), (shares) => {
        const total = 1000;
        const sum = shares.reduce((all, each) => all + each, 0);
        const parts = wholeParts(shares, total);
        if (sum <= 0) return assert.ok(parts.every((part) => part === 0));
        assert.equal(
          parts.reduce((all, each) => all + each, 0),
          total,
        );
        shares.forEach((share, index) => {
          assert.ok(share === 0 ? parts[index] === 0 : parts[index]! >= 1);
        });
      }),
    );
  });
});
