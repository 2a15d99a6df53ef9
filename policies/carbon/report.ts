/** The budget's account as text: the total at each size, every resource, the three dearest with their working. */
import type { Resource } from "../shared/rule";
import { FACTOR_TABLES } from "../../factors/tables";
import type { Estimate } from "./estimate";
import type { Signal } from "./intensity";
import type { Count } from "./scaling";

export interface Counted {
  resource: Resource;
  estimate: Estimate;
}

/** Rows that a terminal still shows; the rest is summed in a row of its own. */
const MAXIMUM_ROWS = 20;
const DEAREST = 3;

export function total(counted: readonly Counted[]): Count {
  const sum = (pick: (grams: Count) => number) => counted.reduce((all, { estimate }) => all + pick(estimate.grams), 0);
  return { minimum: sum((g) => g.minimum), desired: sum((g) => g.desired), maximum: sum((g) => g.maximum) };
}

/** Models of one kind err the same way, so that their errors add up and do not cancel. */
export function errorGrams(counted: readonly Counted[]): number {
  return counted.reduce((sum, { estimate }) => sum + estimate.errorShare * estimate.grams.maximum, 0);
}

export function accountText(counted: readonly Counted[], budgetGrams: number, signal: Signal): string {
  const all = total(counted);
  const error = errorGrams(counted);
  const ordered = counted.toSorted((a, b) => b.estimate.grams.maximum - a.estimate.grams.maximum);
  const dearest = ordered
    .slice(0, DEAREST)
    .map(({ resource, estimate }) => `  ${resource.name}: ${kilograms(estimate.grams.maximum)} = ${estimate.working}`);
  return [
    `estimated ${kilograms(all.maximum)} CO2e a month (operational, ${signal} signal), budget ${kilograms(budgetGrams)}. ` +
      `That is the autoscalers' maximum; desired ${kilograms(all.desired)}, minimum ${kilograms(all.minimum)}. ` +
      `The power models put it between ${kilograms(Math.max(0, all.maximum - error))} and ${kilograms(all.maximum + error)}.`,
    ...table(ordered, all),
    `The largest of ${counted.length}:`,
    ...dearest,
    embodiedText(counted),
    `Tables: ${FACTOR_TABLES.map(({ name, asOf, source }) => `${name} to ${asOf} (${source})`).join("; ")}.`,
  ].join("\n");
}

function table(ordered: readonly Counted[], all: Count): string[] {
  const rows = ordered
    .slice(0, MAXIMUM_ROWS)
    .map(({ resource, estimate }) => row(`${resource.name} (${shortType(resource.type)})`, estimate.grams, all));
  const rest = ordered.slice(MAXIMUM_ROWS);
  if (rest.length > 0) rows.push(row(`${rest.length} more together`, total(rest), all));
  const width = Math.max(...rows.map(([name]) => name.length));
  return [["resource", "minimum", "desired", "maximum", "share"] as const, ...rows].map(
    ([name, ...figures]) => `  ${name.padEnd(width)} ${figures.map((figure) => figure.padStart(12)).join("")}`,
  );
}

function row(name: string, grams: Count, all: Count): readonly [string, string, string, string, string] {
  const share = `${((100 * grams.maximum) / (all.maximum || 1)).toFixed(1)} %`;
  return [name, kilograms(grams.minimum), kilograms(grams.desired), kilograms(grams.maximum), share];
}

function embodiedText(counted: readonly Counted[]): string {
  const known = counted.flatMap(({ estimate }) => estimate.embodiedGrams ?? []);
  const sum = known.reduce((all, grams) => all + grams, 0);
  return known.length === 0
    ? "Manufacture is not in it, and no table tells it for these."
    : `Manufacture is not in it: about ${kilograms(sum)} a month more, known for ${known.length} of ${counted.length}.`;
}

/** `aws:ec2/instance:Instance` is an Instance. */
function shortType(type: string): string {
  return type.slice(type.lastIndexOf(":") + 1);
}

export function kilograms(grams: number): string {
  return `${(grams / 1000).toFixed(2)} kg`;
}
