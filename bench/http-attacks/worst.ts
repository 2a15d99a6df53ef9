import { type Inspected } from "./coraza";

/** UTF-16 units of each text. */
export const WORST_CHARS = 10_000;

/** Inputs that cost lexers, decoders and patterns the most: long runs of what each looks for and does not find. */
export function worstRequests(): Inspected[] {
  const size = WORST_CHARS;
  const fill = (piece: string): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
  const texts: Record<string, string> = {
    quotes: fill("'"),
    "quotes-and-words": fill("'a\"b`c "),
    "open-comments": fill("/*"),
    comments: fill("/**/"),
    "or-chain": fill("or 1 "),
    select: fill("select "),
    "select-list": `select ${fill("a,")}`,
    unions: fill("union all "),
    tags: fill("<a "),
    "open-tags": fill("<"),
    attributes: `<a ${fill("x='")}`,
    "shell-separators": fill(";|&"),
    "shell-words": fill("a;b|c "),
    substitutions: fill("$("),
    lookups: fill("${lower:"),
    "nested-lookups": `${"${lower:".repeat(1_000)}j${"}".repeat(1_000)}`,
    parentheses: fill("("),
    braces: fill("{{"),
    "php-calls": fill("a_b("),
    dots: fill("../"),
    percent: fill("%25"),
    entities: fill("&#x26;"),
    escapes: fill("\\x5c"),
    base64: Buffer.from(fill("runtim ")).toString("base64"),
    addresses: fill("http://1.2.3.4."),
    "line-breaks": fill("\r\n"),
    hyphens: fill("get-a-"),
    digits: fill("1."),
    backslashes: fill("\\"),
    blanks: fill(" "),
    words: fill("word "),
  };
  const form = Object.entries(texts).map(([name, text]) => ({
    name,
    body: `q=${encodeURIComponent(text)}`,
    type: "application/x-www-form-urlencoded",
  }));
  const json = [
    { name: "json-deep", body: "[".repeat(10_000), type: "application/json" },
    {
      name: "json-many",
      body: JSON.stringify(Array.from({ length: 3_000 }, (_none, index) => `v${index}'`)),
      type: "application/json",
    },
    { name: "xml-deep", body: "<a>".repeat(5_000), type: "application/xml" },
    {
      name: "form-many",
      body: Array.from({ length: 3_000 }, (_none, index) => `k${index}=v'`).join("&"),
      type: "application/x-www-form-urlencoded",
    },
    {
      name: "multipart-many",
      body: "--b\r\ncontent-disposition: form-data; name=a\r\n\r\nx\r\n".repeat(500),
      type: "multipart/form-data; boundary=b",
    },
  ];
  return [...form, ...json].map(({ name, body, type }) => ({
    id: name,
    request: { method: "POST", target: "/post", headers: { host: ["localhost"], "content-type": [type] } },
    body: Buffer.from(body),
  }));
}
