import { FeedFault } from "./feed";

/** Reading of untrusted answers. Each throws FeedFault naming the field that is not as documented. */

export function objectOf(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected(field, "an object");
  return value as Record<string, unknown>;
}

export function arrayOf(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value)) throw unexpected(field, "an array");
  return value;
}

export function textOf(value: unknown, field: string): string {
  if (typeof value !== "string" || value === "") throw unexpected(field, "a text");
  return value;
}

/** NaN and infinities pass: the judge names them. */
export function numberOf(value: unknown, field: string): number {
  if (typeof value !== "number") throw unexpected(field, "a number");
  return value;
}

/** ISO 8601 with a zone, to ms since epoch. Without a zone it would mean another time on another machine. */
export function timeOf(value: unknown, field: string): number {
  const text = textOf(value, field);
  const time = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw unexpected(field, "a time with its zone");
  return time;
}

function unexpected(field: string, what: string): FeedFault {
  return new FeedFault(`answered in another shape than documented: ${field} must be ${what}`);
}
