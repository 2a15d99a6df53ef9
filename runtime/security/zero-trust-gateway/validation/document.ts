import { MnoError } from "../../../exports/errors";

/** A part of a document: what JSON or YAML gave. */
export type Json = Readonly<Record<string, unknown>>;

const NODES = 100_000;
const DEPTH = 100;
const CHAIN = 50;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function invalidDocument(pointer: string, message: string, cause?: unknown): MnoError {
  return new MnoError("MNO_OPENAPI_INVALID", `${pointer === "" ? "The document" : pointer}: ${message}`, {
    ...(cause !== undefined && { cause }),
    faults: [{ field: pointer, message }],
  });
}

/** An OpenAPI document whose references stay inside it and whose size is bounded. */
export class OpenApiDocument {
  readonly root: Json;
  /** OpenAPI 3.0 writes schemas in a dialect of its own. */
  readonly is30: boolean;

  /** Throws MNO_OPENAPI_INVALID. */
  constructor(document: unknown) {
    if (!isObject(document)) throw invalidDocument("", "must be an object");
    const version = typeof document.openapi === "string" ? document.openapi : "";
    if (!/^3\.[01]\.\d{1,3}$/.test(version)) throw invalidDocument("/openapi", "must be 3.0.x or 3.1.x");
    if (!isObject(document.paths)) throw invalidDocument("/paths", "must be an object");
    this.root = document;
    this.is30 = version.startsWith("3.0");
    checkBounds(document);
  }

  /** What a local reference names. Throws for one that names nothing, or goes round in a circle. */
  resolve(reference: string, from: string): { value: unknown; pointer: string } {
    let pointer = reference;
    for (let step = 0; step < CHAIN; step++) {
      if (!pointer.startsWith("#/")) throw invalidDocument(from, "a reference must stay within the document (#/...)");
      let value: unknown = this.root;
      for (const token of pointer.slice(2).split("/")) {
        const key = decoded(token);
        const inside = typeof value === "object" && value !== null && Object.hasOwn(value, key);
        if (!inside) throw invalidDocument(from, `the reference ${pointer} names nothing`);
        value = (value as Record<string, unknown>)[key];
      }
      const next = isObject(value) && Object.keys(value).length === 1 ? value.$ref : undefined;
      if (typeof next !== "string") return { value, pointer };
      pointer = next;
    }
    throw invalidDocument(from, "the reference leads to itself");
  }

  /** The object itself, or what its `$ref` names. */
  follow(value: unknown, pointer: string): { value: Json; pointer: string } {
    const found =
      isObject(value) && typeof value.$ref === "string" ? this.resolve(value.$ref, pointer) : { value, pointer };
    if (!isObject(found.value)) throw invalidDocument(pointer, "must be an object");
    return { value: found.value, pointer: found.pointer.replace(/^#/, "") };
  }
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return token;
  }
}

function checkBounds(document: Json): void {
  let nodes = 0;
  const open: { value: object; pointer: string; depth: number }[] = [{ value: document, pointer: "", depth: 0 }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (++nodes > NODES) throw invalidDocument("", `has more than ${NODES} nodes`);
    if (item.depth > DEPTH) throw invalidDocument(item.pointer.slice(0, 200), `is nested deeper than ${DEPTH}`);
    for (const [key, value] of Object.entries(item.value)) {
      const pointer = item.depth < 12 ? `${item.pointer}/${key.slice(0, 60)}` : item.pointer;
      if (key === "$ref" && typeof value === "string" && !value.startsWith("#/")) {
        throw invalidDocument(pointer, "a reference must stay within the document (#/...)");
      }
      if (typeof value === "object" && value !== null)
        open.push({ value: value as object, pointer, depth: item.depth + 1 });
    }
  }
}
