import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FABRICS } from "../../components/observability/fabrics";
import { ruleGroupOf } from "../../components/observability/fabrics/rules";
import { ALERT_CASES, type AlertCase, type Series } from "../support/alert-cases";

const RUNBOOKS = "https://example.org/runbooks";
const groups = FABRICS.map((fabric) => ruleGroupOf(fabric, RUNBOOKS));
const rules = groups.flatMap((group) => group.rules);

/** What Grafana puts in before it asks. */
const filledIn = (expression: string): string =>
  expression.replaceAll("$__rate_interval", "5m").replaceAll("$namespace", ".*");

/** Prometheus' own judgement, by its promtool (Debian's package prometheus). */
describe("alert rules and dashboards before Prometheus", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-rules-"));
  const write = (name: string, content: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content)); // JSON is YAML
    return path;
  };
  const promtool = (...args: string[]): string => execFileSync("promtool", args, { encoding: "utf8" });
  const rulesFile = write("rules.yaml", { groups });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are valid rules", () => {
    assert.match(promtool("check", "rules", rulesFile), new RegExp(`SUCCESS: ${String(rules.length)} rules found`));
  });

  it("are valid in every panel", () => {
    const asked = FABRICS.flatMap(({ sections }) =>
      sections.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expression }) => expression))),
    );
    const recorded = asked.map((expression, index) => ({
      record: `panel_${String(index)}`,
      expr: filledIn(expression),
    }));
    const path = write("panels.yaml", { groups: [{ name: "panels", rules: recorded }] });
    assert.match(promtool("check", "rules", path), new RegExp(`SUCCESS: ${String(asked.length)} rules found`));
  });

  it("have a case that fires and one that stays quiet for every alert and severity", () => {
    const wanted = rules.map(({ alert, labels }) => `${alert} ${labels.severity}`).sort();
    assert.deepEqual(ALERT_CASES.map(({ alert, severity }) => `${alert} ${severity}`).sort(), wanted);
    for (const { alert, quiet } of ALERT_CASES) assert.ok(Object.keys(quiet).length > 0, `${alert} has no quiet case`);
  });

  for (const one of ALERT_CASES) {
    it(`${one.alert} (${one.severity}) fires: ${one.summary}`, () => {
      const rule = rules.find(({ alert, labels }) => alert === one.alert && labels.severity === one.severity);
      assert.ok(rule);
      const expected = {
        exp_labels: { ...rule.labels, ...one.labels },
        exp_annotations: { ...rule.annotations, summary: one.summary },
      };
      promtool("test", "rules", write("fires.yaml", test(one, one.fires, [expected])));
    });

    for (const [why, series] of Object.entries(one.quiet)) {
      it(`${one.alert} (${one.severity}) stays quiet: ${why}`, () => {
        promtool("test", "rules", write("quiet.yaml", test(one, series, [])));
      });
    }
  }

  it("would notice an alert that does not fire", () => {
    const [one] = ALERT_CASES;
    assert.ok(one);
    const wrong = write("wrong.yaml", test(one, one.fires, []));
    assert.throws(() => execFileSync("promtool", ["test", "rules", wrong], { stdio: "pipe" }));
  });

  function test({ alert, severity, atMinute }: AlertCase, series: Series, expected: object[]): object {
    // promtool compares all alerts of a name: a rule of the same name and another severity is left out.
    const only = groups.map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => rule.alert !== alert || rule.labels.severity === severity),
    }));
    return {
      rule_files: [write("only.yaml", { groups: only })],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          alert_rule_test: [{ eval_time: `${String(atMinute)}m`, alertname: alert, exp_alerts: expected }],
        },
      ],
    };
  }
});
