/**
 * Quotes and brackets that nothing in the text explains. Whoever writes to people pairs quotes around words, elides letters
 * (O'Brien, 'n', '90s, goin'), marks possession (parents') or measures (5' 10"); whoever breaks out of a literal leaves one
 * over, for the application has the other one.
 */

/** Beyond this many quotes a text is data of its own kind, and says nothing. */
const MOST = 24;

/** Places of quotes without an explanation, in the order in which they stand. Linear in the text. */
export function strayQuotes(text: string): number[] {
  const stray: number[] = [];
  const open: { quote: string; at: number }[] = [];
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const quote = text[at]!;
    if (quote !== "'" && quote !== '"' && quote !== "`") continue;
    if (++count > MOST) return [];
    const before = text[at - 1] ?? "";
    const after = text[at + 1] ?? "";
    if (before === "\\") {
      stray.push(at);
      continue;
    }
    // An empty pair is a doubled quote: a literal goes on, and nothing is broken out of.
    if (after === quote && (isLetter(text[at + 2] ?? "") || at + 2 === text.length)) {
      at++;
      continue;
    }
    const partner = open.findLastIndex((one) => one.quote === quote);
    if (partner >= 0 && closes(before, after, text.slice(at + 1, at + 4))) {
      open.length = partner;
      continue;
    }
    if (quote === "'" && isElision(text, at, before, after)) continue;
    if (quote !== "`" && isDigit(before) && isMeasure(text.slice(at + 1, at + 12))) continue;
    if (opens(before, after)) open.push({ quote, at });
    else stray.push(at);
  }
  for (const { at } of open) stray.push(at);
  return stray.sort((a, b) => a - b);
}

/** Places of closing brackets that no opening one precedes; those of emoticons and of enumerations left out. */
export function strayBrackets(text: string): number[] {
  const stray: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && depth > 0) depth--;
    else if (text[at] === ")" && !/[:;=8-]/.test(text[at - 1] ?? "")) stray.push(at);
  }
  return stray;
}

const JOINS = /^\s*(?:x?or|n?and|div|mod|like|is|in|not|between|union|having|select|order|group|limit)\b/i;

function opens(before: string, after: string): boolean {
  return (before === "" || /[\s([{:=,>/&|!~+-]/.test(before)) && after !== "" && /[^\s'"`;)\]}=<>|,]/.test(after);
}

/** `"a": 1` and `"a", "b"` and `("a")`; an operator after it is for `follows` to judge. */
function closes(before: string, after: string, rest: string): boolean {
  return /\S/.test(before) && (after === "" || /[\s.,:!?)\]}&]/.test(after) || /^[-;/>]/.test(rest));
}

function isElision(text: string, at: number, before: string, after: string): boolean {
  if (isLetter(before) && isLetter(after)) return true;
  // Possession and the lost end of a word: parents' home, goin' home, un po' di; not admin' or.
  const rest = text.slice(at + 1, at + 12);
  if (/[sxzSXZ]/.test(before) || (/(?:in|\bp?o)$/i.test(text.slice(Math.max(0, at - 3), at)) && !JOINS.test(rest)))
    return after === "" || /[\s.,!?)]/.test(after);
  // The lost start of one: 'n', 'tis, '90s, 's-Hertogenbosch.
  return (
    (before === "" || /\s/.test(before)) &&
    /^(?:n\b(?!')|t(?:is|was|il)\b|em\b|cause\b|s-|\d0s\b|\d\d\b(?!\s*[^\w\s]))/i.test(text.slice(at + 1, at + 12))
  );
}

/** After feet, inches, minutes: the end, the next measure, or an ordinary word; not an operator. */
function isMeasure(rest: string): boolean {
  return /^(?:"|')?\s*(?:$|\d|x\s?\d|[-–,.]\s|[NESW]\b|in [a-z]|(?!(?:x?or|n?and|div|mod|like|is|in|not|between|union|having|order|group|limit|procedure|regexp|rlike)\b)[a-z]{2})/i.test(
    rest,
  );
}

function isLetter(char: string): boolean {
  return char !== "" && /[\p{L}\d]/u.test(char);
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}
