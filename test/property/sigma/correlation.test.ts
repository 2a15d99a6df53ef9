import assert from "node:assert/strict";
import * as fc from "fast-check";
import { SigmaEngine } from "../../../runtime/kernel/sigma/engine";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { EventView } from "../../../runtime/kernel/sigma/view";

const KINDS = ["a", "b", "c"] as const;
const RULES = KINDS.map(
  (kind) => `title: ${kind}\nname: ${kind}\nlogsource: {product: x}\ndetection: {s: {kind: ${kind}}, condition: s}`,
).join("\n---\n");
const SPAN = 10;

interface Occurrence {
  time: number;
  kind: (typeof KINDS)[number];
  value: number;
}

const occurrences = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 60 }),
    kind: fc.constantFrom(...KINDS),
    value: fc.integer({ min: 0, max: 4 }),
  }),
  { maxLength: 25 },
);

/** Whether the correlation is found at all among the events, in whatever order they come. */
function fires(type: string, condition: string, events: readonly Occurrence[]): boolean {
  const text = `${RULES}\n---\ntitle: C\ncorrelation: {type: ${type}, rules: [a, b, c], group-by: [], timespan: ${SPAN}s${condition}}`;
  const loaded = loadSigma([{ source: "test", text }]);
  assert.deepEqual(loaded.refused, []);
  const engine = new SigmaEngine(loaded, { latenessMilliseconds: 1_000_000 });
  const found = events.flatMap(({ time, kind, value }, index) =>
    engine.process({
      uid: `e${index}`,
      time: time * 1000,
      logsource: { product: "x" },
      view: new EventView({ kind, value }),
    }),
  );
  assert.equal(engine.stats().late, 0);
  return [...found, ...engine.advance(10_000_000)].some(({ correlation }) => correlation !== undefined);
}

/** Every window of the timespan that begins with an event. */
const windows = (events: readonly Occurrence[]): Occurrence[][] =>
  events.map(({ time }) => events.filter((other) => other.time >= time && other.time <= time + SPAN));

function ordered(window: readonly Occurrence[]): boolean {
  const sorted = window.map((one, index) => ({ ...one, index })).sort((x, y) => x.time - y.time || x.index - y.index);
  let step = 0;
  for (const { kind } of sorted) if (kind === KINDS[step]) step++;
  return step === KINDS.length;
}

describe("property: correlations fire exactly where some window holds what they ask for, in any order of arrival", () => {
  const cases: [string, string, (window: readonly Occurrence[]) => boolean][] = [
    ["event_count", ", condition: {gte: 5}", (window) => window.length >= 5],
    [
      "value_count",
      ", condition: {field: value, gt: 3}",
      (window) => new Set(window.map(({ value }) => value)).size > 3,
    ],
    [
      "value_sum",
      ", condition: {field: value, gte: 12}",
      (window) => window.reduce((sum, { value }) => sum + value, 0) >= 12,
    ],
    ["temporal", "", (window) => new Set(window.map(({ kind }) => kind)).size === 3],
    ["temporal_ordered", "", ordered],
  ];
  for (const [type, condition, holds] of cases) {
    it(type, () => {
      fc.assert(
        fc.property(occurrences, (events) => {
          assert.equal(fires(type, condition, events), windows(events).some(holds));
        }),
        { numRuns: 500 },
      );
    });
  }
});
