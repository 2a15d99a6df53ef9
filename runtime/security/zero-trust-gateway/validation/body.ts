import { type ValidateFunction } from "ajv/dist/2020";
import { noOddities, percentDecode } from "../../../kernel/http-inspection/parse/bytes";
import { multipartParts } from "../../../kernel/http-inspection/parse/multipart";
import { isObject, type Json } from "./document";
import { type OperationBody } from "./operations";
import { type Fault, fromPairs, scalar, type Shape } from "./parameters";
import { type BodyLimits, escaped, readStrictJson } from "./strict-json";

/** Faults of a body, none where it fits. Never throws. */
export function bodyFaults(
  declared: OperationBody | undefined,
  contentType: string,
  encoding: string,
  body: Buffer | undefined,
  limits: BodyLimits,
  strict: boolean,
): Fault[] {
  const empty = body === undefined || body.length === 0;
  if (empty) return declared?.required === true ? [{ field: "/body", message: "is required" }] : [];
  if (body.length > limits.bytes) return [{ field: "/body", message: `is longer than ${limits.bytes} bytes` }];
  if (declared === undefined) return strict ? [{ field: "/body", message: "none is declared for this operation" }] : [];
  if (encoding !== "" && encoding !== "identity")
    return [{ field: "/headers/content-encoding", message: "a coded body is not taken" }];
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  const media =
    declared.types.get(type) ?? declared.types.get(`${type.split("/", 1)[0]}/*`) ?? declared.types.get("*/*");
  if (media === undefined)
    return [
      {
        field: "/headers/content-type",
        message: `must be one of ${[...declared.types.keys()].join(", ").slice(0, 200)}`,
      },
    ];
  if (media.validate === undefined) return [];
  const faults: Fault[] = [];
  const value = valueOf(type, contentType, body, media.shape, media.encoding, limits, faults);
  if (faults.length > 0 || value === undefined) return faults;
  return schemaFaults(media.validate(), value.body, "/body");
}

function valueOf(
  type: string,
  contentType: string,
  body: Buffer,
  shape: Shape,
  encoding: Json,
  limits: BodyLimits,
  faults: Fault[],
): { body: unknown } | undefined {
  if (/[/+]json$/.test(type)) {
    const text = textOf(body, faults);
    const read = readStrictJson(text, limits);
    if ("fault" in read) return void faults.push({ field: `/body${read.pointer}`, message: read.fault });
    return { body: read.value };
  }
  if (type === "application/x-www-form-urlencoded")
    return { body: fromForm(textOf(body, faults), shape, encoding, limits, faults) };
  if (type === "multipart/form-data") return { body: fromMultipart(body, contentType, shape, limits, faults) };
  // Text and binary: what a schema says of a text holds for its characters.
  if (type.startsWith("text/")) return { body: textOf(body, faults) };
  return undefined;
}

function textOf(body: Buffer, faults: Fault[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    faults.push({ field: "/body", message: "is not UTF-8" });
    return "";
  }
}

/** Pairs of a query or a form; what a strict server would not decode is a fault. */
export function pairsOf(text: string, place: string, limits: BodyLimits, faults: Fault[]): Map<string, string[]> {
  const pairs = new Map<string, string[]>();
  if (text === "") return pairs;
  const pieces = text.split("&", limits.keys + 1);
  if (pieces.length > limits.keys) faults.push({ field: place, message: `has more than ${limits.keys} parameters` });
  const oddities = noOddities();
  for (const piece of pieces) {
    const equals = piece.indexOf("=");
    const name = percentDecode(equals < 0 ? piece : piece.slice(0, equals), true, oddities).text;
    const value = percentDecode(equals < 0 ? "" : piece.slice(equals + 1), true, oddities).text;
    if (value.length > limits.chars)
      faults.push({
        field: `${place}/${escaped(name.slice(0, 60))}`,
        message: `is longer than ${limits.chars} characters`,
      });
    const list = pairs.get(name);
    if (list === undefined) pairs.set(name, [value]);
    else if (list.length < limits.items) list.push(value);
    else
      faults.push({
        field: `${place}/${escaped(name.slice(0, 60))}`,
        message: `comes more than ${limits.items} times`,
      });
  }
  if (oddities.strayPercent || oddities.overlong || oddities.notUtf8 || oddities.percentU)
    faults.push({ field: place, message: "is not percent-encoded UTF-8" });
  return pairs;
}

function fromForm(text: string, shape: Shape, encoding: Json, limits: BodyLimits, faults: Fault[]): unknown {
  const pairs = pairsOf(text, "/body", limits, faults);
  const taken = new Set<string>();
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(shape.properties ?? {})) {
    const said = isObject(encoding[name]) ? encoding[name] : {};
    const style = typeof said.style === "string" ? said.style : "form";
    const explode = typeof said.explode === "boolean" ? said.explode : style === "form";
    const value = fromPairs(pairs, { name, style, explode }, member, taken, faults, "/body");
    if (value !== undefined) out[name] = value;
  }
  for (const [name, values] of pairs) if (!taken.has(name)) out[name] = values.length > 1 ? values : values[0]!;
  return out;
}

function fromMultipart(body: Buffer, contentType: string, shape: Shape, limits: BodyLimits, faults: Fault[]): unknown {
  const { parts, faults: broken, rest } = multipartParts(body, contentType);
  if (broken.size > 0 || rest.length > 0) {
    return void faults.push({
      field: "/body",
      message: `is not multipart/form-data that every parser reads alike (${[...broken, "text outside parts"][0]})`,
    });
  }
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { name, fileName, headers, content } of parts) {
    const member = shape.properties?.[name] ?? { types: new Set(["string"]) };
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const type = headers.find(([header]) => header === "content-type")?.[1] ?? "";
    const one = member.types.has("array") ? (member.items ?? member) : member;
    let value: unknown = bytes.toString(fileName === undefined ? "utf8" : "latin1");
    if (/json/.test(type) || (one.types.has("object") && fileName === undefined)) {
      const read = readStrictJson(bytes.toString("utf8"), limits);
      if ("fault" in read)
        return void faults.push({ field: `/body/${escaped(name)}${read.pointer}`, message: read.fault });
      value = read.value;
    } else if (fileName === undefined) value = scalar(value as string, one);
    if (member.types.has("array")) ((out[name] ??= []) as unknown[]).push(value);
    else if (out[name] !== undefined)
      return void faults.push({ field: `/body/${escaped(name)}`, message: "comes more than once" });
    else out[name] = value;
  }
  return out;
}

/** ajv's faults as ours: where, and what would be right, never the value. */
export function schemaFaults(validate: ValidateFunction, value: unknown, place: string): Fault[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, 20).map((error) => {
    const extra =
      (error.params as { additionalProperty?: string; unevaluatedProperty?: string }).additionalProperty ??
      (error.params as { unevaluatedProperty?: string }).unevaluatedProperty;
    const field = `${place}${error.instancePath}${extra === undefined ? "" : `/${escaped(extra.slice(0, 60))}`}`;
    return { field, message: extra === undefined ? (error.message ?? "does not fit its schema") : "is not declared" };
  });
}
