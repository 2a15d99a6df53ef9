import { bounded, words } from "./rule";

/** What pages are made of, and texts in them are not. */
export const PAGE_ELEMENTS =
  words(`body html head title form input button textarea select isindex keygen marquee comment set xml xss
  listener noscript template htmlfile`);

/** What editors of rich text write. */
export const RICH =
  words(`a abbr b blockquote br code col del div em figure figcaption font h1 h2 h3 h4 h5 h6 hr i img ins li mark ol p pre q s
  small span strong sub sup table tbody td th thead tr u ul caption colgroup`);

export const BREAK_OUT = bounded(
  "[\"'`]\\s{0,4}/?>\\s{0,4}<[a-z!/?]|^\\s{0,4}(?:--)?/?>\\s{0,4}<[a-z!/?]|</(?:title|textarea|style|script|noscript|xmp)\\s{0,4}>",
);
export const OPEN_ELEMENT = bounded("<[a-z][a-z0-9:-]{0,30}[\\s/][^<>]{0,120}=[^<>]{0,120}$");
const AFTER_BRACKET = bounded("<([^<>a-z0-9]{0,6}[a-z][^<>]{3,60})", "g");
const SPLIT_NAME = bounded(
  "^(?:script|iframe|frameset|applet|embed|isindex|bgsound|ilayer|object|noscript|textarea|marquee)",
);
const WHOLE_NAME = bounded("^[a-z][a-z0-9-]{0,20}(?:[\\s/>]|$)");

/** `< script`, `<scr\0ipt`, `<s:c:r:i:p:t`: what is left without all that is no letter. */
export function splitElement(text: string): boolean {
  let count = 0;
  for (const match of text.matchAll(AFTER_BRACKET)) {
    if (++count > 50) return false;
    const raw = match[1]!;
    if (WHOLE_NAME.test(raw)) continue;
    const blank = /^[\s]/.test(raw);
    const name = raw.slice(0, 40).replace(blank ? /^[^a-z]+/ : /[^a-z]/g, "");
    if (SPLIT_NAME.test(name) && (!blank || /^[a-z]{4,10}(?:[\s/>=]|$)/.test(name))) return true;
  }
  return false;
}
