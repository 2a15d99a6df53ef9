import { type EventView, type FieldValue, fold } from "./view";

/** What a rule asks of one field. */
export interface ValueTest {
  /** In words, for explanations: `contains "x"`. */
  readonly says: string;
  holds(value: FieldValue, view: EventView): boolean;
  /** A text without which no value passes; what the index of rules is made from. Lower case. */
  readonly literal?: { readonly kind: "exact" | "part"; readonly text: string };
  /** How to find values that pass and that just do not: for a rule's proof of itself. */
  readonly shape: Shape;
}

export type Shape =
  | { kind: "pattern"; pattern: readonly (string | 0 | 1)[] }
  | { kind: "regex"; source: string; flags: string }
  | { kind: "cidr"; range: string }
  | { kind: "compare"; operator: Comparison; than: number }
  | { kind: "exists"; wanted: boolean }
  | { kind: "null" }
  | { kind: "reference"; field: string; before: boolean; after: boolean }
  | { kind: "time"; part: TimePart; operator: Comparison | "eq"; than: number };

export type Comparison = "lt" | "lte" | "gt" | "gte";
export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

/** A rule's detection as a tree; `field` is null where the whole event's text is searched. */
export type Tree =
  | { kind: "and" | "or"; of: readonly Tree[] }
  | { kind: "not"; of: Tree }
  | { kind: "test"; field: string | null; test: ValueTest };

export function holds(tree: Tree, view: EventView): boolean {
  switch (tree.kind) {
    case "and":
      for (const child of tree.of) if (!holds(child, view)) return false;
      return true;
    case "or":
      for (const child of tree.of) if (holds(child, view)) return true;
      return false;
    case "not":
      return !holds(tree.of, view);
    case "test":
      return tree.field === null
        ? tree.test.holds(wholeText(view), view)
        : tree.test.holds(view.field(tree.field), view);
  }
}

const texts = new WeakMap<EventView, FieldValue>();

function wholeText(view: EventView): FieldValue {
  let value = texts.get(view);
  if (value === undefined) {
    const text = view.text();
    value = { present: true, isNull: false, texts: [text], lower: [fold(text)] };
    texts.set(view, value);
  }
  return value;
}

export function all(of: readonly Tree[]): Tree {
  return of.length === 1 ? of[0]! : { kind: "and", of };
}

export function any(of: readonly Tree[]): Tree {
  return of.length === 1 ? of[0]! : { kind: "or", of };
}
