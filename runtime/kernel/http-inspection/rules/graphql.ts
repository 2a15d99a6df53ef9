import { bounded } from "./rule";

/** Depth of braces of a query; 0 for JSON. */
export function nesting(text: string): number {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") most = Math.max(most, ++depth);
    else if (text[i] === "}") depth--;
  }
  return text.includes('"') && text.trimStart().startsWith("{") && text.includes('":') ? 0 : most;
}

const ALIASES = bounded("^\\s{0,10}(?:query|mutation|subscription|\\{)");
const ALIASES_2 = bounded("[\\w]{1,40}\\s{0,4}:\\s{0,4}\\w{1,40}\\s{0,4}[({]", "g");

/** Fields asked for by another name: how one query asks the same a hundred times. */
export function aliases(text: string): number {
  if (!ALIASES.test(text)) return 0;
  let count = 0;
  for (const _match of text.matchAll(ALIASES_2)) count++;
  return count;
}
