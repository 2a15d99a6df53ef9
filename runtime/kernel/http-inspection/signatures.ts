import { MnoError } from "../../exports/errors";
import { type Exclusion, type Finding, type InspectableRequest, type Inspection, type Level } from "./inspection";
import { FieldCache } from "./field-cache";
import { Text } from "./lex/text";
import { BUDGET } from "./limits";
import { type Field, fieldsOf } from "./parse/fields";
import { RULES } from "./rules/all";
import { type Rule, type TextRule } from "./rules/rule";
import { variantsOf } from "./transform/variants";

export interface SignatureOptions {
  /** Default `standard`. */
  readonly level?: Level;
  /** Score from which a request is refused. Default 5, which one certain finding reaches. */
  readonly threshold?: number;
  readonly exclusions?: readonly Exclusion[];
}

export interface Signatures {
  /** Never throws; the time it takes is bounded by `BUDGET`. What `excluded` says yes to does not count. */
  inspect(
    request: InspectableRequest,
    body?: Uint8Array,
    excluded?: (rule: string, where: string) => boolean,
  ): Inspection;
}

const LEVELS: readonly Level[] = ["standard", "high", "strict"];
const SCORE = 5;

/** The attack rules of this folder. Throws MNO_INSPECTION_OPTIONS_INVALID. */
export function createSignatures(options: SignatureOptions = {}): Signatures {
  const level = options.level ?? "standard";
  const threshold = options.threshold ?? SCORE;
  const exclusions = options.exclusions ?? [];
  checkOptions(level, threshold, exclusions);
  const active = RULES.filter((rule) => LEVELS.indexOf(rule.level ?? "standard") <= LEVELS.indexOf(level));
  const textRules = active.filter((rule) => "test" in rule);
  const requestRules = active.filter((rule) => "testRequest" in rule);

  const cache = new FieldCache();

  return {
    inspect(request, body, excluded) {
      const fields = fieldsOf(request, body);
      const path = request.target.split("?", 1)[0]!;
      const found = new Map<string, Finding>();
      const add = (rule: Rule, where: string): void => {
        if (found.size >= BUDGET.findings || exclusions.some((one) => excludes(one, rule.id, path, where))) return;
        if (excluded?.(rule.id, where) === true) return;
        // A rule counts once in a request, wherever it speaks first.
        if (!found.has(rule.id))
          found.set(rule.id, { rule: rule.id, where, what: rule.what, score: rule.score ?? SCORE });
      };
      for (const rule of requestRules) {
        const where = rule.testRequest(request, fields, body);
        if (where !== undefined) add(rule, where);
      }
      for (const field of fields.list) {
        for (const rule of cache.get(field, () => spokenOf(field, textRules))) add(rule, field.where);
      }
      const findings = [...found.values()];
      const score = findings.reduce((sum, finding) => sum + finding.score, 0);
      return { score, refused: score >= threshold, findings };
    },
  };
}

function spokenOf(field: Field, rules: readonly TextRule[]): Rule[] {
  if (field.kind !== "path" && isPlain(field.value)) return [];
  const spoken = new Set<Rule>();
  for (const variant of variantsOf(field.value)) {
    const text = new Text(variant, field);
    for (const rule of rules) if (!spoken.has(rule) && rule.test(text)) spoken.add(rule);
  }
  return [...spoken];
}

/** A short word or number says nothing to any rule that needs more than its name. */
function isPlain(value: string): boolean {
  return value.length < 2;
}

function excludes(exclusion: Exclusion, rule: string, path: string, where: string): boolean {
  return (
    (exclusion.rule === "*" || rule === exclusion.rule || rule.startsWith(`${exclusion.rule}-`)) &&
    fits(exclusion.path, path) &&
    fits(exclusion.where, where)
  );
}

function fits(pattern: string | undefined, value: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

function checkOptions(level: Level, threshold: number, exclusions: readonly Exclusion[]): void {
  const wrong = (detail: string): never => {
    throw new MnoError("MNO_INSPECTION_OPTIONS_INVALID", detail);
  };
  if (!LEVELS.includes(level)) wrong(`The level is one of ${LEVELS.join(", ")}, not "${String(level)}"`);
  if (!(threshold > 0)) wrong(`The threshold is a number above 0, not ${threshold}`);
  for (const { rule, reason } of exclusions) {
    const known = rule === "*" || RULES.some(({ id }) => id === rule || id.startsWith(`${rule}-`));
    if (!known) wrong(`There is no rule or family "${rule}" to exclude`);
    if (reason.trim() === "") wrong(`The exclusion of "${rule}" gives no reason`);
  }
}
