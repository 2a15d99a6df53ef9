import assert from "node:assert/strict";
import fc from "fast-check";
import { createPolicy } from "../../../../runtime/scalability/global-load-balancer/policies";
import type { Endpoint, PolicyName } from "../../../../runtime/scalability/global-load-balancer/policies/policy";
import { endpoint, numbers, type TestEndpoint } from "../../../unit/global-load-balancer/policies/fixtures";

const KEYS = Array.from({ length: 12_000 }, (_, key) => `user:${key}`);
const CONSISTENT: readonly PolicyName[] = ["rendezvous", "maglev", "bounded-load"];

const pool = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9.:-]{1,20}$/), { minLength: 2, maxLength: 12 })
  .map((ids) => ids.map((id) => endpoint(id)));

function assign(name: PolicyName, endpoints: readonly Endpoint[]): string[] {
  const policy = createPolicy(name, {}, { random: numbers() });
  policy.update(endpoints, 0);
  return KEYS.map((key) => policy.pick({ now: 0, key })!);
}

const countOf = (ids: readonly string[], wanted: string): number => ids.filter((id) => id === wanted).length;

describe("consistent policies", () => {
  for (const name of CONSISTENT) {
    it(`${name}: each endpoint gets its share of the keys`, () => {
      fc.assert(
        fc.property(pool, (endpoints) => {
          const ids = assign(name, endpoints);
          const ideal = KEYS.length / endpoints.length;
          // Five standard deviations of a fair draw.
          for (const { id } of endpoints) assert.ok(Math.abs(countOf(ids, id) - ideal) < 5 * Math.sqrt(ideal));
        }),
        { numRuns: 10 },
      );
    });

    it(`${name}: the order in which endpoints are told does not matter`, () => {
      fc.assert(
        fc.property(pool, (endpoints) => {
          assert.deepEqual(assign(name, endpoints), assign(name, endpoints.toReversed()));
        }),
        { numRuns: 5 },
      );
    });

    it(`${name}: on average no more than 1.1 times the ideal part of the keys moves when one goes`, () => {
      fc.assert(
        fc.property(pool, (endpoints) => {
          const before = assign(name, endpoints);
          const moved = endpoints.map((gone) => {
            const after = assign(
              name,
              endpoints.filter((other) => other !== gone),
            );
            return before.filter((id, index) => id !== after[index]).length;
          });
          const mean = moved.reduce((sum, count) => sum + count, 0) / endpoints.length;
          const ideal = KEYS.length / endpoints.length;
          assert.ok(mean >= ideal && mean <= 1.1 * ideal, `${mean} moved, ${ideal} is ideal`);
        }),
        { numRuns: 5 },
      );
    });
  }

  it("rendezvous moves no key but those of the endpoint that goes", () => {
    fc.assert(
      fc.property(pool, ([gone, ...left]) => {
        const before = assign("rendezvous", [gone!, ...left]);
        const after = assign("rendezvous", left);
        before.forEach((id, index) => assert.ok(id === gone!.id || id === after[index]));
      }),
      { numRuns: 10 },
    );
  });

  for (const name of ["rendezvous", "maglev"] as const) {
    it(`${name}: shares follow the weights`, () => {
      const ids = assign(name, [endpoint("a", 1), endpoint("b", 2), endpoint("c", 5)]);
      for (const [id, share] of [
        ["a", 1 / 8],
        ["b", 2 / 8],
        ["c", 5 / 8],
      ] as const) {
        assert.ok(Math.abs(countOf(ids, id) / KEYS.length - share) < 0.02);
      }
    });
  }

  it("bounded load keeps each at or below its bound, whatever the keys and whatever ends", () => {
    const steps = fc.array(fc.record({ key: fc.constantFrom("hot", "warm", "cold"), ends: fc.nat(20) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(pool, steps, fc.double({ min: 0.05, max: 2, noNaN: true }), (endpoints, script, headroom) => {
        const held: TestEndpoint[] = endpoints.map(({ id }) => endpoint(id));
        const policy = createPolicy("bounded-load", { headroom }, { random: numbers() });
        policy.update(held, 0);
        for (const { key, ends } of script) {
          const picked = held.find(({ id }) => id === policy.pick({ now: 0, key }))!;
          picked.inFlight++;
          const requests = held.reduce((sum, { inFlight }) => sum + inFlight, 0);
          assert.ok(picked.inFlight <= Math.ceil(((1 + headroom) * requests) / held.length));
          const ending = held[ends];
          if (ending !== undefined && ending.inFlight > 0) ending.inFlight--;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("bounded load leaves a key where rendezvous puts it while there is room", () => {
    const endpoints = ["a", "b", "c"].map((id) => endpoint(id));
    assert.deepEqual(assign("bounded-load", endpoints), assign("rendezvous", endpoints));
  });
});
