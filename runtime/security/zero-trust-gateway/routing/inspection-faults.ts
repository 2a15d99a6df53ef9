import type { FieldFault } from "../../../exports";
import { GRAMMAR_RULES } from "../../../kernel/http-inspection/grammar/grammar";
import { RULES } from "../../../kernel/http-inspection/rules/all";
import { namesRule } from "../inspection/route-rules";
import { nearest } from "./nearest";
import type { Route } from "./route";

const IDS: readonly string[] = [...RULES.map(({ id }) => id), ...GRAMMAR_RULES];
/** Every id, and every beginning of one that ends before a hyphen. */
const NAMES = new Set(
  IDS.flatMap((id) => {
    const words = id.split("-");
    return words.map((_, index) => words.slice(0, index + 1).join("-"));
  }),
);

/** Exclusions of rules that there are not. */
export function unknownRules({ inspection }: Route, at: string): FieldFault[] {
  return inspection.exclusions.flatMap(({ rules }, index) =>
    rules.flatMap((rule, place) => {
      if (IDS.some((id) => namesRule(rule, id))) return [];
      const field = `${at}/exclusions/${String(index)}/rules/${String(place)}`;
      return [{ field, message: `names no rule or class "${rule}"; the nearest is "${nearest(rule, NAMES)}"` }];
    }),
  );
}

/** Exclusions that expire on no day. */
export function expiryFaults({ inspection }: Route, at: string): FieldFault[] {
  return inspection.exclusions.flatMap(({ expires }, index) => {
    if (expires === undefined || isDay(expires)) return [];
    return [
      {
        field: `${at}/exclusions/${String(index)}/expires`,
        message: `must be a day that there is, not ${expires}`,
      },
    ];
  });
}

/** Date.parse takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text.slice(0, 10);
}
