import type { SigmaDocument } from "./document";
import { detectionTree } from "./detection";
import { at } from "./faults";
import { type CompiledRule, type CompileOptions, type Logsource } from "./rule";
import { all, holds, type Tree } from "./tree";
import { EventView } from "./view";

/** A global filter: what is accepted here and taken out of the matches of some rules. */
export interface CompiledFilter {
  readonly id: string;
  readonly title: string;
  readonly logsource: Logsource;
  /** Ids or names. */
  readonly rules: readonly string[];
  /** What an event must be beside what the rule says. */
  readonly keep: Tree;
}

/**
 * The purpose of a filter is to suppress (Sigma 2.1.0, "Introduction"), and there are two ways of writing one: the specification's
 * example has the condition say what to suppress (`condition: selection`), pySigma's what to keep (`condition: not selection`).
 * Neither makes sense read as the other, so a condition that begins with a negation is what to keep.
 */
export function compileFilter(
  { body, id, place }: Extract<SigmaDocument, { kind: "filter" }>,
  options: CompileOptions,
): CompiledFilter {
  const { rules, ...detection } = body.filter;
  const tree = detectionTree(detection, options.placeholders ?? {}, at(place, "filter"));
  const { definition: _, ...logsource } = body.logsource;
  return { id, title: body.title, logsource, rules, keep: tree.kind === "not" ? tree : { kind: "not", of: tree } };
}

/** Whether the filter names the rule, and speaks of logs that the rule's may be. */
export function concerns(filter: CompiledFilter, rule: CompiledRule): boolean {
  const named = filter.rules.some((reference) => reference === rule.id || reference === rule.name);
  return (
    named &&
    (["category", "product", "service"] as const).every((key) => {
      const [of, other] = [filter.logsource[key], rule.logsource[key]];
      return of === undefined || other === undefined || of === other;
    })
  );
}

export function filtered(
  rule: CompiledRule,
  filters: readonly CompiledFilter[],
  options: CompileOptions,
): CompiledRule {
  const mine = filters.filter((filter) => concerns(filter, rule));
  if (mine.length === 0) return rule;
  const tree = all([rule.tree, ...mine.map(({ keep }) => keep)]);
  return { ...rule, tree, matches: (event) => holds(tree, new EventView(event, options.fields)) };
}
