import { isObject, type Json, type OpenApiDocument } from "./document";

export type ParameterPlace = "path" | "query" | "header" | "cookie";

/** How a value is written (OpenAPI 3.1, "Style Values"). */
export interface ParameterStyle {
  readonly name: string;
  readonly style: string;
  readonly explode: boolean;
}

/** What of a schema decides how a text becomes a value. */
export interface Shape {
  readonly types: ReadonlySet<string>;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
}

const ANY: Shape = { types: new Set(["string"]) };

/** Types that the schema and its parts name, references followed. */
export function shapeOf(document: OpenApiDocument, schema: unknown, pointer: string, depth = 0): Shape {
  if (depth > 8 || !isObject(schema)) return ANY;
  const { value } = document.follow(schema, pointer);
  const types = new Set<string>(
    typeof value.type === "string" ? [value.type] : Array.isArray(value.type) ? (value.type as string[]) : [],
  );
  if (document.is30 && value.nullable === true) types.add("null");
  let items = value.items === undefined ? undefined : shapeOf(document, value.items, pointer, depth + 1);
  const properties: Record<string, Shape> = Object.create(null) as Record<string, Shape>;
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    for (const part of (Array.isArray(value[keyword]) ? value[keyword] : []) as unknown[]) {
      const shape = shapeOf(document, part, pointer, depth + 1);
      for (const type of shape.types) types.add(type);
      items ??= shape.items;
      Object.assign(properties, shape.properties);
    }
  }
  for (const [name, property] of Object.entries(isObject(value.properties) ? value.properties : {})) {
    properties[name] = shapeOf(document, property, pointer, depth + 1);
  }
  if (types.size === 0) {
    for (const example of [...((value.enum as unknown[] | undefined) ?? []), value.const])
      if (example !== undefined) types.add(typeof example);
    if (Object.keys(properties).length > 0) types.add("object");
    if (items !== undefined) types.add("array");
    if (types.size === 0) types.add("string");
  }
  return { types, ...(items && { items }), ...(Object.keys(properties).length > 0 && { properties }) };
}

const NUMBER = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?$/;

/** A text as the first of the schema's types that it can be; as it is where it can be none, for the schema to refuse. */
export function scalar(text: string, shape: Shape): unknown {
  const { types } = shape;
  if ((types.has("integer") || types.has("number")) && NUMBER.test(text)) return Number(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (types.has("null") && text === "" && !types.has("string")) return null;
  return text;
}

const SEPARATORS: Readonly<Record<string, string>> = {
  form: ",",
  simple: ",",
  spaceDelimited: " ",
  pipeDelimited: "|",
  label: ".",
  matrix: ",",
};

/** One text that holds a whole array or object: `simple`, `label`, `matrix`, `form` and the delimited styles. */
export function fromText(text: string, parameter: ParameterStyle, shape: Shape): unknown {
  let bare = text;
  if (parameter.style === "label") bare = bare.replace(/^\./, "");
  if (parameter.style === "matrix") {
    if (parameter.explode) {
      const pairs = bare.replace(/^;/, "").split(";").map(pair);
      if (shape.types.has("array")) return pairs.map(([, value]) => scalar(value, shape.items ?? ANY));
      if (shape.types.has("object")) return objectOf(pairs, shape);
    }
    bare = bare.replace(/^;/, "").replace(`${parameter.name}=`, "");
  }
  const separator = parameter.style === "label" && !parameter.explode ? "," : (SEPARATORS[parameter.style] ?? ",");
  if (shape.types.has("array"))
    return bare === "" ? [] : bare.split(separator, 10_000).map((one) => scalar(one, shape.items ?? ANY));
  if (!shape.types.has("object")) return scalar(bare, shape);
  const pieces = bare.split(separator, 10_000);
  if (parameter.explode) return objectOf(pieces.map(pair), shape);
  return objectOf(
    pieces.flatMap((piece, index) => (index % 2 === 0 ? [[piece, pieces[index + 1] ?? ""] as const] : [])),
    shape,
  );
}

function pair(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

export function objectOf(pairs: readonly (readonly [string, string])[], shape: Shape): Json {
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of pairs) out[name] = scalar(value, shape.properties?.[name] ?? ANY);
  return out;
}

export type Fault = { readonly field: string; readonly message: string };

/**
 * The value of a parameter out of pairs such as those of a query or a form; `taken` gets the names that it used. Undefined:
 * it is not there.
 */
export function fromPairs(
  pairs: ReadonlyMap<string, readonly string[]>,
  parameter: ParameterStyle,
  shape: Shape,
  taken: Set<string>,
  faults: Fault[],
  place: string,
): unknown {
  const { name, style, explode } = parameter;
  if (shape.types.has("object") && style === "deepObject") {
    const members: [string, string][] = [];
    for (const [key, values] of pairs) {
      if (!key.startsWith(`${name}[`) || !key.endsWith("]")) continue;
      taken.add(key);
      members.push([key.slice(name.length + 1, -1), values[0]!]);
      if (values.length > 1) faults.push({ field: `${place}/${key}`, message: "comes more than once" });
    }
    return members.length === 0 ? undefined : objectOf(members, shape);
  }
  if (shape.types.has("object") && style === "form" && explode && shape.properties !== undefined) {
    const members: [string, string][] = [];
    for (const member of Object.keys(shape.properties)) {
      const values = pairs.get(member);
      if (values === undefined) continue;
      taken.add(member);
      members.push([member, values[0]!]);
      if (values.length > 1) faults.push({ field: `${place}/${member}`, message: "comes more than once" });
    }
    return members.length === 0 ? undefined : objectOf(members, shape);
  }
  const values = pairs.get(name);
  if (values === undefined) return undefined;
  taken.add(name);
  if (shape.types.has("array") && explode) return values.map((value) => scalar(value, shape.items ?? ANY));
  // Two upstreams may take the first or the last: neither is asked to.
  if (values.length > 1) faults.push({ field: `${place}/${name}`, message: "comes more than once" });
  return fromText(values[0]!, parameter, shape);
}
