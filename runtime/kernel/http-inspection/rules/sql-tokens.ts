import { type SqlToken } from "../lex/sql";
import { type Text } from "../lex/text";
import { isFree } from "./where";

export type Tokens = readonly SqlToken[];

/** Whether it holds at some token of some reading; the reading's number says in which quote it began (0: in none). */
export function somewhere(text: Text, test: (tokens: Tokens, at: number, reading: number) => boolean): boolean {
  if (!isFree(text)) return false;
  // A path is words and dashes; SQL in it needs a bracket, a quote, a comparison or a blank.
  if (text.field.kind === "path" && !text.has("'\"()=;<>|`")) return false;
  return text.sql.some((tokens, reading) => tokens.some((_token, at) => test(tokens, at, reading)));
}

const BREAKS = new Set(["string", "number", ")", ";", "operator", "compare", "logic", "(", ","]);

/** A place where injected SQL can go on: the start, or after a value, an operator or a bracket; not after a word. */
export function breaks(tokens: Tokens, at: number): boolean {
  const before = tokens[at - 1];
  return before === undefined || BREAKS.has(before.kind);
}

export function is(token: SqlToken | undefined, ...texts: string[]): boolean {
  return token !== undefined && texts.includes(token.text);
}

export function isLiteral(token: SqlToken | undefined): boolean {
  return token?.kind === "number" || token?.kind === "string" || token?.kind === "variable";
}

export function isCall(tokens: Tokens, at: number, names: ReadonlySet<string>): boolean {
  const token = tokens[at];
  if (token?.kind !== "word" && token?.kind !== "compare") return false;
  return tokens[at + 1]?.kind === "(" && names.has(token.text);
}
