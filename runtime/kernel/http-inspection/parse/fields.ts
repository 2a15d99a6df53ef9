import { type InspectableRequest } from "../inspection";
import { BUDGET } from "../limits";
import { bodyText, noOddities, type Oddities, percentDecode } from "./bytes";
import { readJson } from "./json";
import { readMultipart } from "./multipart";
import { readXml } from "./xml";

/** What a text of a request is; rules say which they look at. */
export type FieldKind =
  "path" | "query" | "form" | "cookie" | "header" | "json" | "xml" | "body" | "file" | "file-name";

/** One text of a request. */
export interface Field {
  readonly kind: FieldKind;
  /** `query.name`, `header.user-agent`, `body.$.a[0]`, `path`; the name itself where `isName`. */
  readonly where: string;
  /** Lower-case name of the header, cookie or parameter. */
  readonly name: string;
  readonly isName: boolean;
  /** Decoded once, as the framework behind would. */
  readonly value: string;
}

/** A request taken apart. Faults are facts for rules, never exceptions. */
export interface Fields {
  readonly list: readonly Field[];
  /** Faults of form, each named once: `json-malformed`, `too-many-fields`, `multipart-boundary`, ... */
  readonly faults: ReadonlySet<string>;
  readonly oddities: Readonly<Oddities>;
  /** Names of query and form parameters, as often as they came. */
  readonly parameters: readonly string[];
  /** Media type of the body, lower-case, without parameters; "" where none is declared. */
  readonly mediaType: string;
}

/** Collects texts within the budget. */
export class FieldSink {
  readonly list: Field[] = [];
  readonly faults = new Set<string>();
  readonly parameters: string[] = [];
  readonly oddities = noOddities();
  private chars = 0;

  add(kind: FieldKind, where: string, name: string, value: string, isName = false): void {
    if (value === "") return;
    if (this.list.length >= BUDGET.fields) return void this.faults.add("too-many-fields");
    let text = value;
    if (text.length > BUDGET.fieldChars) {
      this.faults.add("field-too-long");
      text = text.slice(0, BUDGET.fieldChars);
    }
    if (this.chars + text.length > BUDGET.totalChars) {
      this.faults.add("request-too-long");
      text = text.slice(0, BUDGET.totalChars - this.chars);
      if (text === "") return;
    }
    this.chars += text.length;
    this.list.push({ kind, where: where.slice(0, 200), name, isName, value: text });
  }

  /** A parameter's name and value. */
  pair(kind: FieldKind, prefix: string, name: string, value: string): void {
    const lower = name.toLowerCase();
    this.parameters.push(name.slice(0, 200));
    // A form without "=" is one name with no value: what a sloppy client posted as its whole body.
    this.add(kind, `${prefix}.${name}`, lower, name, true);
    this.add(kind, `${prefix}.${name}`, lower, value);
  }
}

/** Never throws; what is over the budget is a fault and is not looked at. */
export function fieldsOf(request: InspectableRequest, body?: Uint8Array): Fields {
  const sink = new FieldSink();
  const question = request.target.indexOf("?");
  const path = question < 0 ? request.target : request.target.slice(0, question);
  sink.add("path", "path", "", percentDecode(path, false, sink.oddities).text);
  if (question >= 0) readForm(request.target.slice(question + 1), "query", "query", sink);
  readHeaders(request, sink);
  const contentType = request.headers["content-type"]?.[0] ?? "";
  const mediaType = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (body !== undefined && body.length > 0) readBody(body, contentType, mediaType, sink);
  return { list: sink.list, faults: sink.faults, oddities: sink.oddities, parameters: sink.parameters, mediaType };
}

function readHeaders(request: InspectableRequest, sink: FieldSink): void {
  for (const [name, values] of Object.entries(request.headers)) {
    for (const value of values) {
      if (name === "cookie") readCookies(value, sink);
      else if (name === "referer" && /^https?:\/\//i.test(value)) readAddress(value, sink);
      else sink.add("header", `header.${name}`, name, value);
    }
  }
}

/** An address that another page had: its parameters are values of their own. */
function readAddress(address: string, sink: FieldSink): void {
  const [before, ...pieces] = address.split(/[?&#]/, 200);
  sink.add("header", "header.referer", "referer", percentDecode(before!, false).text);
  for (const piece of pieces) {
    const equals = piece.indexOf("=");
    const value = percentDecode(piece.slice(equals + 1), true, sink.oddities).text;
    sink.add("header", "header.referer", "referer", value);
    if (equals > 0)
      sink.add("header", "header.referer", "referer", percentDecode(piece.slice(0, equals), true).text, true);
  }
}

function readCookies(header: string, sink: FieldSink): void {
  for (const piece of header.split(";", 200)) {
    const equals = piece.indexOf("=");
    const name = (equals < 0 ? piece : piece.slice(0, equals)).trim();
    const value = equals < 0 ? "" : piece.slice(equals + 1).trim();
    sink.add("cookie", `cookie.${name}`, name.toLowerCase(), percentDecode(name, false).text, true);
    sink.add("cookie", `cookie.${name}`, name.toLowerCase(), percentDecode(value, false).text);
  }
}

function readBody(bytes: Uint8Array, contentType: string, mediaType: string, sink: FieldSink): void {
  if (mediaType.startsWith("multipart/")) return readMultipart(bytes, contentType, sink);
  const limit = BUDGET.totalChars + 1;
  if (bytes.length > limit) sink.faults.add("request-too-long");
  const text = bodyText(bytes.subarray(0, limit), sink.oddities);
  const first = text.trimStart()[0];
  if (/[/+]json$/.test(mediaType)) return readJson(text, sink);
  if (/[/+]xml$/.test(mediaType)) return readXml(text, sink);
  if (mediaType === "application/x-www-form-urlencoded") return readForm(text, "form", "body", sink);
  // Nothing that we were told, or nothing that we know: as one text, and as what it looks like.
  const isForm = first !== "{" && first !== "[" && first !== "<" && text.includes("=");
  sink.add("body", "body", "", isForm ? percentDecode(text, false).text : text);
  if (first === "{" || first === "[") readJson(text, sink);
  else if (first === "<") readXml(text, sink);
  else if (isForm) readForm(text, "form", "body", sink);
}

function readForm(text: string, kind: FieldKind, prefix: string, sink: FieldSink): void {
  let start = 0;
  for (let parts = 0; start <= text.length; parts++) {
    if (parts >= BUDGET.fields) return void sink.faults.add("too-many-fields");
    const found = text.indexOf("&", start);
    const end = found < 0 ? text.length : found;
    const equals = text.indexOf("=", start);
    const split = equals < 0 || equals > end ? end : equals;
    const name = percentDecode(text.slice(start, split), true, sink.oddities).text;
    const value = percentDecode(text.slice(Math.min(split + 1, end), end), true, sink.oddities).text;
    if (name !== "" || value !== "") sink.pair(kind, prefix, name, value);
    start = end + 1;
  }
}
