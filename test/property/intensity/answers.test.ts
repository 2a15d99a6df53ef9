import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { IntensityChain } from "../../../runtime/kernel/intensity/chain";
import type { IntensityFeed } from "../../../runtime/kernel/intensity/feed";
import { ElectricityMapsFeed } from "../../../runtime/kernel/intensity/feeds/electricity-maps";
import { EntsoeFeed } from "../../../runtime/kernel/intensity/feeds/entsoe";
import { FileFeed } from "../../../runtime/kernel/intensity/feeds/file";
import { UkCarbonIntensityFeed } from "../../../runtime/kernel/intensity/feeds/uk-carbon-intensity";
import { WattTimeFeed } from "../../../runtime/kernel/intensity/feeds/watttime";
import type { IntensityPoint } from "../../../runtime/kernel/intensity/intensity";
import { HOUR_MS } from "../../../runtime/kernel/intensity/series";
import { answer, answering, clockAt, NOW } from "../../support/intensity/feeds";

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -0,
    -1,
    1e308,
    2001,
    NaN,
    true,
    [],
    {},
    "NaN",
    "2026-11-23",
    "1e3",
    "x".repeat(300),
  ),
  fc.constantFrom(
    "+275760-09-13T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-11-23T12:00:00+99:99",
  ),
  fc.double(),
  fc.string(),
  fc.jsonValue(),
);

/** Sets, removes or doubles members of a JSON document, wherever the numbers lead. */
function mutated(text: string): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(fc.array(fc.nat(40), { maxLength: 5 }), nasty, fc.nat(3)), { maxLength: 4 })
    .map((changes) => {
      const root = { document: JSON.parse(text) as unknown };
      for (const [path, value, kind] of changes) {
        let at = root as Record<string, unknown>;
        let key = "document";
        for (const step of path) {
          const next = at[key];
          if (typeof next !== "object" || next === null) break;
          const keys = Object.keys(next);
          if (keys.length === 0) break;
          at = next as Record<string, unknown>;
          key = keys[step % keys.length]!;
        }
        if (kind === 0 && Array.isArray(at)) at.push(at[Number(key)]);
        else if (kind === 1 && !Array.isArray(at)) delete at[key];
        else at[key] = value;
      }
      return JSON.stringify(root.document) ?? "";
    });
}

/** Cuts, doubles and replaces stretches of a text. */
function torn(text: string): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(200),
    put: fc.oneof(fc.string(), fc.constant("")),
    again: fc.boolean(),
  });
  return fc
    .array(change, { maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (all, { at, length, put, again }) =>
          again ? all.slice(0, at + length) + all.slice(at) : all.slice(0, at) + put + all.slice(at + length),
        text,
      ),
    );
}

const anything = fc.oneof(fc.string(), fc.json());
const json = (file: string) =>
  fc.oneof(
    { weight: 6, arbitrary: mutated(answer(file)) },
    { weight: 1, arbitrary: torn(answer(file)) },
    { weight: 1, arbitrary: anything },
  );
const text = (file: string) =>
  fc.oneof({ weight: 6, arbitrary: torn(answer(file)) }, { weight: 1, arbitrary: anything });

type Opened = Omit<ConstructorParameters<typeof UkCarbonIntensityFeed>[0], "zones">;
interface Case {
  name: string;
  region: string;
  replies: Record<string, fc.Arbitrary<string>>;
  open: (options: Opened) => IntensityFeed;
  zeroIsReal?: boolean;
}
const CASES: Case[] = [
  {
    name: "Electricity Maps",
    region: "ES",
    replies: {
      history: json("electricity-maps-history.json"),
      "past-range": json("electricity-maps-past-range.json"),
      forecast: json("electricity-maps-forecast.json"),
    },
    open: (options) => new ElectricityMapsFeed({ ...options, token: "t", zones: {} }),
  },
  {
    name: "WattTime",
    region: "CAISO_NORTH",
    replies: {
      login: fc.oneof(
        { weight: 5, arbitrary: fc.constant(answer("watttime-login.json")) },
        { weight: 1, arbitrary: json("watttime-login.json") },
      ),
      historical: json("watttime-historical.json"),
      forecast: json("watttime-forecast.json"),
    },
    open: (options) => new WattTimeFeed({ ...options, user: "u", password: "p", zones: {} }),
    zeroIsReal: true,
  },
  {
    name: "the UK's Carbon Intensity API",
    region: "GB",
    replies: { fw48h: json("uk-forecast.json"), Z: json("uk-intensity.json") },
    open: (options) => new UkCarbonIntensityFeed({ ...options, zones: {} }),
  },
  {
    name: "ENTSO-E",
    region: "ES",
    replies: { api: text("entsoe-generation.xml") },
    open: (options) => new EntsoeFeed({ ...options, token: "t", zones: {} }),
  },
];

describe("whatever a feed answers (property)", function () {
  this.timeout(60_000);

  /** Figures that can be, in order of time, or an error with a code; nothing else comes out. */
  async function judged(chain: IntensityChain, region: string, zeroIsReal: boolean): Promise<number> {
    let answered = 0;
    const plausible = (points: readonly IntensityPoint[], from = -Infinity, to = Infinity): void => {
      answered += 1;
      assert.ok(points.length > 0);
      let end = -Infinity;
      for (const point of points) {
        assert.ok(Number.isFinite(point.gramsPerKwh) && point.gramsPerKwh <= 2000, String(point.gramsPerKwh));
        assert.ok(zeroIsReal ? point.gramsPerKwh >= 0 : point.gramsPerKwh > 0, String(point.gramsPerKwh));
        assert.ok(
          Number.isFinite(point.from) && Number.isFinite(point.to) && point.from < point.to && point.from >= end,
        );
        assert.ok(point.to > from && point.from < to);
        end = point.to;
      }
    };
    const coded = (error: unknown): void => {
      assert.ok(error instanceof MnoError && error.code.startsWith("MNO_INTENSITY_"), String((error as Error).stack));
      assert.ok(error.message.length < 2000, `a long answer is not repeated: ${error.message.slice(0, 100)}`);
    };
    await chain.now(region).then(({ point }) => plausible([point]), coded);
    const spans = [
      [NOW - 23 * HOUR_MS, NOW],
      [NOW - 200 * HOUR_MS, NOW - 100 * HOUR_MS],
    ] as const;
    for (const [from, to] of spans) {
      await chain.history(region, from, to).then(({ points }) => plausible(points, from, to), coded);
    }
    const to = NOW + 24 * HOUR_MS;
    await chain.forecast(region, NOW, to).then(({ points, generatedAt, errorShare }) => {
      plausible(points, NOW, to);
      assert.ok(Number.isFinite(generatedAt));
      assert.ok(errorShare === null || errorShare >= 0);
    }, coded);
    return answered;
  }

  for (const { name, region, replies, open, zeroIsReal = false } of CASES) {
    it(`${name} gives figures that can be, or an error with a code`, async () => {
      let answered = 0;
      await fc.assert(
        fc.asyncProperty(fc.record(replies), async (given) => {
          const clock = clockAt();
          const chain = new IntensityChain({
            feeds: [open({ clock, fetch: answering(given).fetch })],
            clock,
            timeoutMilliseconds: 1000,
          });
          answered += await judged(chain, region, zeroIsReal);
        }),
        { numRuns: 250 },
      );
      assert.ok(answered > 20, `only ${String(answered)} answers were good enough to be looked at`);
    });
  }

  it("a file gives figures that can be, or an error with a code", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mno-answers-"));
    const content = { signal: "average", regions: { ES: [] as object[] } };
    for (let hour = -240; hour < 48; hour += 1) {
      const [from, to] = [hour, hour + 1].map((at) => new Date(NOW + at * HOUR_MS).toISOString());
      content.regions.ES.push({ from, to, gramsPerKwh: 200 + (hour % 24) });
    }
    const csv = [
      "region,from,to,grams_per_kwh",
      ...content.regions.ES.map((row) => `ES,${Object.values(row).join(",")}`),
    ];
    let answered = 0;
    try {
      for (const [ending, arbitrary] of [
        ["json", mutated(JSON.stringify(content))],
        ["csv", torn(csv.join("\n"))],
      ] as const) {
        const path = join(folder, `file.${ending}`);
        await fc.assert(
          fc.asyncProperty(fc.oneof({ weight: 6, arbitrary }, { weight: 1, arbitrary: anything }), async (written) => {
            writeFileSync(path, written);
            utimesSync(path, NOW / 1000, NOW / 1000);
            const clock = clockAt();
            const feeds = [new FileFeed({ path, signal: "average", zones: {} })];
            answered += await judged(new IntensityChain({ feeds, clock, timeoutMilliseconds: 1000 }), "ES", false);
          }),
          { numRuns: 150 },
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.ok(answered > 20, String(answered));
  });
});
