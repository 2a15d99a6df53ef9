import assert from "node:assert/strict";
import fc from "fast-check";
import { chart, roundUp, ticksOf, timeScale } from "../../../runtime/console/browser/chart";
import { clock, duration, energy, grams, number, relative, watts } from "../../../runtime/console/browser/format";
import { html } from "../../../runtime/console/browser/html";
import { outlook, NOW, at } from "./support";

describe("console: markup", () => {
  it("escapes whatever is no markup of its own, in text and in attributes", () => {
    const name = `"><script>alert('x')</script>&\``;
    const { text } = html`<a title="${name}">${[name, html`<b>${1}</b>`, null, undefined, false]}</a>`;
    assert.doesNotMatch(text, /<script|alert\('/);
    assert.match(text, /<b>1<\/b><\/a>$/);
    fc.assert(
      fc.property(fc.string(), (any) => {
        const inner = html`<i>${any}</i>`.text.slice(3, -4);
        assert.doesNotMatch(inner, /[<>"'`]/);
      }),
    );
  });
});

describe("console: numbers and times", () => {
  it("are in the unit that a reader can read", () => {
    assert.deepEqual([0, 0.0000435, 0.0435, 12.345, 45_678, 2.5e6, -0.2].map(grams), [
      ...["0 g", "43.5 µg", "43.5 mg", "12.3 g", "45.7 kg", "2.5 t", "-200 mg"],
    ]);
    assert.deepEqual([0, 1e-7, 0.0123, 1.5, 4321].map(energy), ["0 kWh", "0.1 mWh", "12.3 Wh", "1.5 kWh", "4.32 MWh"]);
    assert.deepEqual([watts(17.333), watts(12_345), number(NaN)], ["17.3 W", "12.3 kW", "?"]);
  });

  it("say how far away they are, and the day where it is another", () => {
    assert.deepEqual(
      [at(-1), at(1), at(-600), at(-20_000)].map((time) => relative(time, NOW)),
      [...["60 s ago", "in 60 s", "10 h ago", "14 days ago"]],
    );
    assert.equal(duration(5_400_000), "90 min");
    assert.equal(clock(at(0), NOW), "12:00");
    assert.equal(clock(at(1440), NOW), "11-24 12:00");
    assert.equal(clock(at(0), NOW, 60_000), "12:00:00");
  });
});

describe("console: chart", () => {
  const scale = timeScale(NOW - 3_600_000, NOW + 7_200_000);
  const row = {
    key: "job_1",
    label: "a",
    href: "/x",
    detail: "why",
    bars: [],
    release: NOW,
    deadline: NOW + 3_600_000,
  };

  it("draws what was, what is foretold with its band, and each job on the same time", () => {
    const bars = [{ from: NOW, to: NOW + 3_600_000, kind: "planned" as const }];
    const { text } = chart(outlook(), [{ ...row, bars, label: `<b>"x"` }], scale, NOW);
    for (const part of ["past", "ahead", "band", "now", "deadline", "planned"])
      assert.match(text, new RegExp(`class="${part}"`));
    assert.doesNotMatch(text, /NaN|Infinity|undefined|<b>/);
    assert.match(text, /<a href="\/x" data-key="job_1" data-detail="why"/);
  });

  it("draws no band where none is known, and nothing that is not there", () => {
    const ahead = [{ from: at(0), to: at(60), gramsPerKwh: 5, low: null, high: null }];
    const { text } = chart(
      outlook({ ahead, past: [] }),
      [{ ...row, release: undefined, deadline: undefined }],
      scale,
      NOW,
    );
    assert.doesNotMatch(text, /class="band"|class="deadline"|NaN|Infinity/);
  });

  it("has round ticks, not too many, all of them within", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1000, max: 14 * 86_400_000 }), (from, span) => {
        const ticks = ticksOf({ from, to: from + span });
        assert.ok(ticks.length <= 18);
        assert.ok(ticks.every((tick) => tick >= from && tick <= from + span && tick % 5000 === 0));
      }),
    );
    assert.deepEqual(ticksOf({ from: NOW - 1, to: NOW + 3_600_000 }).length, 4);
  });

  it("ends its axis at a round number above all values", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e5, noNaN: true }), (value) => assert.ok(roundUp(value) >= value)));
    assert.deepEqual([0, 1, 97, 386, 801].map(roundUp), [1, 1, 100, 400, 1000]);
  });
});
