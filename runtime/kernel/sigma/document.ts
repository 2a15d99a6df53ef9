import { createHash } from "node:crypto";
import type { Static, TSchema } from "@sinclair/typebox";
import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { parseAllDocuments, type Document } from "yaml";
import { invalid, type Place, unsupported } from "./faults";
import { CORRELATION, FILTER, RULE } from "./schemas";

const MAX_TEXT = 1_048_576;
const MAX_DOCUMENTS = 256;
const MAX_DEPTH = 32;

const ajv = addFormats(new Ajv({ allErrors: false, allowUnionTypes: true }));
const compiled = <T extends TSchema>(schema: T): ValidateFunction<Static<T>> => ajv.compile<Static<T>>(schema);
const CHECKS = { rule: compiled(RULE), filter: compiled(FILTER), correlation: compiled(CORRELATION) };

export type SigmaLevel = "informational" | "low" | "medium" | "high" | "critical";

/** One document of a Sigma file, as its schema has it. */
export type SigmaDocument = (
  | { kind: "rule"; body: Static<typeof RULE> }
  | { kind: "filter"; body: Static<typeof FILTER> }
  | { kind: "correlation"; body: Static<typeof CORRELATION> }
) & {
  /** The document's id, else its name, else a digest of its content. */
  readonly id: string;
  readonly place: Place;
};

/**
 * The documents of a Sigma file. Throws MNO_SIGMA_RULE_INVALID with the document and the place in it for what is not YAML 1.2 or
 * not of the specification's schemas, MNO_SIGMA_RULE_UNSUPPORTED for what Sigma had before version 2.
 */
export function parseSigma(text: string): SigmaDocument[] {
  const file: Place = { rule: firstLine(text), path: "" };
  if (text.length > MAX_TEXT) throw unsupported(file, `the file is longer than ${MAX_TEXT} characters`);
  const documents = parseAllDocuments(text, { uniqueKeys: true, intAsBigInt: true });
  if (!Array.isArray(documents) || documents.length === 0) throw invalid(file, "the file is empty");
  if (documents.length > MAX_DOCUMENTS) throw unsupported(file, `the file has more than ${MAX_DOCUMENTS} documents`);
  return (documents as Document.Parsed[]).map((document) => {
    const [error] = document.errors;
    if (error) throw invalid(file, `no YAML: ${error.message.split("\n")[0]}`, error);
    return checked(plainNumbers(toJs(document, file), file, 0), file);
  });
}

function toJs(document: Document.Parsed, file: Place): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error), error);
  }
}

function checked(body: unknown, file: Place): SigmaDocument {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid(file, "a document is a map");
  const { title, id, name } = body as Record<string, unknown>;
  const place = { rule: typeof title === "string" ? title : file.rule, path: "" };
  if ("action" in body) throw unsupported(place, `"action" (collections) left Sigma with version 2`);
  const kind = "correlation" in body ? "correlation" : "filter" in body ? "filter" : "rule";
  const check = CHECKS[kind];
  if (!check(body)) {
    const [first] = check.errors ?? [];
    const path = (first?.instancePath ?? "").slice(1).replaceAll("/", ".");
    const which = first?.params && "allowedValues" in first.params ? `: ${String(first.params.allowedValues)}` : "";
    throw invalid({ ...place, path }, `${first?.message ?? "does not fit the schema"}${which}`);
  }
  const digest = (): string => createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 16);
  const known = typeof id === "string" ? id : typeof name === "string" ? name : `sigma-${digest()}`;
  return { kind, body, id: known, place } as SigmaDocument;
}

/** Whole numbers beyond 2^53 become text, which is what values are compared as: nothing is rounded. */
function plainNumbers(node: unknown, file: Place, depth: number): unknown {
  if (depth > MAX_DEPTH) throw unsupported(file, `the document nests deeper than ${MAX_DEPTH}`);
  if (typeof node === "bigint") return Number.isSafeInteger(Number(node)) ? Number(node) : String(node);
  if (Array.isArray(node)) return node.map((item) => plainNumbers(item, file, depth + 1));
  if (typeof node !== "object" || node === null) return node;
  // Entries define members: a key `__proto__` is a member as any other.
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plainNumbers(value, file, depth + 1)]));
}

function firstLine(text: string): string {
  const title = /^title:\s*(.{1,80})/m.exec(text.slice(0, 10_000));
  return title?.[1] ?? text.slice(0, 40).split("\n")[0]!;
}
