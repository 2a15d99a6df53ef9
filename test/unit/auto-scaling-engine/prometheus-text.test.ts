import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { isCumulative, parseExposition } from "../../../runtime/scalability/auto-scaling-engine/prometheus-text";

const read = (text: string) =>
  parseExposition(text).samples.map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]);

describe("auto-scaling engine: Prometheus text", () => {
  it("reads the example of the format's documentation", () => {
    const text = `
# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
`;
    assert.deepEqual(read(text), [
      ["http_requests_total", { method: "post", code: "200" }, 1027],
      ["http_requests_total", { method: "post", code: "400" }, 3],
      [
        "msdos_file_access_time_seconds",
        { path: "C:\\DIR\\FILE.TXT", error: 'Cannot find file:\n"FILE.TXT"' },
        1.458255915e9,
      ],
      ["metric_without_timestamp_and_labels", {}, 12.47],
      ["something_weird", { problem: "division by zero" }, Infinity],
      ["rpc_duration_seconds", { quantile: "0.01" }, 3102],
      ["rpc_duration_seconds_sum", {}, 17560473],
    ]);
  });

  it("reads over exemplars and the end mark of OpenMetrics", () => {
    const text = '# TYPE foo counter\nfoo_total{a="b"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67\n# EOF\n';
    assert.deepEqual(read(text), [["foo_total", { a: "b" }, 17]]);
    assert.equal(isCumulative("foo_total", parseExposition(text).types), true);
  });

  it("takes odd but legal spacing, trailing commas, names with colons and label names of objects", () => {
    assert.deepEqual(read('job:rate5m { a = "1" , __proto__="2", } -.5\r\nx\t1\r\n'), [
      [
        "job:rate5m",
        Object.fromEntries([
          ["a", "1"],
          ["__proto__", "2"],
        ]),
        -0.5,
      ],
      ["x", {}, 1],
    ]);
  });

  it("tells counters from gauges", () => {
    const { types } = parseExposition("# TYPE g gauge\n# TYPE c_total counter\n# TYPE s summary\n# TYPE h histogram\n");
    const cumulative = ["c_total", "s_sum", "s_count", "h_bucket", "h_sum"];
    const present = ["g", "s", "unknown", "unknown_total", "g_count"];
    for (const name of cumulative) assert.equal(isCumulative(name, types), true, name);
    for (const name of present) assert.equal(isCumulative(name, types), false, name);
  });

  it("reads over an exemplar with any character, and takes a value of any honest length", () => {
    assert.deepEqual(read('x 1 # {t="\u2028"} 1\ny\t 1.\nz -1.7976931348623157e+308 17'), [
      ["x", {}, 1],
      ["y", {}, 1],
      ["z", {}, -1.7976931348623157e308],
    ]);
  });

  it("takes time in proportion to the text, whatever it says", () => {
    const long = 65_000;
    const hostile = [
      `x ${"1".repeat(long)}x`,
      `x ${"#".repeat(long)}\u2028`,
      `x 1 ${"#".repeat(long)}\u2028`,
      `x 1${" ".repeat(long)}x`,
      `x 1 ${"1".repeat(long)}x`,
      `x{${'a="",'.repeat(long / 5)}`,
      `x{a="${"\\n".repeat(long / 2 - 4)}`,
      `# TYPE ${"a\t".repeat(long / 2 - 4)}`,
      "1".repeat(1_000_000),
    ];
    const before = process.cpuUsage();
    for (const text of hostile) {
      // 1 MB of it, as 16 scrapes: a line that is refused ends its scrape.
      for (let scrape = 0; scrape < 16; scrape += 1) {
        try {
          parseExposition(text);
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_SCRAPE_FAILED", String(error));
        }
      }
    }
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 2_000_000, `${String(user + system)} µs for 10 MB`);
  });

  for (const [text, fault] of [
    ['ok 1\n{a="b"} 1', /line 2 does not start with a metric name/],
    ["x", /line 1 has no space after x|has no number after x/],
    ["x 1 2 3", /has no number after x, or something behind it/],
    ["x 0x10", /has no number/],
    ["x 1\u00a02", /has no number/],
    [`x ${"1".repeat(65)}`, /has no number/],
    ["x é", /has no number/],
    ["x-y 1", /has no space after x/],
    ['x{a="b} 1', /malformed label at column 3/],
    ['x{a="b\\t"} 1', /malformed label at column 3/],
    ['x{a="b" c="d"} 1', /no comma or closing brace at column 9/],
    [`x{a="${"b".repeat(70_000)}"} 1`, /is longer than 65536 characters/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.throws(
        () => parseExposition(text),
        (error: unknown) =>
          error instanceof MnoError && error.code === "MNO_SCRAPE_FAILED" && fault.test(error.message),
      );
    });
  }
});
