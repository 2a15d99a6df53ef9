import { BlockList, isIP } from "node:net";
import { RE2JS } from "re2js";
import { literalBetweenDashes, undashed } from "./encodings";
import { regexLiteral } from "./regex-literal";
import { mapLiterals, type Pattern, patternMatcher, plainText } from "./pattern";
import type { Comparison, TimePart, ValueTest } from "./tree";
import { type FieldValue, fold } from "./view";

/** Some value is of the pattern. */
export function patternTest(pattern: Pattern, { cased, dashes }: { cased: boolean; dashes: boolean }): ValueTest {
  const insensitive = cased ? pattern : mapLiterals(pattern, fold);
  const matches = patternMatcher(dashes ? mapLiterals(insensitive, undashed) : insensitive);
  const literal = literalOf(mapLiterals(pattern, fold), dashes);
  return {
    says: `is ${JSON.stringify(written(pattern))}${cased ? ", case-sensitively" : ""}${dashes ? ", dashes alike" : ""}`,
    holds: (value) => {
      for (const text of cased ? value.texts : value.lower) if (matches(dashes ? undashed(text) : text)) return true;
      return false;
    },
    ...(literal && { literal }),
    shape: { kind: "pattern", pattern },
  };
}

/** Some value holds a match of the expression, which re2js finds in time linear in the value. */
export function regexTest(source: string, flags: string): ValueTest {
  const bits =
    (flags.includes("i") ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes("m") ? RE2JS.MULTILINE : 0) |
    (flags.includes("s") ? RE2JS.DOTALL : 0);
  const expression = RE2JS.compile(source, bits);
  const literal = regexLiteral(source, flags.includes("i"));
  return {
    says: `matches /${source}/${flags}`,
    holds: (value) => value.texts.some((text) => expression.test(text)),
    ...(literal !== undefined && { literal: { kind: "part" as const, text: fold(literal) } }),
    shape: { kind: "regex", source, flags },
  };
}

/** Some value is an address of the range. */
export function cidrTest(range: string): ValueTest | undefined {
  const [address = "", length = "", ...rest] = range.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > (family === 4 ? 32 : 128)) {
    return undefined;
  }
  const list = new BlockList();
  list.addSubnet(address, Number(length), family === 4 ? "ipv4" : "ipv6");
  return {
    says: `is of ${range}`,
    holds: (value) =>
      value.texts.some((text) => {
        const of = isIP(text);
        return of !== 0 && list.check(text, of === 4 ? "ipv4" : "ipv6");
      }),
    shape: { kind: "cidr", range },
  };
}

export function compare(value: number, operator: Comparison | "eq", than: number): boolean {
  switch (operator) {
    case "lt":
      return value < than;
    case "lte":
      return value <= than;
    case "gt":
      return value > than;
    case "gte":
      return value >= than;
    case "eq":
      return value === than;
  }
}

/** Some value is a number that compares so. */
export function compareTest(operator: Comparison, than: number): ValueTest {
  return {
    says: `${operator} ${than}`,
    holds: (value) => value.texts.some((text) => text.trim() !== "" && compare(Number(text), operator, than)),
    shape: { kind: "compare", operator, than },
  };
}

/** Some value is a date whose part compares so. */
export function timeTest(part: TimePart, operator: Comparison | "eq", than: number): ValueTest {
  return {
    says: `${part} ${operator} ${than}`,
    holds: (value) =>
      value.texts.some((text) => {
        const found = timePart(text, part);
        return found !== undefined && compare(found, operator, than);
      }),
    shape: { kind: "time", part, operator, than },
  };
}

export function existsTest(wanted: boolean): ValueTest {
  return {
    says: wanted ? "is there" : "is not there",
    holds: (value) => value.present === wanted,
    shape: { kind: "exists", wanted },
  };
}

export const NULL_TEST: ValueTest = {
  says: "is null",
  holds: (value) => value.isNull,
  shape: { kind: "null" },
};

/** Some value is, begins with, ends with or contains some value of the other field. */
export function referenceTest(
  field: string,
  { before, after, cased }: { before: boolean; after: boolean; cased: boolean },
): ValueTest {
  const matches = (text: string, other: string): boolean => {
    if (before && after) return text.includes(other);
    if (before) return text.endsWith(other);
    return after ? text.startsWith(other) : text === other;
  };
  const of = (value: FieldValue): readonly string[] => (cased ? value.texts : value.lower);
  return {
    says: `refers to ${field}`,
    holds: (value, view) => {
      const others = of(view.field(field));
      return of(value).some((text) => others.some((other) => matches(text, other)));
    },
    shape: { kind: "reference", field, before, after },
  };
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/;
const EPOCH = /^\d{10}(?:\d{3})?$/;
const DAY = 86_400_000;

/**
 * The part of a date as it is written, whatever its time zone (Sigma 2.1.0: "not designed to handle timezone or format
 * conversions"); of seconds or milliseconds since 1970, in UTC. Weeks are those of ISO 8601.
 */
export function timePart(text: string, part: TimePart): number | undefined {
  const written = EPOCH.test(text) ? new Date(Number(text) * (text.length === 10 ? 1000 : 1)).toISOString() : text;
  const found = DATE.exec(written);
  if (!found) return undefined;
  const [year, month, day, hour, minute] = found.slice(1).map((digits) => (digits ? Number(digits) : undefined));
  switch (part) {
    case "year":
      return year;
    case "month":
      return month;
    case "day":
      return day;
    case "hour":
      return hour;
    case "minute":
      return minute;
    case "week":
      return isoWeek(year!, month!, day!);
  }
}

/** The week of the year's Thursdays that the day's week has its Thursday in. */
function isoWeek(year: number, month: number, day: number): number {
  const date = Date.UTC(year, month - 1, day);
  const thursday = date + (4 - (new Date(date).getUTCDay() || 7)) * DAY;
  return Math.floor((thursday - Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1)) / (7 * DAY)) + 1;
}

function literalOf(pattern: Pattern, dashes: boolean): ValueTest["literal"] {
  const plain = plainText(pattern);
  if (plain !== undefined && !dashes) return { kind: "exact", text: plain };
  let longest = "";
  for (const token of pattern) {
    if (typeof token !== "string") continue;
    const text = dashes ? literalBetweenDashes(token) : token;
    if (text.length > longest.length) longest = text;
  }
  return longest === "" ? undefined : { kind: "part", text: longest };
}

function written(pattern: Pattern): string {
  return pattern.map((token) => (typeof token === "string" ? token : token === 0 ? "*" : "?")).join("");
}
