import type { LayerDecision, Verdict } from "./decision";
import type { Pair, Reachability } from "./evaluate";
import type { ExternalFlow } from "./external";
import type { Flow, Layers } from "./flows";
import { compare } from "./model";

const LEGEND = `Row calls column. # every declared port, + some, ? on conditions, . none; * besides, ports that nobody declares.`;

/** What people read: a matrix for the overview, then every answer with its rules, then what deserves a look. */
export function renderTable(reachability: Reachability): string {
  const { warnings } = reachability;
  return [
    LEGEND,
    "",
    ...matrix(reachability),
    "",
    ...align(listLines(reachability)),
    "",
    `${String(warnings.length)} warning${warnings.length === 1 ? "" : "s"}`,
    ...warnings.map((warning) => `  ${warning}`),
    "",
  ].join("\n");
}

/** One answer a line, each complete in itself: what a golden file holds, so that a difference can be read alone. */
export function goldenLines(reachability: Reachability): string[] {
  return [
    ...listLines(reachability).map((cells) => cells.join(" | ")),
    ...reachability.warnings.map((warning) => `warning | ${warning}`),
  ];
}

function matrix({ workloads, pairs }: Reachability): string[] {
  const cells = new Map(pairs.map((pair) => [`${pair.from} ${pair.to}`, cell(pair)]));
  const digits = String(workloads.length).length;
  const width = Math.max(digits, 2) + 1;
  const names = workloads.map((id, index) => `${String(index + 1).padStart(digits)} ${id}`);
  const left = Math.max(0, ...names.map((name) => name.length));
  const head = workloads.map((_, index) => String(index + 1).padStart(width)).join("");
  return [
    `${" ".repeat(left)}${head}`,
    ...workloads.map((from, row) => {
      const line = workloads.map((to) => (cells.get(`${from} ${to}`) ?? "").padStart(width)).join("");
      return `${(names[row] ?? "").padEnd(left)}${line}`;
    }),
  ];
}

/** A port that two ways lead to counts by the better one. */
function cell({ flows }: Pair): string {
  const ports = [
    ...Map.groupBy(
      flows.filter((flow) => flow.declared),
      (flow) => flow.ports,
    ).values(),
  ];
  const count = (verdict: Verdict): number =>
    ports.filter((ways) => ways.some((flow) => flow.verdict === verdict)).length;
  const undeclared = flows.some((flow) => !flow.declared && flow.verdict !== "denied") ? "*" : "";
  if (ports.length > 0 && count("allowed") === ports.length) return `#${undeclared}`;
  if (count("allowed") > 0) return `+${undeclared}`;
  return `${count("conditional") > 0 ? "?" : "."}${undeclared}`;
}

function listLines({ pairs, external }: Reachability): string[][] {
  return [
    ...pairs.flatMap(({ from, to, flows }) => flowLines(`${from} -> ${to}`, flows)),
    ...external.flatMap((entry) => externalLines(entry)),
  ];
}

function externalLines({ workload, direction, place, flows }: ExternalFlow): string[][] {
  return flowLines(direction === "to" ? `${workload} -> ${place}` : `${place} -> ${workload}`, flows);
}

/** Answers that differ in nothing but the port share a line where all ports have one; so do refusals with a reason in common. */
function flowLines(heading: string, flows: readonly Flow[]): string[][] {
  const answers = flows.map((flow) => ({ flow, clauses: explain(flow, flow.verdict) }));
  const [first] = answers;
  if (!first) return [];
  const { verdict } = first.flow;
  const shared = first.clauses.filter((clause) => answers.every(({ clauses }) => clauses.includes(clause)));
  const whole =
    answers.every(({ flow }) => flow.verdict === verdict) &&
    (verdict === "denied" ? shared.length > 0 : answers.every(({ clauses }) => clauses.length === shared.length));
  if (answers.length === 1 || !whole) {
    return answers.map(({ flow, clauses }) => [heading, portsOf(flow), flow.verdict, clauses.join("; ")]);
  }
  const more = answers.flatMap(({ clauses }) => clauses).filter((clause) => !shared.includes(clause));
  const ports = flows.some((flow) => !flow.declared) ? "every port" : flows.map(portsOf).join(", ");
  return [[heading, ports, verdict, [...shared, ...new Set(more)].join("; ")]];
}

function portsOf({ ports, via }: Flow): string {
  return via === undefined ? ports : `${ports} via ${via}`;
}

function explain(layers: Layers, verdict: Verdict): string[] {
  const named = [
    ["egress", layers.egress],
    ["ingress", layers.ingress],
    ["mesh", layers.mesh],
  ] as const;
  return named.flatMap(([name, layer]) => {
    if (!layer || (verdict === "denied" && layer.verdict !== "denied")) return [];
    return [`${name}: ${clause(layer)}`];
  });
}

function clause({ verdict, rules, conditions, why }: LayerDecision): string {
  if (verdict === "denied" || rules.length === 0) return why;
  const names = [...rules].sort(compare).join(", ");
  return verdict === "conditional" ? `${names} if ${conditions.join("; and ")}` : names;
}

function align(lines: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  "));
}
