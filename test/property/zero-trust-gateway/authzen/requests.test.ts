import assert from "node:assert/strict";
import fc from "fast-check";
import { Evaluations } from "../../../../runtime/security/zero-trust-gateway/authzen/evaluation";
import { RequestFault } from "../../../../runtime/security/zero-trust-gateway/authzen/requests";
import { answerSearch } from "../../../../runtime/security/zero-trust-gateway/authzen/searching";
import { entity, pointOf, world } from "../../../support/cedar/worlds";

/** Nearly a request: each part right, or anything. */
const json = fc.jsonValue({ maxDepth: 4 });
const party = fc.oneof(
  json,
  fc.record(
    {
      type: fc.oneof(fc.constant("user"), json),
      id: fc.oneof(fc.constant("a"), json),
      properties: fc.dictionary(fc.string(), json),
    },
    { requiredKeys: [] },
  ),
  fc.record({
    type: fc.constantFrom("user", "__proto__", "a b", "A::B"),
    id: fc.string(),
    properties: fc.dictionary(fc.string(), json),
  }),
);
const action = fc.oneof(
  json,
  fc.record({ name: fc.string(), properties: fc.dictionary(fc.string(), json) }, { requiredKeys: ["name"] }),
);
const parts = { subject: party, action, resource: party, context: json };
const request = fc.record(
  {
    ...parts,
    evaluations: fc.oneof(json, fc.array(fc.record(parts, { requiredKeys: [] }), { maxLength: 4 })),
    options: fc.oneof(
      json,
      fc.record({ evaluations_semantic: fc.constantFrom("execute_all", "deny_on_first_deny", "any") }),
    ),
    page: fc.oneof(json, fc.record({ limit: json, token: json }, { requiredKeys: [] })),
  },
  { requiredKeys: [] },
);

/** Permits what is mentioned in no policy as well: only a fault may deny. */
const WORLD = world("permit(principal, action, resource);", [entity("user::a", [], { n: 1 })]);
const evaluations = new Evaluations(pointOf(WORLD), () => WORLD);

describe("AuthZEN bodies", () => {
  it("are answered with a decision, or refused as bad requests", async () => {
    const judge = (text: string): void => {
      const answer = JSON.parse(text) as { decision?: unknown; evaluations?: { decision: unknown }[] };
      for (const one of answer.evaluations ?? [answer]) assert.equal(typeof one.decision, "boolean");
    };
    await fc.assert(
      fc.asyncProperty(request, async (body) => {
        for (const answer of [() => evaluations.one(body), () => evaluations.many(body)]) {
          try {
            judge(await answer());
          } catch (error) {
            assert.ok(error instanceof RequestFault, String(error));
          }
        }
        assert.equal(({} as Record<string, unknown>).properties, undefined);
      }),
      { numRuns: 3000 },
    );
  });

  it("find entities, or are refused as bad requests", async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.constantFrom("subject", "resource", "action"), async (body, target) => {
        try {
          const { results } = (await answerSearch(target, body, WORLD)) as { results: unknown };
          assert.ok(Array.isArray(results));
        } catch (error) {
          assert.ok(error instanceof RequestFault, String(error));
        }
      }),
      { numRuns: 1500 },
    );
  });
});
