import assert from "node:assert/strict";
import fc from "fast-check";
import { seeded } from "../../../../runtime/kernel/random";
import { search } from "../../../../runtime/security/zero-trust-gateway/policy/search";
import { ours, scenario } from "../../../support/cedar/differential";
import { pointOf } from "../../../support/cedar/worlds";

describe("who could do it", () => {
  it("are exactly those of the stored entities that would be allowed, over all pages", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom("principal" as const, "resource" as const),
        fc.integer({ min: 1, max: 3 }),
        async (seed, open, limit) => {
          const generated = scenario(seeded(seed), 2);
          const world = ours(generated);
          if (!world) return;
          const point = pointOf(world);
          for (const question of generated.questions) {
            const { type } = question[open];
            const expected = generated.entities
              .filter((record) => record.type === type)
              .filter(({ id }) => point.decide({ ...question, [open]: { type, id } }).allowed)
              .map(({ id }) => id);
            const found: string[] = [];
            let after: string | undefined;
            do {
              const page = await search(world, { ...question, open }, limit, after);
              assert.ok(page.results.length <= limit);
              found.push(...page.results.map(({ id }) => id));
              after = page.next;
            } while (after !== undefined);
            assert.deepEqual(found, expected.sort());
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
