import { RE2JS } from "re2js";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { invalidDocument, isObject, type Json, type OpenApiDocument } from "./document";

const SCHEMA_MAPS = ["properties", "patternProperties", "dependentSchemas"] as const;
const SCHEMA_LISTS = ["allOf", "anyOf", "oneOf"] as const;
const PLAIN = [
  "type",
  "enum",
  "const",
  "multipleOf",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "maxContains",
  "minContains",
  "maxProperties",
  "minProperties",
  "required",
  "dependentRequired",
  "format",
] as const;

/** A closed schema takes no member that it does not name; an open one is only a part of what a value must fit. */
type Mode = "closed" | "open";

/**
 * Schemas of the document for ajv (draft 2020-12), each compiled once where it is first used. Patterns run on RE2, in linear
 * time: one that RE2 does not know (a look-around) is a fault of the document.
 */
export class Schemas {
  private readonly ajv: InstanceType<typeof Ajv2020>;
  private readonly definitions: Record<string, unknown> = {};
  private readonly names = new Map<string, string>();
  private readonly compiled = new Map<string, ValidateFunction>();
  private sealed = false;

  constructor(
    private readonly document: OpenApiDocument,
    private readonly strict: boolean,
  ) {
    const engine = Object.assign(
      (pattern: string) => {
        const compiled = RE2JS.compile(pattern);
        // ajv knows a pattern again by its text.
        return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
      },
      { code: "re2" },
    );
    this.ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true, code: { regExp: engine } });
    addFormats(this.ajv);
  }

  /** Takes a schema in; compile it with `validator` after the last. */
  add(schema: unknown, pointer: string): string {
    return this.define(schema, pointer, this.strict ? "closed" : "open");
  }

  /** Throws MNO_OPENAPI_INVALID for a schema that ajv or RE2 cannot take. */
  validator(name: string): ValidateFunction {
    const known = this.compiled.get(name);
    if (known !== undefined) return known;
    try {
      if (!this.sealed) {
        this.ajv.addSchema({ $id: "mno:document", $defs: this.definitions });
        this.sealed = true;
      }
      const validate = this.ajv.compile({ $ref: `mno:document#/$defs/${name}` });
      this.compiled.set(name, validate);
      return validate;
    } catch (cause) {
      throw invalidDocument(
        "/components/schemas",
        `a schema cannot be compiled: ${(cause as Error).message.slice(0, 300)}`,
        cause,
      );
    }
  }

  private define(schema: unknown, pointer: string, mode: Mode): string {
    const key = `${mode} ${pointer}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const name = `d${this.names.size}`;
    // Before the members: a schema may hold itself.
    this.names.set(key, name);
    this.definitions[name] = this.rewritten(schema, pointer, mode);
    return name;
  }

  private rewritten(schema: unknown, pointer: string, mode: Mode): unknown {
    if (typeof schema === "boolean") return schema;
    if (!isObject(schema)) throw invalidDocument(pointer, "a schema must be an object or a boolean");
    const out: Record<string, unknown> = {};
    for (const keyword of PLAIN) if (schema[keyword] !== undefined) out[keyword] = schema[keyword];
    const composed =
      schema.$ref !== undefined ||
      SCHEMA_LISTS.some((keyword) => schema[keyword] !== undefined) ||
      schema.if !== undefined;
    const inner = (value: unknown, at: string): unknown => ({
      $ref: `#/$defs/${this.define(value, at, mode === "closed" || this.strict ? "closed" : "open")}`,
    });
    const part = (value: unknown, at: string): unknown => ({ $ref: `#/$defs/${this.define(value, at, "open")}` });
    if (typeof schema.$ref === "string") {
      const { value, pointer: target } = this.document.resolve(schema.$ref, pointer);
      const alone = Object.keys(schema).length === 1 || this.document.is30;
      const target_ = target.replace(/^#/, "");
      out.$ref = `#/$defs/${this.define(value, target_, alone ? mode : "open")}`;
      if (alone) return out;
    }
    for (const keyword of SCHEMA_MAPS) {
      if (!isObject(schema[keyword])) continue;
      out[keyword] = Object.fromEntries(
        Object.entries(schema[keyword]).map(([name, value]) => [
          name,
          inner(value, `${pointer}/${keyword}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
        ]),
      );
    }
    for (const keyword of SCHEMA_LISTS) {
      if (!Array.isArray(schema[keyword])) continue;
      out[keyword] = (schema[keyword] as unknown[]).map((value, index) =>
        part(value, `${pointer}/${keyword}/${index}`),
      );
    }
    for (const keyword of ["not", "if", "then", "else", "propertyNames"] as const) {
      if (schema[keyword] !== undefined) out[keyword] = part(schema[keyword], `${pointer}/${keyword}`);
    }
    for (const keyword of ["items", "contains", "additionalProperties", "unevaluatedProperties"] as const) {
      const value = schema[keyword];
      if (value !== undefined)
        out[keyword] = typeof value === "boolean" ? value : inner(value, `${pointer}/${keyword}`);
    }
    if (Array.isArray(schema.prefixItems))
      out.prefixItems = schema.prefixItems.map((value, index) => inner(value, `${pointer}/prefixItems/${index}`));
    if (this.document.is30) modernised(out, schema);
    this.withoutReadOnly(out, schema, pointer);
    const names = isObject(schema.properties) || composed;
    const says = schema.additionalProperties !== undefined || schema.unevaluatedProperties !== undefined;
    if (mode === "closed" && names && !says) out.unevaluatedProperties = false;
    return out;
  }

  /** What only answers hold is not required of requests, and refused in them where strict. */
  private withoutReadOnly(out: Record<string, unknown>, schema: Json, pointer: string): void {
    if (!isObject(schema.properties)) return;
    for (const [name, value] of Object.entries(schema.properties)) {
      const property =
        isObject(value) && typeof value.$ref === "string" ? this.document.resolve(value.$ref, pointer).value : value;
      if (!isObject(property) || property.readOnly !== true) continue;
      if (Array.isArray(out.required)) out.required = (out.required as unknown[]).filter((one) => one !== name);
      if (this.strict) (out.properties as Record<string, unknown>)[name] = false;
    }
  }
}

/** The dialect of OpenAPI 3.0: `nullable`, and exclusive bounds that are booleans. */
function modernised(out: Record<string, unknown>, schema: Json): void {
  if (schema.nullable === true && typeof schema.type === "string") {
    out.type = [schema.type, "null"];
    if (Array.isArray(schema.enum)) out.enum = [...(schema.enum as unknown[]), null];
  }
  for (const [flag, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof schema[flag] !== "boolean") continue;
    delete out[flag];
    if (schema[flag] === true && out[bound] !== undefined) {
      out[flag] = out[bound];
      delete out[bound];
    }
  }
}
