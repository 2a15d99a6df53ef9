import assert from "node:assert/strict";
import { differences } from "../../../tools/oracles/hpa/compare";
import { readGolden } from "../../../tools/oracles/hpa/golden";

describe("auto-scaling engine: Kubernetes' own answers", () => {
  const { questions, answers } = readGolden();

  it("are ours too: 10,000 random cases of the replica calculator and of the whole controller through time", () => {
    assert.equal(questions.length, 10_000);
    assert.deepEqual(differences(questions, answers).slice(0, 3), []);
  });

  it("cover every kind of metric and target, errors, and changes in both directions", () => {
    const kinds = new Set<string>();
    let [failed, up, down, asleep] = [0, 0, 0, 0];
    questions.forEach((question, place) => {
      const asked = "calculate" in question ? question.calculate : question.episode;
      for (const { type, target } of asked.metrics) kinds.add(`${type} ${Object.keys(target).join()}`);
      for (const replicas of answers[place] ?? []) {
        if (replicas === null) failed += 1;
        else if (replicas > asked.replicas) up += 1;
        else if (replicas < asked.replicas) down += 1;
        if (replicas === 0) asleep += 1;
      }
    });
    assert.deepEqual([...kinds].sort(), [
      "external averageValue",
      "external value",
      "object averageValue",
      "object value",
      "pods averageValue",
      "resource averageUtilization",
      "resource averageValue",
    ]);
    for (const seen of [failed, up, down, asleep]) assert.ok(seen > 500, `${String([failed, up, down, asleep])}`);
  });
});
