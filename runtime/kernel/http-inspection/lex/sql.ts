/**
 * SQL as a stream of tokens, tolerant of every dialect, for texts that may be the middle of a statement. Two more readings
 * begin inside a string, as the text would if it were put between quotes.
 */
export type SqlKind =
  | "number"
  | "string"
  | "word"
  | "logic"
  | "compare"
  | "operator"
  | "variable"
  | "comment"
  | "("
  | ")"
  | ","
  | ";"
  | "other";

export interface SqlToken {
  readonly kind: SqlKind;
  /** Lower-case; of strings only the quote. Comments stand only at the end, for what is inside is nothing to SQL. */
  readonly text: string;
  /** A string that no quote ends; a comment that goes on to the end. */
  readonly open: boolean;
  /** Nothing lies between this token and the one before. */
  readonly glued: boolean;
}

const LOGIC = new Set(["or", "and", "xor", "||", "&&", "having", "where"]);
const COMPARE_WORDS = new Set(["like", "rlike", "regexp", "glob", "is", "in", "between", "ilike", "similar", "sounds"]);
const COMPARE = new Set(["=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "==", "!<", "!>", "~", "!~", "~*", ":="]);

/** `quote`: "" for as it stands, or the quote it is thought to be in. */
export function sqlTokens(text: string, quote: "" | "'" | '"' | "`" = ""): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  let glued = false;
  const push = (kind: SqlKind, value: string, open = false): void => {
    tokens.push({ kind, text: value, open, glued });
    glued = true;
  };
  if (quote !== "") {
    const end = text.indexOf(quote);
    if (end < 0) return tokens;
    push("string", quote);
    at = end + 1;
  }
  while (at < text.length) {
    const char = text[at]!;
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 0xa0) {
      glued = false;
      at++;
    } else if (isWordStart(code)) {
      const end = wordEnd(text, at);
      const word = text.slice(at, Math.min(end, at + 64)).toLowerCase();
      at = end;
      push(LOGIC.has(word) ? "logic" : COMPARE_WORDS.has(word) ? "compare" : "word", word);
    } else if (isDigit(code) || (char === "." && isDigit(text.charCodeAt(at + 1)))) {
      const end = numberEnd(text, at);
      push("number", text.slice(at, Math.min(end, at + 64)).toLowerCase());
      at = end;
    } else if (char === "'" || char === '"' || char === "`") {
      const end = stringEnd(text, at + 1, char);
      push(char === "`" && end <= text.length ? "word" : "string", char, end > text.length);
      at = end;
    } else if ((char === "-" && text[at + 1] === "-") || char === "#") {
      const end = text.indexOf("\n", at);
      const last = end < 0 || text.slice(end, end + 200).trim() === "";
      if (last) push("comment", char === "#" ? "#" : "--", true);
      glued = false;
      at = last ? text.length : end + 1;
    } else if (char === "/" && text[at + 1] === "*") {
      glued = false;
      if (/[!+]/.test(text[at + 2] ?? "")) {
        // MySQL runs what is in `/*!50000 ... */`.
        at += 3;
        while (at < text.length && isDigit(text.charCodeAt(at))) at++;
        continue;
      }
      const end = text.indexOf("*/", at + 2);
      if (end < 0) push("comment", "/*", true);
      at = end < 0 ? text.length : end + 2;
    } else if (char === "*" && text[at + 1] === "/") {
      at += 2;
    } else if (char === "@") {
      let end = at + 1;
      while (text[end] === "@") end++;
      end = wordEnd(text, end);
      push(end > at + 1 ? "variable" : "other", text.slice(at, Math.min(end, at + 64)).toLowerCase());
      at = end;
    } else if (char === "(" || char === ")" || char === "," || char === ";") {
      push(char, char);
      at++;
    } else {
      const operator = operatorAt(text, at);
      push(LOGIC.has(operator) ? "logic" : COMPARE.has(operator) ? "compare" : kindOf(operator), operator);
      at += operator.length;
    }
  }
  return tokens;
}

const OPERATORS = ["<=>", "||", "&&", "<=", ">=", "<>", "!=", "==", "!<", "!>", "::", ":=", "!~", "~*"];

function operatorAt(text: string, at: number): string {
  return OPERATORS.find((operator) => text.startsWith(operator, at)) ?? text[at]!;
}

function kindOf(operator: string): SqlKind {
  return "+-*/%^|&!~:".includes(operator) || operator === "::" ? "operator" : "other";
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36 || code > 0xbf;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isWordStart(code) && !isDigit(code) && code !== 46) break;
  }
  return at;
}

function numberEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code) && code !== 46 && !(code >= 97 && code <= 122) && !(code >= 65 && code <= 90)) break;
  }
  return at;
}

/** After the quote that ends a string; longer than the text where none does. */
function stringEnd(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return text.length + 1;
}
