import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { scheduleOf } from "../../../tools/demo-load/schedule";
import { parseTrace } from "../../../tools/demo-load/trace";

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
const GOOD = "2023-11-16 18:15:46.6805900,374,44";

describe("demo load: trace", () => {
  it("reads the shipped trace whole", () => {
    const file = resolve(__dirname, "../../../examples/data/AzureLLMInferenceTrace_conv.csv");
    const trace = parseTrace(readFileSync(file, "utf8"), file);
    assert.equal(trace.length, 19_366);
    assert.deepEqual(trace[0], { atMs: 0, tokens: 44 });
    const last = trace.at(-1);
    assert.equal(last?.tokens, 183);
    assert.ok(Math.abs((last?.atMs ?? 0) - 3_501_721.937) < 0.01); // 18:15:46.68059 to 19:14:08.4025270
  });

  it("takes either line ending, with or without one at the end", () => {
    const expected = [
      { atMs: 0, tokens: 44 },
      { atMs: 1000, tokens: 9 },
    ];
    const rows = [HEADER, "2023-11-16 18:15:46,374,44", "2023-11-16 18:15:47,1,9"];
    assert.deepEqual(parseTrace(rows.join("\n"), "t"), expected);
    assert.deepEqual(parseTrace(`${rows.join("\r\n")}\r\n`, "t"), expected);
  });

  const bad: [string, string, RegExp][] = [
    ["another header", "time,tokens\n1,2", /^t\.csv line 1: the header must be "TIMESTAMP,/],
    ["no request", `${HEADER}\n`, /^t\.csv line 1: there is no request/],
    [
      "a missing column",
      `${HEADER}\n${GOOD}\n2023-11-16 18:15:47,3`,
      /^t\.csv line 3: 3 columns are needed; there are 2/,
    ],
    ["an empty line within", `${HEADER}\n\n${GOOD}`, /^t\.csv line 2: 3 columns are needed/],
    ["a time that is none", `${HEADER}\nyesterday,1,2`, /^t\.csv line 2: column TIMESTAMP: "yesterday"/],
    ["a day that is none", `${HEADER}\n2023-02-30 18:15:46,1,2`, /^t\.csv line 2: column TIMESTAMP/],
    [
      "time running backwards",
      `${HEADER}\n${GOOD}\n2023-11-16 18:15:46,1,2`,
      /^t\.csv line 3: column TIMESTAMP.*no earlier/,
    ],
    ["a negative count", `${HEADER}\n2023-11-16 18:15:46,-1,2`, /^t\.csv line 2: column ContextTokens: "-1"/],
    ["a count that is none", `${HEADER}\n2023-11-16 18:15:46,1,many`, /^t\.csv line 2: column GeneratedTokens: "many"/],
  ];
  for (const [what, csv, message] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseTrace(csv, "t.csv"),
        (error) => error instanceof MnoError && error.code === "MNO_TRACE_INVALID" && message.test(error.message),
      );
    });
  }
});

describe("demo load: schedule", () => {
  const trace = [0, 1000, 2000, 4000].map((atMs, index) => ({ atMs, tokens: index * 10 }));

  it("divides time by the speed and cuts tokens and time off", () => {
    assert.deepEqual(scheduleOf(trace, { speed: 10, scale: 1, maxTokens: 15 }), [
      { atMs: 0, tokens: 0 },
      { atMs: 100, tokens: 10 },
      { atMs: 200, tokens: 15 },
      { atMs: 400, tokens: 15 },
    ]);
    assert.deepEqual(
      scheduleOf(trace, { speed: 10, scale: 1, maxTokens: 15, seconds: 0.2 }).map(({ atMs }) => atMs),
      [0, 100],
    );
  });

  it("multiplies requests evenly up to the next arrival, or thins them", () => {
    const times = (scale: number): number[] =>
      scheduleOf(trace, { speed: 1, scale, maxTokens: 9 }).map(({ atMs }) => atMs);
    assert.deepEqual(times(2), [0, 500, 1000, 1500, 2000, 3000, 4000, 4000]);
    assert.deepEqual(times(0.5), [1000, 4000]);
    assert.deepEqual(times(1.5), [0, 1000, 1500, 2000, 4000, 4000]);
  });

  it("keeps order and the share asked for, whatever the trace", () => {
    const gaps = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 5000 }), tokens: fc.nat(2000) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(gaps, fc.double({ min: 0.01, max: 5, noNaN: true }), (rows, scale) => {
        let atMs = 0;
        const arrivals = rows.map(({ gap, tokens }) => ({ atMs: (atMs += gap), tokens }));
        const schedule = scheduleOf(arrivals, { speed: 60, scale, maxTokens: 100 });
        assert.equal(schedule.length, Math.floor(rows.length * scale));
        for (const [index, request] of schedule.entries()) {
          assert.ok(request.tokens <= 100);
          assert.ok(request.atMs >= (schedule[index - 1]?.atMs ?? 0));
        }
      }),
    );
  });
});
