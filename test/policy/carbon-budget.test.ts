import assert from "node:assert/strict";
import fc from "fast-check";
import { FACTOR_TABLES } from "../../factors/tables";
import { intensityOf, signalFault } from "../../policies/carbon/intensity";
import { regionsWithin } from "../../policies/carbon/regions";
import { stackBudget } from "../../policies/carbon/rules/cb-001-stack-budget";
import { judge } from "../../policies/shared/judge";
import { TEST_NOW, toResource } from "../support/policies";
import { local } from "./fixtures/fixture";

describe("average and marginal", () => {
  // Real-Time-Cloud 2024, g/kWh: the two signals rank these regions the other way round.
  const AVERAGE = { "eu-north-1": 24.71, "ca-central-1": 30.51, "eu-central-1": 370.93 };
  const MARGINAL = { "eu-north-1": 791.26, "ca-central-1": 457.85, "eu-central-1": 731 };
  const given = (figures: Record<string, number>, signal: "average" | "marginal") =>
    Object.fromEntries(
      Object.entries(figures).map(([zone, gramsPerKwh]) => [zone, { gramsPerKwh, year: 2024, source: "test", signal }]),
    );
  const ranking = (intensities: ReturnType<typeof given>, signal: "average" | "marginal") =>
    regionsWithin(Object.keys(AVERAGE), "eu-central-1", signal, intensities).map(({ region }) => region);

  it("rank regions each by itself", () => {
    assert.deepEqual(ranking(given(AVERAGE, "average"), "average"), ["eu-north-1", "ca-central-1", "eu-central-1"]);
    assert.deepEqual(ranking(given(MARGINAL, "marginal"), "marginal"), ["ca-central-1", "eu-central-1", "eu-north-1"]);
  });

  it("never rank together: a figure of the other signal takes no part", () => {
    const mixed = { ...given(AVERAGE, "average"), ...given({ "eu-central-1": 10 }, "marginal") };
    assert.deepEqual(ranking(mixed, "average"), ["eu-north-1", "ca-central-1"]);
    assert.deepEqual(ranking(mixed, "marginal"), ["eu-central-1"]);
  });

  it("never add up: a stack with both has one refused, whichever is judged", () => {
    const vm = (region: string) => ({
      type: "aws:ec2/instance:Instance",
      name: region,
      props: { instanceType: "m5.large", region },
    });
    const intensities = { ...given(AVERAGE, "average"), ...given({ "eu-central-1": 731 }, "marginal") };
    for (const [signal, refused] of [
      ["average", "eu-central-1"],
      ["marginal", "eu-north-1"],
    ] as const) {
      const stack = ["eu-central-1", "eu-north-1"].map((region) => toResource(vm(region)));
      const messages = judge(stackBudget, stack, { signal, intensities }, TEST_NOW).map(({ message }) => message);
      assert.equal(messages.length, 1);
      assert.match(messages[0]!, new RegExp(`${refused} is in ${refused}: its figure is of the .* never mixed`));
    }
    assert.equal(signalFault(intensityOf("eu-north-1", {})!, "average"), undefined);
  });
});

describe("CB-001 carbon-budget", () => {
  const SERVERS = ["a", "b"].map((name) =>
    toResource({
      type: "aws:ec2/instance:Instance",
      name,
      props: { instanceType: "m7i.48xlarge", region: "us-east-1" },
    }),
  );

  it("refuses two m7i.48xlarge against one kilogram, with the table, the range and the date of every table", () => {
    const [judgement, ...others] = judge(stackBudget, SERVERS, { budgetGramsPerMonth: 1000 }, TEST_NOW);
    assert.deepEqual(others, []);
    assert.equal(judgement!.outcome, "violation");
    assert.match(judgement!.message, /estimated 455\.\d\d kg CO2e a month .*between 223\.\d\d kg and 687\.\d\d kg/);
    for (const { asOf } of FACTOR_TABLES) assert.ok(judgement!.message.includes(asOf));
  });

  it("sums what a table of twenty rows does not show", () => {
    const many = Array.from({ length: 25 }, (_, index) => toResource(local({}, `w${index}`)));
    const { message } = judge(stackBudget, many, { budgetGramsPerMonth: 1 }, TEST_NOW)[0]!;
    assert.match(message, /5 more together .* 20\.0 %/);
    assert.match(message, /The largest of 25:(\n {2}w\d+: .*){3}\n/);
  });

  it("never lowers the total for a resource more, known or not", () => {
    const kinds = fc.constantFrom("m5.large", "m7i.48xlarge", "z9.mega", "p5.48xlarge");
    fc.assert(
      fc.property(fc.array(kinds, { minLength: 1, maxLength: 6 }), (types) => {
        const stack = types.map((instanceType, index) =>
          toResource({
            type: "aws:ec2/instance:Instance",
            name: `vm${index}`,
            props: { instanceType, region: "us-east-1" },
          }),
        );
        const unknown = types.filter((type) => /z9|p5/.test(type)).length;
        const outcomes = judge(stackBudget, stack, { budgetGramsPerMonth: 0 }, TEST_NOW);
        assert.equal(
          outcomes.filter(({ outcome }) => outcome === "violation").length,
          unknown + (unknown < types.length ? 1 : 0),
        );
      }),
      { numRuns: 50 },
    );
  });
});
