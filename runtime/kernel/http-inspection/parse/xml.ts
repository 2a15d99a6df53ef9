import { BUDGET } from "../limits";
import { decodeEntities } from "../transform/entities";
import { type FieldSink } from "./fields";

/**
 * Every text, attribute, comment and declaration of an XML text, well-formed or not. Entities are the predefined and the
 * numeric ones; declared ones are never expanded, their declaration is a text like others.
 */
export function readXml(text: string, sink: FieldSink): void {
  const names: string[] = [];
  const where = (): string => `body./${names.slice(0, 8).join("/")}`;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("<", at);
    const end = open < 0 ? text.length : open;
    const content = text.slice(at, end).trim();
    if (content !== "") sink.add("xml", where(), names.at(-1) ?? "", decodeEntities(content));
    if (open < 0) break;
    if (text.startsWith("<![CDATA[", open)) {
      at = section(text, open + 9, "]]>", (inner) => sink.add("xml", where(), names.at(-1) ?? "", inner));
    } else if (text.startsWith("<!--", open)) {
      at = section(text, open + 4, "-->", (inner) => sink.add("xml", `${where()}#comment`, "", inner));
    } else if (text[open + 1] === "!") {
      at = declaration(text, open);
      sink.add("xml", "body.#declaration", "", text.slice(open, at));
    } else if (text[open + 1] === "?") {
      at = section(text, open + 2, "?>", (inner) => {
        if (!/^xml[\s]/i.test(inner)) sink.add("xml", "body.#instruction", "", `<?${inner}`);
      });
    } else {
      at = endOfTag(text, open);
      if (at > text.length) sink.faults.add("xml-malformed");
      const tag = text.slice(open + 1, at - 1);
      if (tag.startsWith("/")) names.pop();
      else {
        if (names.length >= BUDGET.depth) return void sink.faults.add("xml-too-deep");
        const name = /^[^\s/>]{0,100}/.exec(tag)![0];
        names.push(name.toLowerCase());
        attributes(tag.slice(name.length), where(), sink);
        if (tag.endsWith("/")) names.pop();
      }
    }
  }
}

function section(text: string, from: number, close: string, take: (inner: string) => void): number {
  const end = text.indexOf(close, from);
  take(text.slice(from, end < 0 ? text.length : end));
  return end < 0 ? text.length : end + close.length;
}

/** After the ">" that ends a declaration and what it has in brackets. */
function declaration(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (char === "<") depth++;
    else if (char === ">" && --depth === 0) return i + 1;
  }
  return text.length;
}

/** After the ">" that ends a tag; longer than the text where it has none. */
function endOfTag(text: string, from: number): number {
  let quote = "";
  for (let i = from; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return i + 1;
  }
  return text.length + 1;
}

const ATTRIBUTE = /([^\s=/"']{1,100})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"']{1,2000}))/g;

function attributes(tag: string, where: string, sink: FieldSink): void {
  if (!tag.includes("=")) return;
  for (const match of tag.matchAll(ATTRIBUTE)) {
    const value = match[2] ?? match[3] ?? match[4] ?? "";
    sink.add("xml", `${where}@${match[1]}`, match[1]!.toLowerCase(), decodeEntities(value));
  }
}
