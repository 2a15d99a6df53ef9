import assert from "node:assert/strict";
import fc from "fast-check";
import { parse as parseYaml } from "yaml";
import { TEXT_PATTERN } from "../../../runtime/kernel/http/text";
import { sum, parseDecimal } from "../../../runtime/sustainability/sustainability-reporter/amounts";
import { render } from "../../../runtime/sustainability/sustainability-reporter/formats";
import { measured, records, reportOf } from "../../unit/sustainability-reporter/support";

const hostile = fc.constantFrom(
  "constructor",
  "__proto__",
  "no",
  "2026-03-01",
  "0x10",
  "~",
  "a/b",
  "=1+1",
  "<img onerror=x>",
  '"',
  "'",
  "- a: b",
  "# c",
  "*x",
  "{{}}",
  "a;b,c",
  "\u2028",
  "\ufeff",
);
const name = fc
  .oneof(hostile, fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }))
  .filter((text) => new RegExp(TEXT_PATTERN, "u").test(text));
const part = fc.record({
  workload: name,
  tenant: name,
  energy: fc.nat(1e9),
  carbon: fc.nat(1e9),
  kind: fc.constantFrom("workload" as const, "system" as const),
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split("\r\n").slice(0, -1)) {
    rows.push(
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      ),
    );
  }
  return rows;
}

describe("sustainability reporter: property: formats", () => {
  it("carry any names, keep them apart, and come to the report's totals", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), name, (parts, region) => {
        const report = reportOf(records(measured(parts, { region })));
        const rows = report.workloads.length;

        const { tree } = parseYaml(render("impact-framework", report, null), { version: "1.1" });
        assert.equal(Object.keys(tree.children).length, Math.max(rows, 1));
        assert.ok(Math.abs(tree.aggregated.energy - Number(report.totals.energyKwh)) < 1e-9);

        const [head, ...lines] = parseCsv(render("csv", report, null));
        assert.equal(lines.length, rows);
        const column = (line: string[], title: string): string => line[head!.indexOf(title)]!;
        assert.equal(
          sum(lines.map((line) => parseDecimal(column(line, "energyKwh"), 9))),
          parseDecimal(report.totals.energyKwh, 9),
        );
        lines.forEach((line, index) => {
          assert.equal(line.length, head!.length);
          for (const title of ["region", "tenant", "workload"] as const) {
            const text = column(line, title);
            assert.equal(text.replace(/^'/, ""), (report.workloads[index]![title] ?? "").replace(/^'/, ""));
            assert.ok(!/^\s*[=+@]/.test(text), text);
          }
        });

        const page = render("html", report, null);
        const markup = page
          .replace(/<style>.*?<\/style>/s, "")
          .replace(/<[^>]*>/g, (tag) =>
            /^<\/?(!doctype|html|head|meta|title|body|h[1-3]|p|table|thead|tbody|tr|t[hd]|svg|line|rect|text)\b/i.test(
              tag,
            )
              ? ""
              : tag,
          );
        assert.ok(!/[<>]/.test(markup), markup.match(/.{0,40}[<>].{0,40}/)?.[0]);
        assert.doesNotMatch(page, /NaN|Infinity/);
      }),
      { numRuns: 150 },
    );
  });
});
