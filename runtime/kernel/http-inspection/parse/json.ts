import { BUDGET } from "../limits";
import { type FieldSink } from "./fields";

/**
 * Every key and every scalar of a JSON text, duplicates and the remains of a malformed text included: what one parser throws
 * away another one may act on. This reads for inspection only; what a body means is for `JSON.parse` and the schema.
 */
export function readJson(text: string, sink: FieldSink): void {
  const path: (string | number)[] = [];
  const kinds: ("{" | "[")[] = [];
  let key: string | undefined;
  let seen = false;
  const where = (): string => {
    let out = "body.$";
    for (const step of path.slice(0, 8)) out += typeof step === "number" ? `[${step}]` : `.${step.slice(0, 40)}`;
    return key === undefined ? out : `${out}.${key.slice(0, 40)}`;
  };
  const name = (): string => (key ?? String(path.findLast((step) => typeof step === "string") ?? "")).toLowerCase();
  for (let i = 0; i < text.length;) {
    const char = text[i]!;
    if (char === '"') {
      const end = endOfString(text, i + 1);
      const raw = text.slice(i + 1, end);
      const value = unescape(raw);
      i = end + 1;
      if (end >= text.length) sink.faults.add("json-malformed");
      if (kinds.at(-1) === "{" && key === undefined) {
        key = value;
        sink.add("json", where(), value.toLowerCase(), value, true);
      } else {
        sink.add("json", where(), name(), value);
        if (kinds.length === 0) seen = true;
      }
      continue;
    }
    i++;
    if (char === "{" || char === "[") {
      if (kinds.length >= BUDGET.depth) return void sink.faults.add("json-too-deep");
      if (kinds.at(-1) === "{") path.push(key ?? "");
      else if (kinds.at(-1) === "[") path.push(0);
      kinds.push(char);
      key = undefined;
      seen = true;
    } else if (char === "}" || char === "]") {
      if (kinds.pop() !== (char === "}" ? "{" : "[")) sink.faults.add("json-malformed");
      path.pop();
      key = undefined;
    } else if (char === ",") {
      key = undefined;
    } else if (char !== ":" && char > " ") {
      let end = i;
      while (end < text.length && !/[\s,:{}[\]"]/.test(text[end]!)) end++;
      const word = text.slice(i - 1, end);
      if (!/^(?:true|false|null|-?\d{1,400}(?:\.\d{1,400})?(?:[eE][-+]?\d{1,9})?)$/.test(word)) {
        sink.faults.add("json-malformed");
        sink.add("json", where(), name(), word);
      } else if (word.length > 4) sink.add("json", where(), name(), word);
      i = end;
    }
  }
  if (kinds.length > 0 || !seen) sink.faults.add("json-malformed");
}

function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescape(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_all, hex: string | undefined, char: string) =>
    hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : (ESCAPES[char] ?? char),
  );
}
