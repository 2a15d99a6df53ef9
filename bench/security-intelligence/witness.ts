import { isIP } from "node:net";
import type { CompiledRule } from "../../runtime/kernel/sigma/rule";
import type { Tree, ValueTest } from "../../runtime/kernel/sigma/tree";
import { EventView } from "../../runtime/kernel/sigma/view";
import { exampleOf } from "./example-of";

/** An event that a rule is about, and events that are almost so. */
export interface Witness {
  positive: Record<string, unknown>;
  nearMisses: Record<string, unknown>[];
}

interface Demand {
  field: string | null;
  test: ValueTest;
  wanted: boolean;
}

const MAX_ATTEMPTS = 2000;
const MAX_CONTRARY = 8;
const MESSAGE = "message";

/** Finds, from the rule's own detection, an event that it fires on, and what it takes to make it just miss; undefined where it finds none. */
export function witnessOf(rule: CompiledRule): Witness | undefined {
  let attempts = 0;
  for (const demands of ways(rule.tree, true)) {
    if (++attempts > MAX_ATTEMPTS) return undefined;
    const positive = eventFor(demands);
    if (!positive || !rule.matches(positive)) continue;
    const near = [...mutations(positive), ...contrary(rule.tree, positive)];
    return { positive, nearMisses: near.filter((event) => !rule.matches(event)) };
  }
  return undefined;
}

/** The ways to make a tree hold, or not hold. */
function* ways(tree: Tree, wanted: boolean): Generator<Demand[]> {
  if (tree.kind === "test") yield [{ field: tree.field, test: tree.test, wanted }];
  else if (tree.kind === "not") yield* ways(tree.of, !wanted);
  else if ((tree.kind === "and") === wanted) yield* together(tree.of, wanted);
  else for (const child of tree.of) yield* ways(child, wanted);
}

function* together(trees: readonly Tree[], wanted: boolean): Generator<Demand[]> {
  const [first, ...rest] = trees;
  if (!first) {
    yield [];
    return;
  }
  for (const one of ways(first, wanted)) for (const others of together(rest, wanted)) yield [...one, ...others];
}

function eventFor(demands: readonly Demand[]): Record<string, unknown> | undefined {
  const event: Record<string, unknown> = {};
  const byField = Map.groupBy(demands, ({ field }) => field);
  for (const { test, wanted } of demands) {
    if (test.shape.kind === "reference" && wanted && !byField.has(test.shape.field)) event[test.shape.field] = "same";
  }
  for (const [field, mine] of byField) {
    const name = field ?? MESSAGE;
    const found = candidates(mine, event).find((value) => {
      const attempt = value === undefined ? { ...event } : { ...event, [name]: value };
      const view = new EventView(attempt);
      const seen = field === null ? new EventView({ [name]: view.text() }).field(name) : view.field(name);
      return mine.every(({ test, wanted }) => test.holds(seen, view) === wanted);
    });
    if (found === undefined && !mine.every(({ wanted, test }) => !wanted || isAbsence(test))) return undefined;
    if (found !== undefined) event[name] = found;
  }
  return event;
}

function isAbsence({ shape }: ValueTest): boolean {
  return shape.kind === "null" || (shape.kind === "exists" && !shape.wanted);
}

/** The event with what some part of the rule must not find, for rules that are all exceptions. */
function contrary(tree: Tree, positive: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  for (const demands of ways(tree, false)) {
    const event = eventFor(demands);
    if (event) events.push({ ...positive, ...event });
    if (events.length >= MAX_CONTRARY) break;
  }
  return events;
}

/** Values worth trying, the plainest first. */
function candidates(demands: readonly Demand[], event: Readonly<Record<string, unknown>>): unknown[] {
  const wanted = demands.filter((demand) => demand.wanted).map(({ test }) => test);
  const all = demands.map(({ test }) => test);
  const each = wanted.map((test) => own(test, event));
  const composed = compositions(wanted);
  const numbers = all.flatMap(({ shape }) =>
    shape.kind === "compare" ? [shape.than, shape.than + 1, shape.than - 1, shape.than + 0.5] : [],
  );
  const dates = all.some(({ shape }) => shape.kind === "time") ? everyDate() : [];
  return [
    ...(wanted.length === 0 || wanted.some(isAbsence) ? [undefined] : []),
    ...composed,
    ...each.flat(),
    ...numbers,
    ...dates,
    ...(each.length > 1 ? [each.map(([first]) => first).filter((value) => value !== undefined)] : []),
    "something else",
    0,
    "",
    null,
  ];
}

/** Values for one test alone. */
function own({ shape }: ValueTest, event: Readonly<Record<string, unknown>>): unknown[] {
  switch (shape.kind) {
    case "pattern":
      return ["", "x", "other"].map((fill) => written(shape.pattern, fill));
    case "regex": {
      const example = exampleOf(shape.source);
      return example === undefined ? [] : [example, example.toUpperCase(), `x${example}`, `${example}x`];
    }
    case "cidr": {
      const [address = ""] = shape.range.split("/");
      return [address, isIP(address) === 4 ? address.replace(/\d+$/, "1") : `${address.replace(/:+$/, "")}::1`];
    }
    case "exists":
      return shape.wanted ? ["present"] : [undefined];
    case "reference":
      return [event[shape.field] ?? "same"];
    case "compare":
    case "time":
    case "null":
      return []; // among the candidates for all
  }
}

/** One text for several patterns: what begins it, what is in it, what ends it. */
function compositions(tests: readonly ValueTest[]): string[] {
  const patterns = tests.flatMap(({ shape }) => (shape.kind === "pattern" ? [shape.pattern] : []));
  const regexes = tests.flatMap(({ shape }) => (shape.kind === "regex" ? [exampleOf(shape.source) ?? ""] : []));
  if (patterns.length + regexes.length < 2) return [];
  const open = (token: unknown): boolean => token === 0;
  const starts = patterns.filter((pattern) => !open(pattern[0]));
  const ends = patterns.filter((pattern) => open(pattern[0]) && !open(pattern.at(-1)));
  const within = patterns.filter((pattern) => open(pattern[0]) && open(pattern.at(-1)));
  return ["", " ", "x"].flatMap((fill) => {
    const parts = [starts, within, ends].map((some) => some.map((pattern) => written(pattern, fill)));
    return [
      [...parts[0]!, ...parts[1]!, ...regexes, ...parts[2]!],
      [...parts[0]!, ...regexes, ...parts[1]!.toReversed(), ...parts[2]!],
    ].map((all) => all.join(fill));
  });
}

function written(pattern: readonly (string | 0 | 1)[], fill: string): string {
  return pattern.map((token) => (typeof token === "string" ? token : token === 1 ? "x" : fill)).join("");
}

function everyDate(): string[] {
  const dates: string[] = [];
  for (let day = 0; day < 366; day++) {
    const date = new Date(Date.UTC(2026, 0, 1 + day, day % 24, (day * 7) % 60)).toISOString();
    dates.push(date);
  }
  for (let minute = 0; minute < 1440; minute++) dates.push(new Date(Date.UTC(2026, 5, 15, 0, minute)).toISOString());
  return dates;
}

/** The event with one thing changed: a field gone, a character other, a number beside it. */
function mutations(event: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  return Object.entries(event).flatMap(([field, value]) => {
    const { [field]: _, ...without } = event;
    const changed: unknown[] = [];
    if (typeof value === "number") changed.push(value + 1, value - 1, -value - 1000, value + 1000);
    if (typeof value === "string" && value.length > 0) {
      const middle = value.length >> 1;
      for (const at of new Set([0, middle, value.length - 1])) {
        changed.push(`${value.slice(0, at)}\u0001${value.slice(at + 1)}`);
      }
      changed.push(value.slice(1), value.slice(0, -1), "");
    }
    if (Array.isArray(value)) changed.push(value.slice(1), value.slice(0, -1));
    return [without, ...changed.map((other) => ({ ...event, [field]: other }))];
  });
}
