import { BUDGET } from "../limits";
import { bodyText, noOddities, type Oddities } from "./bytes";
import { type FieldSink } from "./fields";

/** One part of a multipart body. */
export interface Part {
  readonly name: string;
  /** Undefined for a part that is no file. */
  readonly fileName?: string;
  /** Lower-case names, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Uint8Array;
}

/** Faults are as those of `Fields`: two parsers would not read such a body alike. */
export interface Parts {
  readonly parts: readonly Part[];
  readonly faults: ReadonlySet<string>;
  /** What stands in no part, to be looked at all the same. */
  readonly rest: readonly Uint8Array[];
}

/** The parts of a multipart body (RFC 7578). Never throws. */
export function multipartParts(bytes: Uint8Array, contentType: string, oddities: Oddities = noOddities()): Parts {
  const faults = new Set<string>();
  const rest: Uint8Array[] = [];
  const parts: Part[] = [];
  const match = /boundary=(?:"([^"]{1,200})"|([^\s;,"]{1,200}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || (contentType.match(/boundary=/gi) ?? []).length > 1) faults.add("multipart-boundary");
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const delimiter = Buffer.from(`--${boundary ?? ""}`, "latin1");
  let at = boundary === undefined ? -1 : raw.indexOf(delimiter);
  if (at < 0) {
    faults.add("multipart-unterminated");
    return { parts, faults, rest: [raw] };
  }
  if (at > 0) rest.push(raw.subarray(0, at));
  for (;;) {
    const from = at + delimiter.length;
    if (raw[from] === 45 && raw[from + 1] === 45) break;
    if (parts.length + rest.length >= BUDGET.parts) {
      faults.add("too-many-fields");
      break;
    }
    const next = raw.indexOf(delimiter, from);
    const part = partOf(raw.subarray(from, next < 0 ? raw.length : next), faults, oddities);
    if (part instanceof Uint8Array) rest.push(part);
    else parts.push(part);
    if (next < 0) {
      faults.add("multipart-unterminated");
      break;
    }
    at = next;
  }
  return { parts, faults, rest };
}

/** The texts of a multipart body: names, values, file names, headers of parts, and the start of each file. */
export function readMultipart(bytes: Uint8Array, contentType: string, sink: FieldSink): void {
  const { parts, faults, rest } = multipartParts(bytes, contentType, sink.oddities);
  for (const fault of faults) sink.faults.add(fault);
  for (const piece of rest) {
    sink.add("body", "body", "", bodyText(piece.subarray(0, BUDGET.fieldChars), sink.oddities));
  }
  for (const { name, fileName, headers, content } of parts) {
    for (const [header, value] of headers) sink.add("header", `body#part.${header}`, `part.${header}`, value);
    if (fileName === undefined) {
      if (content.length > BUDGET.totalChars) sink.faults.add("request-too-long");
      sink.pair("form", "body", name, bodyText(content.subarray(0, BUDGET.totalChars), sink.oddities));
      continue;
    }
    const start = Buffer.from(content.subarray(0, BUDGET.fileChars)).toString("latin1");
    sink.add("form", `body.${name}`, name.toLowerCase(), name, true);
    sink.add("file-name", `body.${name}#filename`, name.toLowerCase(), fileName);
    sink.add("file", `body.${name}#file`, name.toLowerCase(), start);
  }
}

/** A part, or the bytes of what has no end of its headers. */
function partOf(bytes: Buffer, faults: Set<string>, oddities: Oddities): Part | Uint8Array {
  const crlf = bytes.indexOf("\r\n\r\n");
  const lf = bytes.indexOf("\n\n");
  const bare = crlf < 0 || (lf >= 0 && lf < crlf);
  const end = bare ? lf : crlf;
  if (end < 0) {
    faults.add("multipart-part-without-header-end");
    return bytes;
  }
  if (bare) faults.add("multipart-bare-line-feed");
  const content = bytes.subarray(end + (bare ? 2 : 4));
  const headers: [string, string][] = [];
  let name = "";
  let fileName: string | undefined;
  for (const line of bodyText(bytes.subarray(0, Math.min(end, 16_384)), oddities).split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const header = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (colon <= 0 || /[^a-z0-9-]/.test(header)) faults.add("multipart-header-name");
    if (/[^\t\x20-\x7e\u00a0-\uffff]/.test(line)) faults.add("multipart-header-characters");
    if (header === "content-transfer-encoding") faults.add("multipart-transfer-encoding");
    headers.push([header, line.slice(colon + 1).trim()]);
    if (header !== "content-disposition") continue;
    name = parameterOf(line, "name") ?? name;
    fileName = parameterOf(line, "filename") ?? parameterOf(line, "filename*");
    if (/[=;"'\r\n\0]/.test(`${fileName ?? ""}${name}`)) faults.add("multipart-name-characters");
  }
  const trimmed = content.at(-1) === 10 ? content.subarray(0, content.at(-2) === 13 ? -2 : -1) : content;
  return { name, ...(fileName !== undefined && { fileName }), headers, content: trimmed };
}

/** The value of a parameter of Content-Disposition, quoted or not. */
function parameterOf(line: string, name: string): string | undefined {
  const marker = `${name}=`;
  const lower = line.toLowerCase();
  for (let at = lower.indexOf(marker); at >= 0; at = lower.indexOf(marker, at + 1)) {
    if (!/[\s;]/.test(lower[at - 1] ?? "")) continue;
    const from = at + marker.length;
    if (line[from] !== '"') return line.slice(from).split(";", 1)[0]!.trim();
    let out = "";
    for (let i = from + 1; i < line.length && line[i] !== '"'; i++) {
      if (line[i] === "\\" && (line[i + 1] === '"' || line[i + 1] === "\\")) i++;
      out += line[i] ?? "";
    }
    return out;
  }
  return undefined;
}
