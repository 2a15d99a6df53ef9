import assert from "node:assert/strict";
import fc from "fast-check";
import { FeedFault } from "../../../../../runtime/kernel/intensity/feed";
import { EntsoeFeed } from "../../../../../runtime/kernel/intensity/feeds/entsoe";
import { parseGeneration } from "../../../../../runtime/kernel/intensity/feeds/entsoe-document";
import { DAY_MS } from "../../../../../runtime/kernel/intensity/series";
import { answer, answering, clockAt, faultOf, NOW } from "../../../../support/intensity/feeds";

const { signal } = new AbortController();
const document = answer("entsoe-generation.xml");

function feedOf(body = document) {
  const { fetch, asked } = answering({ api: body });
  return { feed: new EntsoeFeed({ token: "secret", fetch, clock: clockAt(), zones: {} }), asked };
}

describe("ENTSO-E document", () => {
  it("gives the mean factor of what was generated: 5000 MW gas, 6000 nuclear, 9000 wind", () => {
    const [first] = parseGeneration(document);
    assert.ok(Math.abs(first!.gramsPerKwh - (5000 * 469 + 6000 * 16 + 9000 * 12) / 20_000) < 1e-9);
    assert.equal(first!.from, Date.parse("2026-11-23T08:00:00Z"));
  });

  it("repeats a position that is left out (curve type A03)", () => {
    const [, second] = parseGeneration(document);
    assert.ok(Math.abs(second!.gramsPerKwh - (5200 * 469 + 6000 * 16 + 8800 * 12) / 20_000) < 1e-9);
  });

  it("leaves out the hour in which wind has not come in yet: it would look dirtier than it was", () => {
    assert.deepEqual(
      parseGeneration(document).map(({ from }) => new Date(from).getUTCHours()),
      [8, 9, 10],
    );
  });

  it("counts neither pumping nor storage", () => {
    const without = document.replace(/ {2}<TimeSeries>\s*<mRID>[45][\s\S]*?<\/TimeSeries>\n/g, "");
    assert.notEqual(without, document);
    assert.deepEqual(parseGeneration(without), parseGeneration(document));
  });

  it("repeats ENTSO-E's reason for having no data", () => {
    assert.throws(() => parseGeneration(answer("entsoe-no-data.xml")), /has no data \(999\): No matching data found/);
  });

  it("refuses a kind of plant, a unit and a resolution that it does not know", () => {
    assert.throws(() => parseGeneration(document.replace("B14", "B99")), /no emission factor: B99/);
    assert.throws(() => parseGeneration(document.replace("MAW", "MWH")), /another unit than MAW/);
    assert.throws(() => parseGeneration(document.replace("PT60M", "P1D")), /another resolution/);
    assert.throws(
      () => parseGeneration(document.replace("2026-11-23T12:00Z</end>\n      <", "2996-11-23T12:00Z</end>\n      <")),
      /more time than anybody asks for/,
    );
  });

  it("does not expand entities", () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "B04">]>${document.slice(document.indexOf("<GL")).replace("B04", "&x;")}`;
    assert.throws(() => parseGeneration(bomb), FeedFault);
  });

  it("reads or refuses whatever comes (fuzz)", () => {
    const cut = fc
      .tuple(
        fc.nat(document.length),
        fc.nat(200),
        fc.oneof(fc.string(), fc.constantFrom("<Point>", "</Period>", "<TimeSeries>", "-1", "9e9", "&lt;")),
      )
      .map(([at, length, text]) => document.slice(0, at) + text + document.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(cut, fc.string()), (xml) => {
        try {
          for (const { from, to, gramsPerKwh } of parseGeneration(xml)) {
            assert.ok(from < to && gramsPerKwh >= 4 && gramsPerKwh <= 1001, `${String(gramsPerKwh)}`);
          }
        } catch (error) {
          assert.ok(error instanceof FeedFault, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("ENTSO-E feed", () => {
  it("asks for actual generation of the zone in whole hours", async () => {
    const { feed, asked } = feedOf();
    const { source } = await feed.measured("eu-south-2", NOW - DAY_MS, NOW, signal);
    assert.equal(
      asked[0]?.query.toString(),
      "securityToken=secret&documentType=A75&processType=A16&in_Domain=10YES-REE------0&periodStart=202611221200&periodEnd=202611231300",
    );
    assert.ok(!source.includes("secret"));
  });

  it("says nothing of the token, which is in the URL, when it is refused", async () => {
    const { fetch } = answering({ api: { status: 401 } });
    const feed = new EntsoeFeed({ token: "canary-9", fetch, clock: clockAt(), zones: {} });
    const fault = await faultOf(() => feed.measured("ES", NOW - DAY_MS, NOW, signal));
    assert.ok(!fault.message.includes("canary-9"));
  });

  it("knows zones, codes and cloud regions of Europe", async () => {
    const { feed } = feedOf();
    const known = await Promise.all(
      ["ES", "10YES-REE------0", "eu-central-1", "us-east-1", "GB"].map((r) => feed.knows(r)),
    );
    assert.deepEqual(known, [true, true, true, false, false]);
    assert.ok((await feed.regions()).includes("eu-central-1"));
  });
});
