/** Tags of a text as a browser would find them (WHATWG HTML, section 13.2.5, tag states), ends missing or not. */
export interface HtmlTag {
  /** Lower-case, without a namespace prefix; "!" and "?" begin declarations and instructions. */
  readonly name: string;
  readonly closing: boolean;
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

const TAGS = 500;
const ATTRIBUTES = 50;

export function htmlTags(text: string): HtmlTag[] {
  const tags: HtmlTag[] = [];
  for (let at = text.indexOf("<"); at >= 0 && tags.length < TAGS; at = text.indexOf("<", at)) {
    at++;
    const closing = text[at] === "/";
    if (closing) at++;
    const start = at;
    while (
      at < text.length &&
      !isSpace(text.charCodeAt(at)) &&
      text[at] !== ">" &&
      text[at] !== "/" &&
      text[at] !== "<"
    ) {
      at++;
      if (at - start > 100) break;
    }
    const name = text.slice(start, at).toLowerCase();
    if (!/^[a-z!?%]/.test(name)) continue;
    const read = attributesOf(text, at);
    at = read.end;
    tags.push({ name: name.replace(/^[a-z]{1,20}:(?=[a-z])/, ""), closing, attributes: read.attributes });
  }
  return tags;
}

/** Attributes from here to the end of the tag; also for a text that begins inside a tag. */
export function attributesOf(text: string, from: number): { end: number; attributes: [string, string][] } {
  const attributes: [string, string][] = [];
  let at = from;
  while (at < text.length && text[at] !== ">" && text[at] !== "<") {
    const code = text.charCodeAt(at);
    if (isSpace(code) || text[at] === "/" || text[at] === '"' || text[at] === "'") {
      at++;
      continue;
    }
    const start = at;
    while (at < text.length && !isSpace(text.charCodeAt(at)) && !"=>/<\"'".includes(text[at]!)) at++;
    const name = text.slice(start, Math.min(at, start + 100)).toLowerCase();
    let next = at;
    while (isSpace(text.charCodeAt(next))) next++;
    let value = "";
    if (text[next] === "=") {
      next++;
      while (isSpace(text.charCodeAt(next))) next++;
      const quote = text[next];
      if (quote === '"' || quote === "'" || quote === "`") {
        const end = text.indexOf(quote, next + 1);
        value = text.slice(next + 1, end < 0 ? text.length : end);
        at = end < 0 ? text.length : end + 1;
      } else {
        const begin = next;
        while (next < text.length && !isSpace(text.charCodeAt(next)) && text[next] !== ">") next++;
        value = text.slice(begin, next);
        at = next;
      }
      if (attributes.length < ATTRIBUTES) attributes.push([name, value]);
    } else {
      if (attributes.length < ATTRIBUTES) attributes.push([name, ""]);
      if (at === start) at++;
    }
  }
  return { end: at, attributes };
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
}
