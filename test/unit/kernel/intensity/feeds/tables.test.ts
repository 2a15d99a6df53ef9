import assert from "node:assert/strict";
import { INTENSITY_TABLE } from "../../../../../factors/tables";
import { TYPICAL_DAY_GRAMS_PER_KWH } from "../../../../../factors/typical-day";
import { freshFactorsOf } from "../../../../../policies/carbon/rules/cb-005-fresh-factors";
import { judge } from "../../../../../policies/shared/judge";
import { ManualClock } from "../../../../../runtime/kernel/clock";
import { IntensityChain } from "../../../../../runtime/kernel/intensity/chain";
import { profileFeed, staticFeed } from "../../../../../runtime/kernel/intensity/feeds/tables";
import { HOUR_MS } from "../../../../../runtime/kernel/intensity/series";
import { faultOf, NOW } from "../../../../support/intensity/feeds";

const { signal } = new AbortController();

describe("yearly table", () => {
  const feed = staticFeed({ basement: "europe-west3" });

  it("has cloud regions, AWS's by the grid area they share", async () => {
    const { points, source, asOf } = await feed.measured("eu-central-1", NOW, NOW + 1, signal);
    assert.deepEqual(points, [{ from: NOW, to: NOW + 1, gramsPerKwh: 275.81, estimated: true }]);
    assert.match(source, /2025 \(Apache-2.0\), grid area of europe-west3/);
    assert.equal(new Date(asOf!).getUTCFullYear(), 2025);
  });

  it("knows what the configuration maps, and nothing that it has no figure for", async () => {
    const known = await Promise.all(["basement", "europe-west3", "us-west-1", "toString"].map((r) => feed.knows(r)));
    assert.deepEqual(known, [true, true, false, false]);
    assert.ok((await feed.regions()).includes("eu-central-1"));
  });
});

describe("tables that age", () => {
  it("are stale for the chain from the day on which CB-005 warns of them", async () => {
    const staleAt = async (day: string): Promise<boolean> => {
      const clock = new ManualClock(Date.parse(day));
      const chain = new IntensityChain({ feeds: [staticFeed({})], clock, timeoutMilliseconds: 1000 });
      return (await chain.now("europe-west3")).stale;
    };
    const warns = (day: string): boolean => judge(freshFactorsOf([INTENSITY_TABLE]), [], {}, new Date(day)).length > 0;
    for (const [day, stale] of [
      ["2027-07-02T12:00:00Z", false],
      ["2027-07-03T00:00:00Z", true],
    ] as const) {
      assert.deepEqual([await staleAt(day), warns(day)], [stale, stale], day);
    }
  });
});

describe("typical day", () => {
  const feed = profileFeed({ "us-west-1": "US-CAL-CISO" });

  it("has twelve months of 24 hours for each zone, all of them grams", () => {
    assert.deepEqual(Object.keys(TYPICAL_DAY_GRAMS_PER_KWH), ["BR", "ES", "NO", "US-CAL-CISO"]);
    for (const months of Object.values(TYPICAL_DAY_GRAMS_PER_KWH)) {
      assert.deepEqual(
        months.map((hours) => hours.length),
        Array(12).fill(24),
      );
      assert.ok(months.flat().every((grams) => Number.isInteger(grams) && grams > 10 && grams < 500));
    }
  });

  it("is that of the month and the hour, named with its year and licence", async () => {
    const { points, source, asOf } = await feed.measured("us-west-1", NOW, NOW + 2 * HOUR_MS, signal);
    const november = TYPICAL_DAY_GRAMS_PER_KWH["US-CAL-CISO"]![10]!;
    assert.deepEqual(
      points.map(({ gramsPerKwh }) => gramsPerKwh),
      november.slice(12, 15),
    );
    assert.match(source, /Electricity Maps hourly data 2023 \(ODbL 1.0\)/);
    assert.equal(new Date(asOf!).getUTCFullYear(), 2023);
  });

  it("has the sun of California in it: noon is cleaner than midnight", () => {
    const june = TYPICAL_DAY_GRAMS_PER_KWH["US-CAL-CISO"]![5]!;
    assert.ok(june[20]! < june[7]! * 0.75, `${String(june[20])} at noon, ${String(june[7])} at midnight`);
  });

  it("is not written out without end", async () => {
    assert.match((await faultOf(() => feed.measured("ES", 0, 1e15, signal))).message, /more than 10 years/);
  });

  it("is found by the cloud region's zone, and says when a whole country's stands in for a part of it", async () => {
    const sourceOf = async (region: string) => (await feed.measured(region, NOW, NOW + 1, signal)).source;
    assert.match(await sourceOf("europe-southwest1"), /, zone ES$/);
    assert.match(await sourceOf("sa-east-1"), /, zone BR, which stands in for BR-CS, a part of it$/);
    assert.match(await sourceOf("NO-NO2"), /, zone NO, which stands in for NO-NO2, a part of it$/);
    // Germany has none, and borrows none.
    assert.equal(await feed.knows("europe-west3"), false);
  });
});
