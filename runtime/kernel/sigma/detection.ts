import { parseCondition } from "./condition";
import { at, invalid, type Place, unsupported } from "./faults";
import { type Placeholders, readModifiers, type Scalar, testsOf } from "./modifiers";
import { surrounded } from "./pattern";
import { patternTest } from "./tests";
import { all, any, type Tree, type ValueTest } from "./tree";

const MAX_VALUES = 20_000;

/** The tree of a `detection`, or of a filter: search identifiers and one condition or several, of which any will do. */
export function detectionTree(detection: Readonly<Record<string, unknown>>, placeholders: Placeholders, place: Place) {
  const { condition, timeframe, ...definitions } = detection;
  if (timeframe !== undefined) {
    throw unsupported(at(place, "timeframe"), "it left Sigma with version 2; write a correlation rule");
  }
  const searches = new Map<string, Tree>();
  const budget = { values: MAX_VALUES };
  for (const [name, definition] of Object.entries(definitions)) {
    searches.set(name, search(definition, placeholders, at(place, name), budget));
  }
  if (searches.size === 0) throw invalid(place, "there is no search identifier");
  const conditions = Array.isArray(condition) ? (condition as string[]) : [condition as string];
  return any(conditions.map((text) => parseCondition(text, searches, at(place, "condition"))));
}

type Budget = { values: number };

function search(definition: unknown, placeholders: Placeholders, place: Place, budget: Budget): Tree {
  if (Array.isArray(definition)) {
    if (definition.length === 0) throw invalid(place, "the list is empty");
    return any(
      definition.map((item: unknown, index) =>
        isMap(item)
          ? search(item, placeholders, at(place, String(index)), budget)
          : valuesTree(null, [], [scalar(item, place)], placeholders, place, budget),
      ),
    );
  }
  if (!isMap(definition)) throw invalid(place, "a search identifier is a list or a map");
  const items = Object.entries(definition);
  if (items.length === 0) throw invalid(place, "the map is empty");
  return all(
    items.map(([key, value]) => {
      const [field = "", ...modifiers] = key.split("|");
      const where = at(place, key);
      const values = Array.isArray(value) ? (value as unknown[]) : [value];
      if (values.length === 0) throw invalid(where, "the list of values is empty");
      if (values.length > 1 && values.includes(null)) {
        throw invalid(where, "null is a type of its own and no part of a list; make it a search identifier of its own");
      }
      const scalars = values.map((item) => scalar(item, where));
      return valuesTree(field === "" ? null : field, modifiers, scalars, placeholders, where, budget);
    }),
  );
}

function valuesTree(
  field: string | null,
  names: readonly string[],
  values: readonly Scalar[],
  placeholders: Placeholders,
  place: Place,
  budget: Budget,
): Tree {
  budget.values -= values.length;
  if (budget.values < 0) throw unsupported(place, `the rule has more than ${MAX_VALUES} values`);
  const modifiers = readModifiers(names, place);
  if (modifiers.all && values.length === 1) throw invalid(place, `"all" takes a list of several values`);
  const trees = values.map((value) =>
    any(
      testsOf(value, modifiers, placeholders, place).map((test): Tree => ({
        kind: "test",
        field,
        test: field === null ? anywhere(test, modifiers.names, place) : test,
      })),
    ),
  );
  const linked = modifiers.all ? all(trees) : any(trees);
  return modifiers.negated ? { kind: "not", of: linked } : linked;
}

/** A keyword is looked for in the whole message, so it needs no wildcards around it. */
function anywhere(test: ValueTest, names: readonly string[], place: Place): ValueTest {
  if (test.shape.kind === "regex") return test;
  if (test.shape.kind !== "pattern") throw invalid(place, `a keyword is a text, not one that ${test.says}`);
  if (test.shape.pattern.length === 0) throw invalid(place, "a keyword is not empty");
  return patternTest(surrounded(test.shape.pattern, true, true), {
    cased: names.includes("cased"),
    dashes: names.includes("windash"),
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function scalar(value: unknown, place: Place): Scalar {
  if (value === null || ["string", "number", "bigint", "boolean"].includes(typeof value)) return value as Scalar;
  throw invalid(place, "a value is a text, a number, true, false or null");
}
