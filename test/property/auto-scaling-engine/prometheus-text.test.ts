import assert from "node:assert/strict";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { MnoError } from "../../../runtime/exports";
import { isCumulative, parseExposition } from "../../../runtime/scalability/auto-scaling-engine/prometheus-text";

const fragment = fc.constantFrom(
  "a_b",
  "{",
  "}",
  'l="v"',
  'l="',
  '"',
  "\\",
  "\\n",
  ",",
  "=",
  " ",
  "\t",
  "1",
  "-1e3",
  "NaN",
  "+Inf",
  "#",
  "# TYPE a counter",
  "\n",
  "1700000000000",
  '# {t="1"} 1',
);

describe("auto-scaling engine: properties of the Prometheus text reader", () => {
  it("never throws anything but a coded error", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (text) => {
        try {
          parseExposition(text);
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_SCRAPE_FAILED", String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("reads back what prom-client writes", async () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1e-9, 1e300, NaN, Infinity, -Infinity),
    );
    const label = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\\", '"', "\n", "\\n", 'a"b\\c\nd', "}", ",", "# x", "\\\\n"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(label, label), { selector: (pair) => JSON.stringify(pair) }),
        value,
        async (pairs, value) => {
          const registry = new Registry();
          const registers = [registry];
          const gauge = new Gauge({
            name: "g",
            help: 'a "help"\n# TYPE g counter',
            labelNames: ["first", "second"],
            registers,
          });
          for (const [first, second] of pairs) gauge.set({ first, second }, value);
          const counter = new Counter({ name: "c_total", help: "c", registers });
          counter.inc(3);
          new Histogram({ name: "h_seconds", help: "h", buckets: [1, 2], registers }).observe(1.5);
          const { samples, types } = parseExposition(await registry.metrics());
          const gauges = samples.filter((sample) => sample.name === "g");
          assert.deepEqual(
            gauges.map((sample) => [sample.labels.get("first"), sample.labels.get("second"), sample.value]),
            pairs.map(([first, second]) => [first, second, Object.is(value, -0) ? 0 : value]),
          );
          const series = samples
            .filter((sample) => sample.name !== "g")
            .map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]);
          assert.deepEqual(series, [
            ["c_total", {}, 3],
            ["h_seconds_bucket", { le: "1" }, 0],
            ["h_seconds_bucket", { le: "2" }, 1],
            ["h_seconds_bucket", { le: "+Inf" }, 1],
            ["h_seconds_sum", {}, 1.5],
            ["h_seconds_count", {}, 1],
          ]);
          assert.deepEqual(
            ["g", "c_total", "h_seconds_count", "h_seconds_bucket"].map((name) => isCumulative(name, types)),
            [false, true, true, true],
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
