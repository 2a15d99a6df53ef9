import { type Static, Type } from "@sinclair/typebox";

/** A limit on the operational emissions of a calendar period (UTC). */
export const BudgetSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 63, description: "Unique name" }),
    limitGramsCo2e: Type.Number({ exclusiveMinimum: 0, description: "Allowed in one period, gCO2e" }),
    period: Type.Union([Type.Literal("day"), Type.Literal("week"), Type.Literal("month"), Type.Literal("year")], {
      default: "month",
      description: "Calendar period, UTC; weeks begin on Monday",
    }),
    tenant: Type.Optional(Type.String({ minLength: 1, description: "Only of this tenant" })),
    workload: Type.Optional(Type.String({ minLength: 1, description: "Only of this workload" })),
    region: Type.Optional(Type.String({ minLength: 1, description: "Only of this region" })),
    percents: Type.Array(Type.Number({ exclusiveMinimum: 0 }), {
      default: [50, 80, 100],
      description: "Lines, in percent of the limit; each is reported once in a period",
    }),
  },
  { additionalProperties: false },
);
export type Budget = Static<typeof BudgetSchema>;

const DAY = 86_400_000;

/** The calendar period around a time, ms since the epoch. */
export function periodOf(period: Budget["period"], now: number): { start: number; end: number } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (period === "year") return { start: Date.UTC(year, 0), end: Date.UTC(year + 1, 0) };
  if (period === "month") return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
  const midnight = Date.UTC(year, month, date.getUTCDate());
  if (period === "day") return { start: midnight, end: midnight + DAY };
  const start = midnight - ((date.getUTCDay() + 6) % 7) * DAY;
  return { start, end: start + 7 * DAY };
}

/** The lines that usage has passed and that were not reported yet in this period, lowest first. */
export function linesPassed(budget: Budget, usedGrams: number, reported: readonly number[]): number[] {
  return [...new Set(budget.percents)]
    .filter((percent) => usedGrams >= (budget.limitGramsCo2e * percent) / 100 && !reported.includes(percent))
    .sort((a, b) => a - b);
}
