import assert from "node:assert/strict";
import fc from "fast-check";
import type { Pod, Selector } from "../../../runtime/kernel/cluster/kubernetes/objects";
import { PodIndex } from "../../../runtime/kernel/cluster/kubernetes/pod-index";
import { matches } from "../../../runtime/kernel/cluster/kubernetes/selector";

describe("index of pods by label", () => {
  const labels = fc.dictionary(fc.constantFrom("app", "tier"), fc.constantFrom("a", "b"));

  it("finds the same pods as a look at every one, however they came, changed and went", () => {
    const change = fc.record({ name: fc.constantFrom("p", "q", "r"), labels: fc.option(labels, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(change), labels, (changes, matchLabels) => {
        const index = new PodIndex();
        const pods = new Map<string, Pod>();
        for (const { name, labels: now } of changes) {
          const after = now && { metadata: { name, labels: now } };
          index.replace(pods.get(name), after);
          if (after) pods.set(name, after);
          else pods.delete(name);
        }
        const selector: Selector = { matchLabels };
        const found = (among: Iterable<Pod>): string[] =>
          [...among]
            .filter(({ metadata }) => matches(selector, metadata?.labels))
            .map(({ metadata }) => metadata?.name ?? "")
            .sort();
        assert.deepEqual(found(index.candidates(selector) ?? pods.values()), found(pods.values()));
      }),
    );
  });

  it("does not answer for a selector of expressions alone", () => {
    const matchExpressions = [{ key: "app", operator: "Exists" }];
    assert.equal(new PodIndex().candidates({ matchExpressions }), undefined);
  });
});
