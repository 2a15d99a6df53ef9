import assert from "node:assert/strict";
import { FACTOR_TABLES } from "../../factors/tables";
import { freshFactors, freshFactorsOf } from "../../policies/carbon/rules/cb-005-fresh-factors";
import { judge } from "../../policies/shared/judge";
import { TEST_NOW } from "../support/policies";

describe("CB-005 fresh-factors", () => {
  const ageing = FACTOR_TABLES.filter(({ ageless }) => !ageless);
  const ages = (now: string, config = {}) =>
    judge(freshFactors, [], config, new Date(now)).map(({ message }) => message);

  it("accepts the package's tables for 18 months and warns after", () => {
    assert.equal(freshFactors.enforcement, "advisory");
    assert.deepEqual(judge(freshFactors, [], {}, TEST_NOW), []);
    assert.deepEqual(ages("2027-07-02T12:00:00Z"), []);
    assert.match(
      ages("2027-07-03T00:00:00Z")[0]!,
      /^CB-005: the table of grid carbon intensity \(Google region carbon data 2025, data to 2025-12-31\) is 549 days old; the limit is 548/,
    );
    assert.equal(ages("2029-01-01T00:00:00Z").length, ageing.length);
  });

  it("takes its limit from the configuration and its tables from whoever makes it", () => {
    assert.equal(ages("2026-11-01T00:00:00Z", { maximumAgeDays: 30 }).length, ageing.length);
    const old = freshFactorsOf([{ name: "watts", asOf: "2019-01-01", source: "an old book" }]);
    assert.match(judge(old, [], {}, TEST_NOW)[0]!.message, /watts \(an old book/);
  });
});
