import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { FeedFault } from "../../../../../runtime/kernel/intensity/feed";
import { FileFeed, parseIntensityCsv, parseIntensityJson } from "../../../../../runtime/kernel/intensity/feeds/file";
import { HOUR_MS } from "../../../../../runtime/kernel/intensity/series";
import { answer, faultOf, NOW } from "../../../../support/intensity/feeds";

describe("file of intensity", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "mno-intensity-"))));
  after(() => rmSync(folder, { recursive: true }));

  function feedOf(name: string, text: string, signal: "average" | "marginal" = "average") {
    const path = join(folder, name);
    writeFileSync(path, text);
    return { path, feed: new FileFeed({ path, signal, zones: { basement: "plant" } }) };
  }

  it("reads JSON: what was, and what is ahead as the forecast of when it was written", async () => {
    const { path, feed } = feedOf("a.json", answer("file.json"));
    utimesSync(path, NOW / 1000, (NOW - HOUR_MS) / 1000);
    const { points, source } = await feed.measured("basement", NOW - 2 * HOUR_MS, NOW);
    assert.deepEqual(
      points.map(({ gramsPerKwh }) => gramsPerKwh),
      [120, 110, 100],
    );
    assert.equal(source, "grid desk");
    const forecast = await feed.forecast("plant", NOW, NOW + HOUR_MS);
    assert.deepEqual([forecast.points.length, forecast.generatedAt], [1, NOW - HOUR_MS]);
    assert.deepEqual(await feed.regions(), ["plant", "basement"]);
  });

  it("reads CSV, and again when it has changed", async () => {
    const { path, feed } = feedOf("b.csv", answer("file.csv"));
    assert.equal((await feed.measured("plant", NOW - 3 * HOUR_MS, NOW)).points.length, 2);
    writeFileSync(path, "from,to,region,grams_per_kwh\n2026-11-23T11:00Z,2026-11-23T12:00Z,plant,99\n");
    utimesSync(path, NOW / 1000, NOW / 1000);
    const { points } = await feed.measured("plant", NOW - 3 * HOUR_MS, NOW);
    assert.deepEqual(
      points.map(({ gramsPerKwh }) => gramsPerKwh),
      [99],
    );
  });

  it("does not take a file of the other signal", async () => {
    const { feed } = feedOf("c.json", answer("file.json"), "marginal");
    assert.match(
      (await faultOf(() => feed.knows("plant"))).message,
      /holds average intensity, and MNO_INTENSITY_SIGNAL is marginal/,
    );
  });

  it("says that a file cannot be read, without its path", async () => {
    const fault = await faultOf(() =>
      new FileFeed({ path: "/nowhere/x.json", signal: "average", zones: {} }).regions(),
    );
    assert.equal(fault.message, "cannot be read (ENOENT)");
  });

  for (const [what, text, why] of [
    ["a missing column", "region,from,to\n", /no column grams_per_kwh/],
    ["a row with too few cells", "region,from,to,grams_per_kwh\nplant,1\n", /2 cells in row 2 below 4 columns/],
    [
      "a time without its zone",
      "region,from,to,grams_per_kwh\np,2026-11-23T10:00,2026-11-23T11:00Z,1\n",
      /from must be a time with its zone/,
    ],
    [
      "a stretch that runs backwards",
      "region,from,to,grams_per_kwh\np,2026-11-23T11:00Z,2026-11-23T10:00Z,1\n",
      /ends before it begins/,
    ],
    [
      "an empty figure, which is not zero",
      "region,from,to,grams_per_kwh\np,2026-11-23T10:00Z,2026-11-23T11:00Z,\n",
      /grams_per_kwh must be a text/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parseIntensityCsv(text), why));
  }

  it("reads or refuses whatever comes (fuzz)", () => {
    const line = fc.array(
      fc.oneof(fc.string(), fc.constantFrom("2026-11-23T10:00Z", "2026-11-23T11:00Z", "120", "p")),
      { maxLength: 6 },
    );
    const csv = fc
      .array(line.map((cells) => cells.join(",")))
      .map((lines) => ["region,from,to,grams_per_kwh", ...lines].join("\n"));
    const json = fc.oneof(
      fc.json(),
      fc
        .record({ signal: fc.constant("average"), regions: fc.dictionary(fc.string(), fc.anything()) })
        .map((v) => JSON.stringify(v, (_, x: unknown) => (typeof x === "bigint" ? String(x) : x))),
    );
    const readOrRefuse = (parse: () => unknown): void => {
      try {
        parse();
      } catch (error) {
        assert.ok(error instanceof FeedFault, String(error));
      }
    };
    fc.assert(fc.property(fc.oneof(csv, fc.string()), (text) => readOrRefuse(() => parseIntensityCsv(text))));
    fc.assert(fc.property(fc.oneof(json, fc.string()), (text) => readOrRefuse(() => parseIntensityJson(text))));
  });
});
