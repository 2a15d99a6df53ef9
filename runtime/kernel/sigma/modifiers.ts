import { base64Offsets, dashPermutations, type Utf16, utf16 } from "./encodings";
import { invalid, type Place, unsupported } from "./faults";
import { literalPattern, parsePattern, type Pattern, plainText, surrounded } from "./pattern";
import { cidrTest, compareTest, existsTest, NULL_TEST, patternTest, referenceTest, regexTest, timeTest } from "./tests";
import type { Comparison, TimePart, ValueTest } from "./tree";

export type Scalar = string | number | bigint | boolean | null;

/** Values that stand for a placeholder's name, without its percent signs. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

const COMPARISONS: readonly string[] = ["lt", "lte", "gt", "gte"] satisfies Comparison[];
const PARTS = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
} as const satisfies Record<TimePart, readonly [number, number]>;
const POSITIONS: readonly string[] = ["contains", "startswith", "endswith"];
const ENCODINGS: readonly string[] = ["base64", "base64offset", "utf16", "utf16le", "utf16be", "wide"];
const TYPES: readonly string[] = ["re", "cidr", "exists", "fieldref", ...COMPARISONS, ...Object.keys(PARTS)];
const KNOWN = new Set([
  ...TYPES,
  ...POSITIONS,
  ...ENCODINGS,
  "all",
  "cased",
  "neq",
  "windash",
  "expand",
  "i",
  "m",
  "s",
]);
const MAX_EXPANSION = 3125;
const MAX_REGEX = 4096;

/** What stands behind a field's name: `|re|i`, `|contains|all`. */
export interface Modifiers {
  readonly names: readonly string[];
  /** Linked by AND instead of OR. */
  readonly all: boolean;
  /** None of the values. */
  readonly negated: boolean;
}

export function readModifiers(names: readonly string[], place: Place): Modifiers {
  const seen = new Set<string>();
  for (const name of names) {
    if (!KNOWN.has(name)) throw invalid(place, `"${name}" is not a modifier of Sigma 2.1.0`);
    if (seen.has(name)) throw invalid(place, `modifier "${name}" stands there twice`);
    seen.add(name);
  }
  for (const flag of ["i", "m", "s"]) {
    if (seen.has(flag) && !seen.has("re")) throw invalid(place, `"${flag}" is a flag of the modifier "re"`);
  }
  const types = names.filter((name) => TYPES.includes(name));
  const timed = types.some((name) => name in PARTS) && types.some((name) => COMPARISONS.includes(name));
  if (types.length > (timed ? 2 : 1)) throw invalid(place, `modifiers ${types.join(" and ")} exclude each other`);
  const allowed = types.includes("fieldref") ? [...POSITIONS, "cased"] : types.includes("cidr") ? ["expand"] : [];
  if (types.includes("re")) allowed.push("i", "m", "s");
  for (const name of names) {
    if (types.length > 0 && !types.includes(name) && ![...allowed, "all", "neq"].includes(name)) {
      throw invalid(place, `modifier "${name}" does not go with "${types.join("|")}"`);
    }
  }
  return { names, all: seen.has("all"), negated: seen.has("neq") };
}

/** The tests that one value of a rule comes to; it passes where any of them does. */
export function testsOf(value: Scalar, modifiers: Modifiers, placeholders: Placeholders, place: Place): ValueTest[] {
  const has = (name: string): boolean => modifiers.names.includes(name);
  if (value === null) {
    const others = modifiers.names.filter((name) => name !== "neq");
    if (others.length > 0) throw invalid(place, `null goes with no modifier but "neq", not "${others.join("|")}"`);
    return [NULL_TEST];
  }
  if (has("exists")) {
    if (typeof value !== "boolean") throw invalid(place, `"exists" takes true or false, not ${show(value)}`);
    return [existsTest(value)];
  }
  const comparison = modifiers.names.find((name): name is Comparison => COMPARISONS.includes(name));
  const part = modifiers.names.find((name): name is TimePart => name in PARTS);
  if (part) return [timeTest(part, comparison ?? "eq", partNumber(part, value, place))];
  if (comparison) {
    if (typeof value !== "number") throw invalid(place, `"${comparison}" takes a number, not ${show(value)}`);
    return [compareTest(comparison, value)];
  }
  const text = String(value);
  if (has("re")) return [regex(text, modifiers.names.filter((name) => "ims".includes(name)).join(""), place)];
  if (has("fieldref")) {
    if (typeof value !== "string" || text === "") throw invalid(place, `"fieldref" takes the name of a field`);
    const before = has("contains") || has("endswith");
    return [referenceTest(text, { before, after: has("contains") || has("startswith"), cased: has("cased") })];
  }
  const texts = has("expand") ? expanded(text, placeholders, place) : [text];
  if (has("cidr")) {
    return texts.map((range) => {
      const test = cidrTest(range);
      if (!test) throw invalid(place, `${show(range)} is no CIDR range such as 10.0.0.0/8 or 2001:db8::/32`);
      return test;
    });
  }
  return texts.flatMap((expansion) => patternTests(expansion, modifiers.names, place));
}

/** A value on its way through the modifiers: text with wildcards, or bytes. */
type Draft = { pattern: Pattern } | { bytes: Buffer };

function patternTests(text: string, names: readonly string[], place: Place): ValueTest[] {
  const cased = names.includes("cased");
  let drafts: Draft[] = [{ pattern: parsePattern(text) }];
  let dashes = false;
  for (const name of names) {
    if (name === "windash") dashes = true;
    else if (POSITIONS.includes(name)) {
      const after = name !== "endswith";
      drafts = drafts.map((draft) => ({ pattern: surrounded(patternOf(draft), name !== "startswith", after) }));
    } else if (ENCODINGS.includes(name)) {
      if (dashes) drafts = drafts.flatMap((draft) => permuted(draft, place));
      dashes = false;
      drafts = drafts.flatMap((draft) => encoded(draft, name, place));
    }
  }
  return drafts.map((draft) => patternTest(patternOf(draft), { cased, dashes }));
}

function encoded(draft: Draft, name: string, place: Place): Draft[] {
  if (name === "base64" || name === "base64offset") {
    const bytes = "bytes" in draft ? draft.bytes : Buffer.from(plain(draft.pattern, name, place), "utf8");
    const forms = name === "base64" ? [bytes.toString("base64")] : base64Offsets(bytes);
    return forms.map((form) => ({ pattern: literalPattern(form) }));
  }
  if ("bytes" in draft) throw invalid(place, `"${name}" takes text, and what is before it made bytes`);
  return [{ bytes: utf16(plain(draft.pattern, name, place), name as Utf16) }];
}

function permuted(draft: Draft, place: Place): Draft[] {
  const texts = dashPermutations(plain(patternOf(draft), "windash", place), MAX_EXPANSION);
  if (!texts) throw unsupported(place, `"windash" before an encoding makes more than ${MAX_EXPANSION} texts`);
  return texts.map((text) => ({ pattern: literalPattern(text) }));
}

function patternOf(draft: Draft): Pattern {
  return "pattern" in draft ? draft.pattern : literalPattern(draft.bytes.toString("latin1"));
}

function plain(pattern: Pattern, name: string, place: Place): string {
  const text = plainText(pattern);
  if (text === undefined) throw invalid(place, `"${name}" takes a text without wildcards`);
  return text;
}

function regex(source: string, flags: string, place: Place): ValueTest {
  if (source.length > MAX_REGEX) throw unsupported(place, `the expression is longer than ${MAX_REGEX} characters`);
  try {
    return regexTest(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unsupported(place, `the expression cannot be matched in linear time, or is none: ${reason}`, error);
  }
}

function partNumber(part: TimePart, value: Scalar, place: Place): number {
  const [from, to] = PARTS[part];
  if (typeof value !== "number" || !Number.isInteger(value) || value < from || value > to) {
    throw invalid(place, `"${part}" takes a whole number from ${from} to ${to}, not ${show(value)}`);
  }
  return value;
}

/** Every combination of the placeholders' values; `\%` is a percent sign. */
function expanded(text: string, placeholders: Placeholders, place: Place): string[] {
  let texts = [""];
  for (const [piece, name] of text.matchAll(/\\%|%([^%\\\s]+)%|[^\\%]+|[\\%]/g)) {
    if (name === undefined) {
      texts = texts.map((before) => before + (piece === "\\%" ? "%" : piece));
      continue;
    }
    const values = Object.hasOwn(placeholders, name) ? placeholders[name]! : [];
    if (values.length === 0) throw unsupported(place, `the placeholder %${name}% has no values; configure some`);
    if (texts.length * values.length > MAX_EXPANSION) {
      throw unsupported(place, `the placeholders make more than ${MAX_EXPANSION} values`);
    }
    texts = texts.flatMap((before) => values.map((value) => before + value));
  }
  return texts;
}

function show(value: Scalar): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
