import type { FabricDescription } from "./description";
import { dashboardUid } from "./dashboard";

export interface RuleGroup {
  name: string;
  rules: Rule[];
}

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** The alerts of a fabric as a group of Prometheus. `runbooks` is the URL under which docs/runbooks is read. */
export function ruleGroupOf(fabric: FabricDescription, runbooks: string): RuleGroup {
  return {
    name: `mno-${fabric.name}`,
    rules: fabric.alerts.map(({ name, severity, expression, holds, summary }) => ({
      alert: name,
      expr: expression,
      for: holds,
      labels: { severity, fabric: fabric.name },
      annotations: {
        summary,
        runbook_url: `${runbooks.replace(/\/+$/, "")}/${name}.md`,
        dashboard_uid: dashboardUid(fabric),
      },
    })),
  };
}
