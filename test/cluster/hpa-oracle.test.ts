import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { differences } from "../../tools/oracles/hpa/compare";
import { generate } from "../../tools/oracles/hpa/generate";
import { readGolden } from "../../tools/oracles/hpa/golden";
import { askOracle, buildOracle } from "../../tools/oracles/hpa/oracle";

/** Here rather than among the unit tests because the oracle is built from Kubernetes' Go modules. */
describe("auto-scaling engine beside Kubernetes' horizontal pod autoscaler", function () {
  this.timeout(120_000);
  let program: string;

  before(async function () {
    this.timeout(20 * 60_000);
    program = await buildOracle((line) => void process.stdout.write(`  ${line}\n`));
  });

  it("answers 10,000 fresh cases the same", async () => {
    const seed = randomInt(2 ** 31);
    const questions = [...generate(seed, 10_000)];
    const different = differences(questions, await askOracle(program, questions));
    assert.deepEqual(different.slice(0, 1), [], `seed ${String(seed)}: ${String(different.length)} differ`);
  });

  it("still gives the golden file's answers", async () => {
    const { questions, answers } = readGolden();
    assert.deepEqual(await askOracle(program, questions), answers);
  });
});
