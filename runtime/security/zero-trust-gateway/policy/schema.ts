import { MnoError } from "../../../exports";
import type { EntityRecord } from "../contracts";
import { cedar, type DetailedError, type SchemaJson } from "./cedar";
import type { EntityShape } from "./entities";
import { CONSTRUCTORS } from "./extensions/functions";
import type { RecordShape, Shape } from "./json";
import { placeOf, unitsOf } from "./source-text";
import { uidKey } from "./values";

/** What a Cedar schema says of entities and questions. */
export interface Schema {
  /** In Cedar's syntax. */
  readonly text: string;
  readonly entities: ReadonlyMap<string, EntityShape>;
  /** By the action's key. */
  readonly actions: ReadonlyMap<string, ActionShape>;
}

interface ActionShape {
  /** The action with its groups: an entity of every question. */
  readonly record: EntityRecord;
  readonly principals: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly context: RecordShape;
}

interface Type {
  readonly type: string;
  readonly name?: string;
  readonly element?: Type;
  readonly attributes?: Readonly<Record<string, Type & { readonly required?: boolean }>>;
}

/** Levels of types in one another. */
const MAX_DEPTH = 32;
const MAX_NESTING = 64;

/** Reads a schema in Cedar's syntax or in JSON. Errors: MNO_POLICY_INVALID. */
export function parseSchema(source: string): Schema {
  const text = source.trimStart().startsWith("{") ? textOf(source) : source;
  if (!text.isWellFormed()) throw invalid("half of a character (a lone surrogate)");
  if (nesting(text) > MAX_NESTING) throw invalid(`brackets nested deeper than ${MAX_NESTING}`);
  const answer = cedar((wasm) => wasm.schemaToJsonWithResolvedTypes(text));
  if (answer.type === "failure") throw invalid(answer.errors.map((error) => describe(error, text)).join("; "));
  const entities = new Map<string, EntityShape>();
  const actions = new Map<string, ActionShape>();
  for (const [namespace, definition] of Object.entries(answer.json)) {
    const qualified = (name: string): string => (namespace === "" ? name : `${namespace}::${name}`);
    const shapes = new Shapes(answer.json, namespace);
    for (const [name, kind] of Object.entries(definition.entityTypes)) {
      const standard = "enum" in kind ? {} : kind;
      entities.set(qualified(name), {
        attributes: shapes.record(standard.shape),
        tag: standard.tags && shapes.of(standard.tags),
        parents: new Set(standard.memberOfTypes),
        ids: "enum" in kind ? new Set(kind.enum) : undefined,
      });
    }
    const type = qualified("Action");
    for (const [id, { memberOf = [], appliesTo }] of Object.entries(definition.actions)) {
      const parents = memberOf.map((group) => ({ type: group.type ?? type, id: group.id }));
      actions.set(uidKey(type, id), {
        record: { type, id, attributes: {}, parents },
        principals: new Set(appliesTo?.principalTypes),
        resources: new Set(appliesTo?.resourceTypes),
        context: shapes.record(appliesTo?.context),
      });
    }
    const groups = new Set([...actions.values()].flatMap(({ record }) => record.parents.map((parent) => parent.type)));
    entities.set(type, {
      attributes: EMPTY,
      tag: undefined,
      parents: groups,
      ids: new Set(Object.keys(definition.actions)),
    });
  }
  return { text, entities, actions };
}

const EMPTY: RecordShape = { kind: "record", attributes: new Map() };
const PRIMITIVES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["Bool", { kind: "bool" }],
  ["Boolean", { kind: "bool" }],
  ["Long", { kind: "long" }],
  ["String", { kind: "string" }],
]);

class Shapes {
  constructor(
    private readonly json: SchemaJson<string>,
    private readonly namespace: string,
  ) {}

  record(type: Type | undefined): RecordShape {
    const shape = type && this.of(type);
    if (shape && shape.kind !== "record") throw invalid(`attributes must be a record, not ${shape.kind}`);
    return shape ?? EMPTY;
  }

  of(type: Type, depth = 0): Shape {
    if (depth > MAX_DEPTH) throw invalid(`types nested deeper than ${MAX_DEPTH} levels`);
    switch (type.type) {
      case "Entity":
        return { kind: "entity", type: type.name! };
      case "Set":
        return { kind: "set", element: this.of(type.element!, depth + 1) };
      case "Record": {
        const attributes = Object.entries(type.attributes ?? {}).map(
          ([name, attribute]) =>
            [name, { shape: this.of(attribute, depth + 1), required: attribute.required ?? true }] as const,
        );
        return { kind: "record", attributes: new Map(attributes) };
      }
      default: {
        const name = type.type === "Extension" ? type.name! : type.type;
        const named = this.common(name);
        return named ? this.of(named, depth + 1) : builtIn(name);
      }
    }
  }

  private common(name: string): Type | undefined {
    const own = this.json[this.namespace]?.commonTypes;
    if (own && Object.hasOwn(own, name)) return own[name];
    const at = name.lastIndexOf("::");
    const other = this.json[at < 0 ? "" : name.slice(0, at)]?.commonTypes;
    const local = at < 0 ? name : name.slice(at + 2);
    return other && Object.hasOwn(other, local) ? other[local] : undefined;
  }
}

function builtIn(name: string): Shape {
  const local = name.replace(/^__cedar::/, "");
  const constructor = local === "ipaddr" ? "ip" : local;
  if (CONSTRUCTORS.has(constructor)) return { kind: "extension", constructor };
  const primitive = PRIMITIVES.get(local);
  if (!primitive) throw invalid(`there is no type ${name}`);
  return primitive;
}

function textOf(source: string): string {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
  const answer = cedar((wasm) => wasm.schemaToText(json as SchemaJson<string>));
  if (answer.type === "failure") throw invalid(answer.errors.map(({ message }) => message).join("; "));
  return answer.text;
}

/** Of brackets, texts and comments included: only an upper bound is wanted. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[<>{}[\]()]/g)) {
    depth += "<{[(".includes(bracket) ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** A fault as cedar-wasm tells it, with line and column in `text`. */
export function describe(
  { message, help, sourceLocations }: DetailedError,
  text: string,
  whole = text,
  offset = 0,
): string {
  const [location] = sourceLocations ?? [];
  const place = location ? `line ${placeOf(whole, offset + unitsOf(text, location.start))}: ` : "";
  const expected = location?.label ? `, ${location.label}` : "";
  return `${place}${message}${expected}${help === null ? "" : ` (${help})`}`;
}

function invalid(detail: string, cause?: unknown): MnoError {
  return new MnoError("MNO_POLICY_INVALID", `schema: ${detail}`, cause === undefined ? {} : { cause });
}
