import type { EntityRecord, EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Choice } from "./choice";

/** The names and kinds of which generated schemas, entities, policies and questions are made. */

export type Kind =
  | "bool"
  | "long"
  | "string"
  | "entity"
  | "longs"
  | "strings"
  | "entities"
  | "record"
  | "decimal"
  | "ip"
  | "datetime"
  | "duration";

export const KINDS: readonly Kind[] = [
  "bool",
  "long",
  "string",
  "entity",
  "longs",
  "strings",
  "entities",
  "record",
  "decimal",
  "ip",
  "datetime",
  "duration",
];

/** Attributes that entities and contexts have, each of one kind wherever it is right. */
export const ATTRIBUTES: readonly (readonly [name: string, kind: Kind])[] = [
  ["flag", "bool"],
  ["count", "long"],
  ["name", "string"],
  ["owner", "entity"],
  ["levels", "longs"],
  ["labels", "strings"],
  ["readers", "entities"],
  ["nested", "record"],
  ["price", "decimal"],
  ["address", "ip"],
  ["since", "datetime"],
  ["period", "duration"],
  ["odd name", "long"],
];

export const NESTED: readonly (readonly [name: string, kind: Kind])[] = [
  ["a", "long"],
  ["b", "string"],
  ["inner", "entity"],
];

export const TYPES = ["User", "Group", "Space::Thing", "Doc"] as const;
const IDS = ["a", "b", "c", "d", 'quo"te', "back\\slash", "é", ""];
export const ACTIONS = ["view", "edit", "all", "some"] as const;

export const DECIMALS = [
  "0.0",
  "-0.0",
  "1.5",
  "1.50",
  "-1.2345",
  "922337203685477.5807",
  "-922337203685477.5808",
  "12.3",
];
export const BAD_DECIMALS = ["1", "1.23456", ".5", "922337203685477.5808", "1.", "+1.0", " 1.0", "1e2", ""];
export const IPS = [
  "127.0.0.1",
  "127.0.0.1/7",
  "127.1.2.3/9",
  "10.0.0.0/8",
  "10.1.2.3",
  "0.0.0.0/0",
  "224.0.0.1",
  "224.0.0.0/3",
  "239.255.0.1/4",
  "::1",
  "::1/127",
  "::/0",
  "ff00::2",
  "ff00::/7",
  "2001:db8::1",
  "2001:DB8:0:0::1/128",
  "1:2:3:4:5:6:7::",
];
export const BAD_IPS = [
  "1.2.3",
  "256.0.0.1",
  "01.2.3.4",
  "1.2.3.4/33",
  "1.2.3.4/08",
  "::ffff:1.2.3.4",
  "1::2::3",
  "1:2:3:4:5:6:7:8::",
  "1:2:3:4:5:6:7",
  "::1/129",
  "fe80::1%eth0",
  "12345::",
  "",
  "/8",
  "1.2.3.4/",
];
export const DATETIMES = [
  "1970-01-01",
  "2024-02-29",
  "2024-02-29T23:59:59Z",
  "2024-10-15T11:35:00.123Z",
  "1969-12-31T23:59:59.999Z",
  "0000-01-01",
  "9999-12-31T23:59:59.999+0000",
  "2024-10-15T00:00:00-2359",
  "2024-10-15T00:00:00.500+1234",
];
export const BAD_DATETIMES = [
  "2023-02-29",
  "2024-13-01",
  "2024-1-1",
  "2024-01-01T24:00:00Z",
  "2024-01-01T00:60:00Z",
  "2024-01-01T00:00:60Z",
  "2024-01-01T00:00:00",
  "2024-01-01T00:00:00.12Z",
  "2024-01-01T00:00:00+2400",
  "2024-01-01T00:00:00+0060",
  "2024-01-01T00:00:00+00:00",
  "",
];
export const DURATIONS = [
  "0ms",
  "1d",
  "-1d",
  "1d2h3m4s5ms",
  "90m",
  "-1500ms",
  "106751991167d",
  "9223372036854775807ms",
  "-9223372036854775808ms",
];
export const BAD_DURATIONS = [
  "",
  "-",
  "1h1d",
  "1",
  "1.5h",
  "1d1d",
  "106751991168d",
  "9223372036854775808ms",
  "1 d",
  "+1d",
];
export const STRINGS = [
  "",
  "a",
  "ab",
  "abc",
  "a*b",
  "x y",
  "é",
  "line\nbreak",
  "tab\t",
  "back\\slash",
  'quo"te',
  "\u0000",
  "😀b",
  "bob",
];
export const LONGS = [0, 1, -1, 2, 3, 7, 100, -100, 9007199254740991, -9007199254740991];
export const BIG_LONGS = ["9223372036854775807", "9007199254740993", "9007199254740992", "4611686018427387904"];

export function ref(choice: Choice, types: readonly string[] = TYPES): EntityRef {
  return { type: choice.one(types), id: choice.one(IDS) };
}

/** A right value in JSON; entities are of the types given. */
export function json(choice: Choice, kind: Kind, types: readonly string[] = TYPES): unknown {
  switch (kind) {
    case "bool":
      return choice.chance(0.5);
    case "long":
      return choice.one(LONGS);
    case "string":
      return choice.one(STRINGS);
    case "entity":
      return { __entity: ref(choice, types) };
    case "longs":
      return choice.times(choice.below(4), () => choice.one(LONGS));
    case "strings":
      return choice.times(choice.below(4), () => choice.one(STRINGS));
    case "entities":
      return choice.times(choice.below(4), () => ({ __entity: ref(choice, types) }));
    case "record":
      return Object.fromEntries(NESTED.map(([name, inner]) => [name, json(choice, inner, types)]));
    case "decimal":
      return { __extn: { fn: "decimal", arg: choice.one(DECIMALS) } };
    case "ip":
      return { __extn: { fn: "ip", arg: choice.one(IPS) } };
    case "datetime":
      return { __extn: { fn: "datetime", arg: choice.one(DATETIMES) } };
    case "duration":
      return { __extn: { fn: "duration", arg: choice.one(DURATIONS) } };
  }
}

/** Attributes: all of them and each of its kind if `strict`, else some, and some of another kind. */
export function attributes(choice: Choice, strict: boolean): Record<string, unknown> {
  const present = strict ? ATTRIBUTES : choice.some(ATTRIBUTES, 0.6);
  return Object.fromEntries(
    present.map(([name, kind]) => [
      name,
      strict ? json(choice, kind, ["User"]) : json(choice, choice.chance(0.15) ? choice.one(KINDS) : kind),
    ]),
  );
}

/** A hierarchy without cycles: parents come before their children. Questions also name entities that are not in it. */
export function entities(choice: Choice, strict: boolean): EntityRecord[] {
  const names = TYPES.flatMap((type) => IDS.map((id) => ({ type, id })));
  const placed: EntityRef[] = [];
  const records: EntityRecord[] = [];
  for (const name of names.filter(() => choice.chance(0.25)).sort(() => choice.random() - 0.5)) {
    const parents = choice.some(placed, 0.15);
    if (choice.chance(0.1)) parents.push({ type: "Group", id: "nowhere" });
    const tags = Object.fromEntries(
      choice
        .some(["t1", "t2", "back\\slash"], 0.4)
        .map((tag) => [tag, json(choice, strict ? "string" : choice.one(KINDS))]),
    );
    records.push({ ...name, attributes: attributes(choice, strict), parents, tags });
    placed.push(name);
  }
  if (!strict) {
    records.push({ type: "Action", id: "view", attributes: {}, parents: [{ type: "Action", id: "some" }] });
    records.push({ type: "Action", id: "some", attributes: {}, parents: [{ type: "Action", id: "all" }] });
  }
  return records;
}

const CEDAR_TYPES: Readonly<Record<Kind, string>> = {
  bool: "Bool",
  long: "Long",
  string: "String",
  entity: "User",
  longs: "Set<Long>",
  strings: "Set<String>",
  entities: "Set<User>",
  record: "{a: Long, b: String, inner: User}",
  decimal: "decimal",
  ip: "ipaddr",
  datetime: "datetime",
  duration: "duration",
};

/** In a schema, where entities of attributes are users. */
export const SCHEMA = ((): string => {
  const shape = `{${ATTRIBUTES.map(([name, kind]) => `${JSON.stringify(name)}: ${CEDAR_TYPES[kind]}`).join(", ")}}`;
  const parents = TYPES.join(", ");
  const entity = (name: string): string => `entity ${name} in [${parents}] ${shape} tags String;`;
  return [
    entity("User"),
    entity("Group"),
    entity("Doc"),
    `namespace Space { ${entity("Thing")} }`,
    "action all; action some in [all];",
    `action view in [some] appliesTo {principal: [${parents}], resource: [${parents}], context: ${shape}};`,
    `action edit in [all] appliesTo {principal: [User], resource: [Doc], context: ${shape}};`,
  ].join("\n");
})();
