import type { SigmaDocument, SigmaLevel } from "../document";
import { at, invalid, type Place, unsupported } from "../faults";
import type { CORRELATION_TYPES } from "../schemas";

export type CorrelationType = (typeof CORRELATION_TYPES)[number];
export type BoundOperator = "gt" | "gte" | "lt" | "lte" | "eq" | "neq";

export interface Bound {
  readonly operator: BoundOperator;
  readonly than: number;
}

/** A correlation rule, checked. */
export interface Correlation {
  readonly id: string;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly level: SigmaLevel;
  readonly tags: readonly string[];
  readonly type: CorrelationType;
  /** Ids or names of rules and correlations, in the order in which `temporal_ordered` wants them. */
  readonly rules: readonly string[];
  readonly groupBy: readonly string[];
  /** Alias -> name of the rule -> field. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly timespanMilliseconds: number;
  readonly bounds: readonly Bound[];
  /** Whose values are counted or added. */
  readonly fields: readonly string[];
  /** Of value_percentile: which percentile of the values is compared; else the share of each value is. */
  readonly percentile: number | undefined;
  /** Whether the rules that it refers to speak for themselves, too. */
  readonly generate: boolean;
  readonly place: Place;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const OPERATORS = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
/** Events of one group that are kept; a condition that needs more is refused. */
export const MAX_GROUP_EVENTS = 65_536;

export function defineCorrelation(document: Extract<SigmaDocument, { kind: "correlation" }>): Correlation {
  const { body, id, place } = document;
  const { correlation } = body;
  const type = correlation.type as CorrelationType;
  const where = at(place, "correlation");
  const condition = correlation.condition ?? {};
  const bounds: Bound[] = OPERATORS.filter((operator) => condition[operator] !== undefined).map((operator) => ({
    operator,
    than: condition[operator]!,
  }));
  const rules = listOf(correlation.rules);
  const fields = condition.field === undefined ? [] : listOf(condition.field);
  const temporal = type === "temporal" || type === "temporal_ordered";
  if (correlation["group-by"] === undefined) throw invalid(where, `"${type}" needs group-by`);
  if (!temporal && bounds.length === 0)
    throw invalid(at(where, "condition"), `"${type}" needs gt, gte, lt, lte, eq or neq`);
  if (type.startsWith("value_") !== fields.length > 0) {
    throw invalid(at(where, "condition"), `"${type}" ${fields.length > 0 ? "has no" : "needs a"} field`);
  }
  if (type !== "value_count" && fields.length > 1) {
    throw invalid(at(where, "condition.field"), `"${type}" is of one field; only value_count combines several`);
  }
  if (condition.percentile !== undefined && type !== "value_percentile") {
    throw invalid(at(where, "condition"), `only value_percentile has a percentile`);
  }
  checkBounds(type, bounds, rules.length, at(where, "condition"));
  return {
    id,
    name: body.name,
    title: body.title,
    description: body.description ?? "",
    level: (body.level ?? "medium") as SigmaLevel,
    tags: body.tags ?? [],
    type,
    rules,
    groupBy: listOf(correlation["group-by"]),
    aliases: aliasesOf(correlation.aliases, rules, where),
    timespanMilliseconds: timespan(correlation.timespan, at(where, "timespan")),
    bounds: temporal && bounds.length === 0 ? [{ operator: "gte", than: rules.length }] : bounds,
    fields,
    percentile: condition.percentile,
    generate: correlation.generate ?? body.generate ?? false,
    place,
  };
}

function checkBounds(type: CorrelationType, bounds: readonly Bound[], rules: number, place: Place): void {
  if (type === "temporal_ordered") {
    const whole = bounds.every(({ operator, than }) => (operator === "gte" || operator === "eq") && than === rules);
    if (!whole) throw unsupported(place, "temporal_ordered is of all its rules; a part of an order is not defined");
  }
  if (type !== "event_count" && type !== "value_count") return;
  const most = bounds.find(({ than }) => than >= MAX_GROUP_EVENTS);
  if (most)
    throw unsupported(place, `a count of ${most.than} is more than ${MAX_GROUP_EVENTS} events of a group are kept`);
}

const MAX_TIMESPAN = 30 * UNITS.d!;

function timespan(text: string, place: Place): number {
  const milliseconds = Number(text.slice(0, -1)) * UNITS[text.at(-1)!]!;
  if (milliseconds > MAX_TIMESPAN) throw unsupported(place, `more than 30 days are not kept in memory`);
  return milliseconds;
}

function aliasesOf(
  aliases: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined,
  rules: readonly string[],
  place: Place,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(
    Object.entries(aliases ?? {}).map(([alias, fields]) => {
      for (const rule of Object.keys(fields)) {
        if (!rules.includes(rule)) throw invalid(at(place, `aliases.${alias}`), `"${rule}" is none of the rules`);
      }
      return [alias, new Map(Object.entries(fields))];
    }),
  );
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

export function within(value: number, bounds: readonly Bound[]): boolean {
  return bounds.every(({ operator, than }) => {
    switch (operator) {
      case "gt":
        return value > than;
      case "gte":
        return value >= than;
      case "lt":
        return value < than;
      case "lte":
        return value <= than;
      case "eq":
        return value === than;
      case "neq":
        return value !== than;
    }
  });
}
