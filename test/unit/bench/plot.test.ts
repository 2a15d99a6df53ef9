import assert from "node:assert/strict";
import fc from "fast-check";
import type { BenchRow } from "../../../bench/contract";
import { plot } from "../../../bench/plot";
import { formatFigure, renderTable } from "../../../bench/table";

const row: BenchRow = {
  work: "1 KiB values <a & b>",
  metric: "rate",
  unit: "1/s",
  better: "higher",
  ours: 200,
  spread: 0.05,
  peers: { "some peer": 100, none: 0 },
  bound: 400,
};

/** Width of each bar by its class, in order. */
const bars = (svg: string): [string, number][] =>
  [...svg.matchAll(/<rect class="(\w+)".*? width="([\d.]+)"/g)].map(([, kind, width]) => [kind!, Number(width)]);

describe("plot", () => {
  it("draws ours, each peer and the bound to one scale per row", () => {
    const drawn = bars(plot("rates", [row, { ...row, ours: 1, peers: { "some peer": 2 } }]));
    assert.deepEqual(
      drawn.map(([kind]) => kind),
      ["ours", "peer", "peer", "bound", "ours", "peer", "bound"],
    );
    const [ours, peer, none, bound] = drawn.map(([, width]) => width);
    assert.equal(ours, peer! * 2);
    assert.equal(bound, ours * 2);
    assert.equal(none, 0);
  });

  it("labels every bar and escapes what it is given", () => {
    const svg = plot('"rates"', [row]);
    for (const label of [
      "1 KiB values &lt;a &amp; b&gt;",
      "rate, 1/s (higher is better)",
      ">ours<",
      ">some peer<",
      ">bound<",
    ]) {
      assert.ok(svg.includes(label), label);
    }
    assert.match(svg, />200 \(spread 5%\)</);
    assert.match(svg, /aria-label="&quot;rates&quot;"/);
    assert.match(svg, /prefers-color-scheme: dark/);
  });

  it("keeps everything within the picture, for any figures and names", () => {
    const figure = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    const rows = fc.array(
      fc.record({
        work: fc.string(),
        metric: fc.string(),
        unit: fc.string(),
        better: fc.constantFrom("higher" as const, "lower" as const),
        ours: figure,
        spread: fc.double({ noNaN: true, min: 0, max: 9 }),
        peers: fc.dictionary(fc.string(), figure, { maxKeys: 4 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(rows, (some) => {
        const svg = plot("any", some);
        assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
        const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
        const rects = [
          ...svg.matchAll(/<rect class="\w+" x="([-\d.]+)" y="([-\d.]+)" width="([-\d.]+)" height="(\d+)"/g),
        ];
        assert.equal(
          rects.length,
          some.reduce((sum, { peers }) => sum + 1 + Object.keys(peers).length, 0),
        );
        for (const [x, y, w, h] of rects.map((rect) => rect.slice(1).map(Number))) {
          assert.ok(x! >= 0 && w! >= 0 && x! + w! <= width!, `${x} ${w}`);
          assert.ok(y! >= 0 && y! + h! <= height!, `${y} ${h}`);
        }
      }),
      {
        numRuns: 200,
        // Found by this property: a range so small that its reciprocal is infinite.
        examples: [[[{ work: "", metric: "", unit: "", better: "higher", ours: -5e-324, spread: 0, peers: {} }]]],
      },
    );
  });
});

describe("renderTable", () => {
  it("has a line per figure, with the ratio of ours to each", () => {
    assert.deepEqual(
      renderTable([row])
        .split("\n")
        .map((line) => line.trim().split(/ {2,}/)),
      [
        ["work", "metric", "who", "figure", "unit", "ours/peer", "better"],
        ["1 KiB values <a & b>", "rate", "ours", "200 (spread 5%)", "1/s", "higher"],
        ["some peer", "100", "1/s", "2.00"],
        ["none", "0", "1/s", "-"],
        ["bound", "400", "1/s", "0.50"],
      ],
    );
  });

  it("writes figures with four digits that count", () => {
    assert.deepEqual([0, 1234.56, 0.012345, -2.5, 123456789, 1e12, 1e-7].map(formatFigure), [
      "0",
      "1,235",
      "0.01235",
      "-2.5",
      "123,500,000",
      "1.00e+12",
      "1.00e-7",
    ]);
  });
});
