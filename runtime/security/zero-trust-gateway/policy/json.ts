import { EvaluationFault } from "./fault";
import { CONSTRUCTORS, FUNCTIONS, kindOfExtension } from "./extensions/functions";
import { type Keyed, RecordValue, SetValue, Uid, type Value } from "./values";

/**
 * Cedar's JSON form of values: `{"__entity": {type, id}}`, `{"__extn": {fn, arg}}`, and JSON as it is. What a schema says of a
 * place lets entities and extension values be written without the escape, as Cedar does.
 */

/** What a schema says of a value's place. */
export type Shape =
  | { readonly kind: "bool" | "long" | "string" }
  | { readonly kind: "entity"; readonly type: string }
  | { readonly kind: "extension"; readonly constructor: string }
  | { readonly kind: "set"; readonly element: Shape }
  | RecordShape;

export interface RecordShape {
  readonly kind: "record";
  /** The attributes that may be there, no others. */
  readonly attributes: ReadonlyMap<string, { readonly shape: Shape; readonly required: boolean }>;
}

/** JSON that is no Cedar value, and where. */
export class JsonFault extends Error {
  constructor(
    readonly path: string,
    readonly what: string,
  ) {
    super(`${path === "" ? "the value" : path} ${what}`);
  }
}

/** Levels of sets and records in one another. */
const MAX_DEPTH = 32;

/** Name of a type or namespace path. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*$/;
const MAX_NAME = 512;

/** What is wrong with the name of an entity; undefined where nothing is. */
export function uidFault(type: unknown, id: unknown): string | undefined {
  if (typeof type !== "string" || type.length > MAX_NAME || !IDENTIFIER.test(type))
    return "must have a type that is an identifier, or several joined by ::";
  return typeof id === "string" ? undefined : "must have an id that is a text";
}

/**
 * Checks all of `json`, against `shape` where a schema gives one; throws JsonFault. What passed can be read with `valueOf`
 * without another check.
 */
function checkValue(json: unknown, shape: Shape | undefined, path: string, depth = 0): void {
  switch (typeof json) {
    case "string":
      if (shape?.kind === "extension") construct(shape.constructor, [json], path);
      else expect("string", shape, path);
      return;
    case "boolean":
      return expect("bool", shape, path);
    case "number":
      if (!Number.isSafeInteger(json)) throw new JsonFault(path, "must be an integer below 2^53 in magnitude");
      return expect("long", shape, path);
    case "object":
      return checkObject(json, shape, path, depth);
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      throw new JsonFault(path, "must be JSON");
  }
}

function checkObject(json: object | null, shape: Shape | undefined, path: string, depth: number): void {
  if (json === null) throw new JsonFault(path, "must not be null: leave it out");
  if (depth >= MAX_DEPTH) throw new JsonFault(path, `must not be nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(json)) {
    expect("set", shape, path);
    const element = shape?.kind === "set" ? shape.element : undefined;
    for (let index = 0; index < json.length; index++) checkValue(json[index], element, `${path}[${index}]`, depth + 1);
    return;
  }
  if (isEscaped(json, shape)) return checkEscaped(json as Record<string, unknown>, shape, path);
  expect("record", shape, path);
  checkFields(json as Record<string, unknown>, shape as RecordShape | undefined, path, depth);
}

function expect(kind: Shape["kind"], shape: Shape | undefined, path: string): void {
  if (shape !== undefined && shape.kind !== kind)
    throw new JsonFault(path, `must be of the schema's kind ${shape.kind}, not ${kind}`);
}

/** As `checkValue`, of a record's fields. */
export function checkFields(
  json: Readonly<Record<string, unknown>>,
  shape: RecordShape | undefined,
  path: string,
  depth = 0,
): void {
  for (const name in json) {
    const attribute = shape?.attributes.get(name);
    if (shape && !attribute) throw new JsonFault(join(path, name), "must not be there: the schema does not know it");
    checkValue(json[name], attribute?.shape, join(path, name), depth + 1);
  }
  if (!shape || shape.attributes.size === 0) return;
  for (const [name, { required }] of shape.attributes)
    if (required && !Object.hasOwn(json, name))
      throw new JsonFault(join(path, name), "must be there: the schema requires it");
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function isEscaped(json: object, shape: Shape | undefined): boolean {
  return Object.hasOwn(json, "__entity") || Object.hasOwn(json, "__extn") || shape?.kind === "entity";
}

function checkEscaped(json: Record<string, unknown>, shape: Shape | undefined, path: string): void {
  const value = escaped(json, path);
  if (shape === undefined) return;
  const fits =
    value instanceof Uid
      ? shape.kind === "entity" && shape.type === value.type
      : shape.kind === "extension" && value.constructor === kindOfExtension(shape.constructor);
  if (!fits) throw new JsonFault(path, `must be of the schema's ${shape.kind === "entity" ? shape.type : shape.kind}`);
}

/** Reads what `checkValue` let pass with the same shape. */
export function valueOf(json: unknown, shape: Shape | undefined): Value {
  if (typeof json !== "object") {
    return typeof json === "string" && shape?.kind === "extension"
      ? construct(shape.constructor, [json], "")
      : typeof json === "number"
        ? json + 0 // 0 of -0
        : (json as Value);
  }
  if (Array.isArray(json)) {
    const element = shape?.kind === "set" ? shape.element : undefined;
    return new SetValue(json.map((item) => valueOf(item, element)));
  }
  const fields = json as Record<string, unknown>;
  if (isEscaped(fields, shape)) return escaped(fields, "");
  return new JsonRecord(fields, shape as RecordShape | undefined);
}

/** Reads its fields when they are asked for: most of a context is not. The JSON must have passed `checkFields`. */
export class JsonRecord extends RecordValue {
  /** Of what is dear to read. */
  private read: Map<string, Value> | undefined;

  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly shape?: RecordShape,
  ) {
    super();
  }

  get(name: string): Value | undefined {
    if (!Object.hasOwn(this.fields, name)) return undefined;
    const json = this.fields[name];
    const shape = this.shape?.attributes.get(name)?.shape;
    if (typeof json !== "object" && shape?.kind !== "extension") return valueOf(json, undefined);
    let value = this.read?.get(name);
    if (value === undefined) {
      value = valueOf(json, shape);
      (this.read ??= new Map()).set(name, value);
    }
    return value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.fields, name);
  }

  protected *entries(): Iterable<[string, Value]> {
    for (const name of Object.keys(this.fields)) yield [name, this.get(name)!];
  }
}

/** `__entity`, `__extn`, or, where the place is an entity's, its type and id. */
function escaped(json: Record<string, unknown>, path: string): Keyed {
  if (Object.hasOwn(json, "__extn")) {
    const call = json.__extn as { fn?: unknown; arg?: unknown; args?: unknown } | null;
    if (Object.keys(json).length !== 1 || typeof call !== "object" || call === null || typeof call.fn !== "string")
      throw new JsonFault(path, "must be {fn, arg} or {fn, args} under __extn, with nothing beside it");
    const args: unknown[] = Array.isArray(call.args) ? call.args : [call.arg];
    return construct(call.fn, args, path);
  }
  const wrapped = Object.hasOwn(json, "__entity");
  const named = (wrapped ? json.__entity : json) as { type?: unknown; id?: unknown } | null;
  if ((wrapped && Object.keys(json).length !== 1) || typeof named !== "object" || named === null)
    throw new JsonFault(path, "must be {type, id} under __entity, with nothing beside it");
  const fault = uidFault(named.type, named.id);
  if (fault !== undefined) throw new JsonFault(path, fault);
  return new Uid(named.type as string, named.id as string);
}

/** An extension value: of a constructor, or `offset` of a datetime and a duration, the one other that Cedar's JSON has. */
function construct(name: string, json: readonly unknown[], path: string): Keyed {
  const values = json.map((value) => {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null && Object.hasOwn(value, "__extn"))
      return escaped(value as Record<string, unknown>, path);
    throw new JsonFault(path, "must have texts as arguments under __extn");
  });
  const call = CONSTRUCTORS.has(name) || name === "offset" ? FUNCTIONS.get(name) : undefined;
  if (call?.arity !== values.length)
    throw new JsonFault(path, `must call one of ${[...CONSTRUCTORS.keys()].join(", ")} with one text under __extn`);
  try {
    return call.apply(...values) as Keyed;
  } catch (error) {
    if (error instanceof EvaluationFault) throw new JsonFault(path, error.message);
    throw error;
  }
}
