import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import type { AccessDecision } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { validateRoutes } from "../../../../runtime/security/zero-trust-gateway/routing/validate";
import { call, Cleanup, startBackend } from "../../../support/balancer";
import { ALLOWED, DENIED, Parts, startGateway } from "../../../support/gateway";

/** What a part may do when it is asked. */
type Fault = "none" | "throws" | "rejects" | "hangs" | "unavailable" | "nonsense";
const FAULTS: readonly Fault[] = [
  ...Array.from({ length: 15 }, () => "none" as const),
  "throws",
  "rejects",
  "hangs",
  "unavailable",
  "nonsense",
];

const PART_MILLISECONDS = 40;

function afflicted<T>(fault: Fault, well: () => Promise<T>): Promise<T> {
  switch (fault) {
    case "none":
      return well();
    case "throws":
      throw new TypeError("a bug");
    case "rejects":
      return Promise.reject(new Error("a bug"));
    case "hangs":
      return new Promise(() => undefined);
    case "unavailable":
      return Promise.reject(new MnoError("MNO_POLICY_UNAVAILABLE", "away"));
    case "nonsense":
      return Promise.resolve(undefined as T);
  }
}

/** Of a part that answers at once. */
function afflictedNow<T>(fault: Fault, well: () => T): T {
  if (fault === "nonsense") return undefined as T;
  if (fault === "unavailable") throw new MnoError("MNO_POLICY_UNAVAILABLE", "away");
  if (fault !== "none") throw new TypeError("a bug");
  return well();
}

const DECISIONS: readonly AccessDecision[] = [
  ALLOWED,
  ALLOWED,
  ALLOWED,
  ALLOWED,
  DENIED,
  { ...ALLOWED, policies: [] },
  { ...DENIED, policies: ["forbid-all"] },
  { ...DENIED, errors: ["p: no such attribute"], advice: ["step_up"] },
];

const fault = fc.constantFrom(...FAULTS);
const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      method: fc.constantFrom("GET", "POST", "DELETE"),
      path: fc.constantFrom("/", "/a", "/open/a", "/open/b", "/b", "/c", "/gone/x", "/a%2fb", "/.mno/x", "/open/../a"),
      alice: fc.constantFrom(true, true, false),
      body: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("faults" as const),
      identify: fault,
      risk: fault,
      limit: fault,
      inspect: fault,
      decide: fault,
      validate: fault,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("policies" as const), decision: fc.constantFrom(...DECISIONS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("routes" as const), set: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
);

describe("zero-trust gateway: enforcement (properties)", () => {
  const cleanup = new Cleanup();
  after(() => cleanup.run());

  it("no request reaches an upstream without an allow that names a policy, whatever is reloaded or crashes meanwhile", async function () {
    this.timeout(120_000);
    const reached: string[] = [];
    const backend = await startBackend(cleanup, (request, response) => {
      reached.push(String(request.headers["x-mno-decision"]));
      request.resume().on("end", () => response.end("ok"));
    });
    const upstream = { url: `http://${backend.address}` };
    const all = { name: "all", upstream };
    const open = {
      name: "open",
      pathPrefix: "/open",
      upstream,
      whenRiskUnavailable: "decide",
      content: { mode: "stream" },
    };
    const sets = [[all], [all, open], [open]].map((routes) => validateRoutes(routes));
    let allowed = 0;
    let refused = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
        reached.length = 0;
        const parts = new Parts();
        let faults: Record<"identify" | "risk" | "limit" | "inspect" | "decide" | "validate", Fault> = {
          identify: "none",
          risk: "none",
          limit: "none",
          inspect: "none",
          decide: "none",
          validate: "none",
        };
        let decision = ALLOWED;
        const given: AccessDecision[] = [];
        const { identify, riskOf, take, inspect } = parts;
        parts.identify = (request) => afflicted(faults.identify, () => identify(request));
        parts.riskOf = () => afflicted(faults.risk, riskOf);
        parts.take = () => afflicted(faults.limit, take);
        parts.inspect = (request, body) => afflictedNow(faults.inspect, () => inspect(request, body));
        parts.validate = () => afflictedNow(faults.validate, () => undefined);
        parts.decide = () =>
          afflictedNow(faults.decide, () => {
            given.push(decision);
            return decision;
          });
        const local = new Cleanup();
        const { plane, port } = await startGateway(local, [all], {
          double: parts,
          partMilliseconds: PART_MILLISECONDS,
        });
        try {
          const under: Promise<void>[] = [];
          for (const each of actions) {
            if (each.kind === "faults") faults = each;
            else if (each.kind === "policies") decision = each.decision;
            else if (each.kind === "routes") plane.apply(sets[each.set] ?? []);
            else if (each.kind === "wait") await under.at(-1);
            else {
              const { method, path, alice, body } = each;
              const hasContent = body && method !== "GET";
              const headers = {
                ...(alice && { authorization: "Bearer alice" }),
                ...(hasContent && { "content-length": "7" }),
              };
              const content = hasContent ? { body: "content" } : {};
              under.push(
                call(port, { method, path, headers, ...content }).then(({ status, headers: answered }) => {
                  const record = plane.journal.records.find(String(answered["x-mno-decision"]));
                  assert.ok(record, "every answer names a decision that can be asked why");
                  assert.equal(status < 300, record.outcome === "allowed");
                  if (record.outcome === "allowed") allowed += 1;
                  else refused += 1;
                }),
              );
            }
          }
          await Promise.all(under);
          assert.equal(new Set(reached).size, reached.length, "no decision lets more than one request through");
          for (const id of reached) {
            const record = plane.journal.records.find(id);
            assert.equal(record?.outcome, "allowed");
            assert.ok(record.policies.length > 0);
            assert.deepEqual(record.policies, ALLOWED.policies);
          }
          const allows = given.filter((each) => each.allowed && each.policies.length > 0).length;
          assert.ok(reached.length <= allows, "each request at the upstream had a decision of its own");
          assert.equal(plane.live.size, 0);
        } finally {
          await local.run();
        }
      }),
      { numRuns: 60, seed: 7 },
    );
    // The property says something: both ends were met often.
    assert.ok(allowed > 50 && refused > 50, `${String(allowed)} allowed, ${String(refused)} refused`);
  });
});
