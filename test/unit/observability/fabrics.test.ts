import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { FABRICS } from "../../../components/observability/fabrics";
import { dashboardOf } from "../../../components/observability/fabrics/dashboard";
import { type FabricDescription, Severity, Unit } from "../../../components/observability/fabrics/description";
import { ruleGroupOf } from "../../../components/observability/fabrics/rules";
import { ENGINES } from "../../../runtime/exports";

/* eslint-disable @typescript-eslint/no-explicit-any -- dashboards are judged member by member */

const RUNBOOKS = join(__dirname, "..", "..", "..", "docs", "runbooks");
const names = [...new Set(FABRICS.flatMap(({ alerts }) => alerts.map(({ name }) => name)))].sort();

describe("dashboards and alerts", () => {
  it("exist for the platform and for every fabric that has engines", () => {
    const fabrics = new Set(Object.values(ENGINES).map(({ fabric }) => fabric));
    assert.deepEqual(FABRICS.map(({ name }) => name).sort(), ["platform", ...fabrics].sort());
  });

  it("have a runbook for every alert, and no other", () => {
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== "README.md");
    assert.deepEqual(
      pages.sort(),
      names.map((name) => `${name}.md`),
    );
  });

  it("are all in the index of runbooks, by fabric and severity", () => {
    const index = readFileSync(join(RUNBOOKS, "README.md"), "utf8");
    for (const { name, alerts } of FABRICS) {
      const [, critical, warning] = index.match(new RegExp(`^\\| ${name} \\|(.*)\\|(.*)\\|$`, "m")) ?? [];
      const linked = (cell = ""): string[] =>
        [...cell.matchAll(/\[(\w+)\]\(\1\.md\)/g)].map((match) => match[1]!).sort();
      const wanted = (severity: Severity): string[] => [
        ...new Set(alerts.filter((alert) => alert.severity === severity).map((alert) => alert.name)),
      ];
      assert.deepEqual(linked(critical), wanted(Severity.Critical).sort(), name);
      assert.deepEqual(linked(warning), wanted(Severity.Warning).sort(), name);
    }
  });

  for (const name of names) {
    it(`the runbook of ${name} says what it means, what to ask and what to do`, () => {
      const page = readFileSync(join(RUNBOOKS, `${name}.md`), "utf8");
      assert.ok(page.startsWith(`# ${name}\n`));
      const parts = ["## What it means", "## What to ask", "## What to do"];
      assert.deepEqual(page.match(/^## .*$/gm), parts);
      assert.match(page, /```sh\n/, "a command to ask with");
    });
  }

  it("give every alert a severity, a summary and the page that it links to", () => {
    for (const fabric of FABRICS) {
      for (const rule of ruleGroupOf(fabric, "https://example.org/runbooks/").rules) {
        assert.equal(rule.annotations.runbook_url, `https://example.org/runbooks/${rule.alert}.md`);
        assert.ok(rule.annotations.summary);
        assert.match(rule.for, /^\d+m$/);
      }
    }
  });

  it("are the same bytes each time", () => {
    for (const fabric of FABRICS)
      assert.equal(JSON.stringify(dashboardOf(fabric)), JSON.stringify(dashboardOf(fabric)));
  });

  it("have panels that neither overlap nor leave the grid, however many there are", () => {
    const section = fc.record({ title: fc.string(), panels: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(section, { maxLength: 6 }), (sections) => {
        const fabric: FabricDescription = {
          name: "x",
          title: "X",
          alerts: [],
          sections: sections.map(({ title, panels }) => ({
            title,
            panels: Array.from({ length: panels }, () => ({
              title: "p",
              description: "d",
              unit: Unit.Count,
              queries: [{ expression: "1", legend: "l" }],
            })),
          })),
        };
        const taken = new Set<string>();
        const panels = dashboardOf(fabric).panels as any[];
        assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
        for (const { gridPos } of panels) {
          assert.ok(gridPos.x + gridPos.w <= 24);
          for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
            for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
              assert.ok(!taken.has(`${x},${y}`), "two panels at one place");
              taken.add(`${x},${y}`);
            }
          }
        }
      }),
    );
  });

  it("ask the data source and the namespaces that are chosen at their top", () => {
    for (const fabric of FABRICS) {
      const model = dashboardOf(fabric) as any;
      assert.deepEqual(
        model.templating.list.map(({ name }: any) => name),
        ["datasource", "namespace"],
      );
      for (const panel of model.panels.filter(({ type }: any) => type !== "row")) {
        assert.ok(panel.description && panel.targets.length > 0, panel.title);
        for (const target of panel.targets) {
          assert.equal(target.datasource.uid, "${datasource}");
          assert.match(target.expr, /namespace=~"\$namespace"/, panel.title);
        }
      }
    }
  });
});
