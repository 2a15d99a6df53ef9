import * as fc from "fast-check";

/** Another reading of a part of Sigma, as plain as can be: values by regular expressions, conditions by hand. */
export interface Item {
  field: string;
  modifiers: string[];
  values: (string | number | null | boolean)[];
}

export interface Rule {
  /** Search identifiers s0, s1...: items joined by AND. */
  searches: Item[][];
  condition: string;
}

export function item(field: fc.Arbitrary<string>, word: fc.Arbitrary<string>): fc.Arbitrary<Item> {
  const text = (modifiers: string[], values: fc.Arbitrary<Item["values"]>) =>
    fc.record({ field, modifiers: fc.constant(modifiers), values });
  const one = word.map((value): Item["values"] => [value]);
  const some = fc.array(word, { minLength: 2, maxLength: 3 });
  return fc.oneof(
    text([], fc.oneof(one, some)),
    ...["contains", "startswith", "endswith"].flatMap((position) => [
      text([position], fc.oneof(one, some)),
      text([position, "all"], some),
      text([position, "cased"], one),
      text([position, "neq"], one),
    ]),
    text(["windash", "contains"], one),
    text(["neq"], fc.oneof(one, some)),
    text(["cased"], one),
    text([], fc.constant([null])),
    text(
      ["exists"],
      fc.boolean().map((value) => [value]),
    ),
    ...["lt", "lte", "gt", "gte"].map((operator) =>
      text(
        [operator],
        fc.integer({ min: -5, max: 20 }).map((value) => [value]),
      ),
    ),
    text(
      ["hour"],
      fc.integer({ min: 0, max: 23 }).map((value) => [value]),
    ),
    text(
      ["cidr"],
      fc.constantFrom("10.0.0.0/8", "10.1.2.3/32", "192.168.0.0/16").map((value) => [value]),
    ),
    text(
      ["re"],
      fc.constantFrom("^foo", "ba[rz]$", "a.b", "x").map((value) => [value]),
    ),
    text(
      ["re", "i"],
      fc.constantFrom("^FOO", "BAR").map((value) => [value]),
    ),
  );
}

export function textOf({ searches, condition }: Rule, title: string): string {
  const detection: Record<string, unknown> = Object.fromEntries(
    searches.map((items, index) => [
      `s${index}`,
      // A field may come twice in one search identifier only in maps of a list, which would be OR: keep the first.
      Object.fromEntries(
        firsts(items).map(({ field, modifiers, values }) => [
          [field, ...modifiers].join("|"),
          values.length === 1 ? values[0] : values,
        ]),
      ),
    ]),
  );
  return JSON.stringify({ title, logsource: { product: "x" }, detection: { ...detection, condition } });
}

export function oracle({ searches, condition }: Rule, event: object): boolean {
  const found = searches.map((items) => firsts(items).every((one) => itemHolds(one, event)));
  switch (condition) {
    case "1 of s*":
      return found.includes(true);
    case "all of s*":
      return !found.includes(false);
    case "s0":
      return found[0]!;
    case "not s0":
      return !found[0]!;
    case "s0 or not s0":
      return true;
    default:
      return !found.includes(true);
  }
}

function firsts(items: readonly Item[]): Item[] {
  return [...new Map(items.toReversed().map((one) => [[one.field, ...one.modifiers].join("|"), one])).values()];
}

function itemHolds({ field, modifiers, values }: Item, event: object): boolean {
  const present: { value: unknown } | undefined = look(event, field.split("."));
  const all = [present?.value]
    .flat()
    .filter((value): value is string | number | boolean => value !== null && value !== undefined);
  const each = (value: Item["values"][number]): boolean => {
    if (value === null) return present === undefined || (all.length === 0 && !isEmptyList(present.value));
    if (modifiers.includes("exists")) return (present !== undefined) === value;
    return all.some((found) => passes(String(found), value, modifiers));
  };
  const linked = modifiers.includes("all") ? values.every(each) : values.some(each);
  return modifiers.includes("neq") ? !linked : linked;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function look(node: unknown, path: string[]): { value: unknown } | undefined {
  if (path.length === 0) return { value: node };
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, path[0]!)) return undefined;
  return look((node as Record<string, unknown>)[path[0]!], path.slice(1));
}

function passes(found: string, value: string | number | boolean, modifiers: readonly string[]): boolean {
  const has = (name: string): boolean => modifiers.includes(name);
  if (has("re")) return new RegExp(String(value), has("i") ? "i" : "").test(found);
  if (has("lt")) return number(found) < Number(value);
  if (has("lte")) return number(found) <= Number(value);
  if (has("gt")) return number(found) > Number(value);
  if (has("gte")) return number(found) >= Number(value);
  if (has("hour")) return Number(/^\d{4}-\d\d-\d\d[T ](\d\d):\d\d/.exec(found)?.[1] ?? NaN) === value;
  if (has("cidr")) {
    const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(found);
    if (!octets?.slice(1).every((octet) => Number(octet) < 256 && String(Number(octet)) === octet)) return false;
    if (value === "10.0.0.0/8") return octets[1] === "10";
    return value === "10.1.2.3/32" ? found === "10.1.2.3" : octets[1] === "192" && octets[2] === "168";
  }
  let pattern = "";
  const text = String(value);
  for (let index = 0; index < text.length; index++) {
    const [character, next] = [text[index]!, text[index + 1]];
    if (character === "\\" && (next === "*" || next === "?" || next === "\\")) {
      pattern += quote(next);
      index++;
    } else if (character === "*") pattern += "[^]*";
    else if (character === "?") pattern += "[^]";
    else if (has("windash") && "-/".includes(character)) pattern += "[-/–—―]";
    else pattern += quote(character);
  }
  const before = has("contains") || has("endswith") ? "[^]*" : "";
  const after = has("contains") || has("startswith") ? "[^]*" : "";
  return new RegExp(`^${before}${pattern}${after}$`, has("cased") ? "u" : "iu").test(found);
}

function number(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

function quote(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
}
