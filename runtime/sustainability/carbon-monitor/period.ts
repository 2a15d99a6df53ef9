import { Type } from "@sinclair/typebox";
import { MnoError } from "../../exports";

const DAY_MILLISECONDS = 86_400_000;

export const PeriodQuery = {
  from: Type.Optional(
    Type.String({
      format: "date-time",
      description: "RFC 3339; records that begin then or later; default a day before `to`",
    }),
  ),
  to: Type.Optional(
    Type.String({ format: "date-time", description: "RFC 3339; records that begin before; default now" }),
  ),
};

/** The period asked for, ms since the epoch. Errors: MNO_REQUEST_INVALID where it is empty. */
export function periodAsked(query: { from?: string; to?: string }, now: number): { from: number; to: number } {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - DAY_MILLISECONDS : Date.parse(query.from);
  if (from < to) return { from, to };
  const message = "must be before `to`";
  throw new MnoError("MNO_REQUEST_INVALID", `querystring/from ${message}`, {
    faults: [{ field: "querystring/from", message }],
  });
}
