import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import { loadPolicies } from "../../../../runtime/security/zero-trust-gateway/policy/load";
import { Choice } from "../../../support/cedar/choice";
import { PolicyWriter } from "../../../support/cedar/policies";
import { seeded } from "../../../../runtime/kernel/random";

/** A text with some characters taken out, doubled or replaced. */
function damaged(text: string, edits: readonly (readonly [number, string])[]): string {
  for (const [at, by] of edits) {
    const place = Math.floor(at * text.length);
    text = text.slice(0, place) + by + text.slice(place + (by === "" ? 1 : 0));
  }
  return text;
}

const EDIT = fc.tuple(
  fc.double({ min: 0, max: 0.999, noNaN: true }),
  fc.constantFrom(
    "",
    '"',
    "\\",
    ";",
    "(",
    "}",
    "//",
    "\u0000",
    "é",
    "9".repeat(40),
    " in ",
    "!",
    "-",
    "?principal",
    '@id("x") ',
  ),
);

describe("loading hostile policies", () => {
  it("ends with policies or with a fault that says where", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(EDIT, { maxLength: 4 }), fc.string(), (seed, edits, junk) => {
        const written = new PolicyWriter(new Choice(seeded(seed)), 0.05).policy();
        for (const text of [damaged(written, edits), junk, damaged(written, [[0.5, junk]])]) {
          try {
            loadPolicies({ sets: { fuzzed: { text } } });
          } catch (error) {
            assert.ok(error instanceof MnoError && error.code === "MNO_POLICY_INVALID", String(error));
            assert.ok(error.faults.length > 0);
            assert.ok(error.faults.every(({ field }) => field.startsWith("fuzzed") || field === "policies"));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("takes any schema text or refuses it", () => {
    const schema = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .array(EDIT, { maxLength: 3 })
        .map((edits) =>
          damaged(
            "entity U in [U] { a: Long, b?: Set<ipaddr> } tags String; action v appliesTo { principal: U, resource: U };",
            edits,
          ),
        ),
    );
    fc.assert(
      fc.property(schema, (text) => {
        try {
          loadPolicies({ sets: {}, schema: text });
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_POLICY_INVALID", String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
