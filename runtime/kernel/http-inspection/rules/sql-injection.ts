import { type Text } from "../lex/text";
import { bounded } from "./rule";
import { SQL_FUNCTIONS } from "./sql-functions";
import { breaks, is, isCall, isLiteral, type Tokens } from "./sql-tokens";
import { RESERVED, STATEMENTS } from "./sql-words";

const UNARY = new Set(["not", "binary", "!", "~", "-", "+", "(", "exists", "distinct", "all", "any", "some"]);

/** OR/AND after a value, and after it what is true, false or asks something. */
export function tautology(tokens: Tokens, at: number, reading: number): boolean {
  const token = tokens[at]!;
  if (token.kind !== "logic" || token.text === "where") return false;
  const left = tokens[at - 1];
  const leftIsValue = isLiteral(left) || left?.kind === ")";
  let next = at + 1;
  while (tokens[next] !== undefined && UNARY.has(tokens[next]!.text)) next = next + 1;
  const right = tokens[next];
  if (right === undefined) return false;
  if (is(right, "select") && leftIsValue) return true;
  const after = tokens[next + 1];
  const symbolic = after?.kind === "compare" && !/[a-z]/.test(after.text);
  const beyond = tokens[next + 2];
  if (after?.kind === "compare") {
    const comparesLiteral = isLiteral(beyond) || is(beyond, "null", "true", "false", "(", "not", "array", "similar");
    if (isLiteral(right) && comparesLiteral) return symbolic || leftIsValue;
    // An unfinished comparison ends in the quote that the application adds.
    // "price < 100 and rating > 4" is a filter: both sides compare a name.
    const filter = reading === 0 && tokens[at - 2]?.kind === "compare" && tokens[at - 3]?.kind === "word";
    if (leftIsValue && right.kind === "word" && !filter)
      return comparesLiteral || (symbolic && beyond?.kind === "word");
  }
  if (!leftIsValue) return false;
  if (isCall(tokens, next, SQL_FUNCTIONS)) return true;
  const ends =
    after === undefined || after.kind === "comment" || after.kind === ";" || after.kind === ")" || after.open;
  if (reading > 0 && left?.kind === "string") {
    if (right.kind === "string" && right.open && after === undefined) return true;
    if ((right.kind === "number" || is(right, "true", "false", "null")) && ends) return true;
  }
  return (
    isLiteral(left) &&
    (right.kind === "number" || is(right, "true", "false")) &&
    (after?.kind === "comment" || token.text.length > 3)
  );
}

/** UNION [ALL] SELECT and its kin, with something to select. */
export function union(tokens: Tokens, at: number): boolean {
  if (!is(tokens[at], "union", "except", "intersect", "minus")) return false;
  let next = at + 1;
  while (is(tokens[next], "all", "distinct", "(", "distinctrow", "unique")) next = next + 1;
  if (is(tokens[next], "values") && tokens[next + 1]?.kind === "(") return true;
  if (!/^select(?:\.|$)/.test(tokens[next]?.text ?? "")) return false;
  if (tokens[next]!.text !== "select" || breaks(tokens, at)) return true;
  const first = tokens[next + 1];
  const second = tokens[next + 2];
  return first === undefined || first.kind !== "word" || is(first, "null", "@") || is(second, "from", ",", "(");
}

/** SELECT with a list that only SQL writes, where SQL can stand. */
export function select(tokens: Tokens, at: number, loose: boolean): boolean {
  if (!is(tokens[at], "select") || !(loose || breaks(tokens, at))) return false;
  let telling = false;
  for (let next = at + 1; next < Math.min(tokens.length, at + 60); next++) {
    const token = tokens[next]!;
    if (is(token, "from")) {
      const source = tokens[next + 1];
      if (RESERVED.has(source?.text ?? "") || source?.text === "to") return false;
      if (source === undefined || (source.kind !== "word" && source.kind !== "(")) return telling;
      const follows = tokens[next + 2];
      const clause = follows === undefined || follows.kind !== "word" || CLAUSES.has(follows.text);
      return telling || (clause && next - at <= 2) || (loose && clause);
    }
    if (token.kind === "(" && next > at + 1 && tokens[next - 1]?.kind === "word") {
      if (SQL_FUNCTIONS.has(tokens[next - 1]!.text)) telling = true;
    } else if (
      token.kind === "number" ||
      token.kind === "variable" ||
      token.kind === "(" ||
      is(token, "*", "null", "case", "select", "having") ||
      (is(token, "group", "order") && is(tokens[next + 1], "by"))
    )
      telling = true;
    if (next === at + 1 && tokens.length <= at + 3 && (telling || token.kind === "(")) return true;
  }
  if (tokens.slice(at + 1, at + 4).some((token, i) => token.kind === "(" && i < 3) && at <= 1) return telling;
  return at > 0 && tokens[at - 1]!.kind !== "," && telling && tokens[at - 1]!.kind !== "number";
}

const CLAUSES = new Set([
  "where",
  "limit",
  "order",
  "group",
  "join",
  "inner",
  "left",
  "as",
  "union",
  "having",
  "natural",
  "cross",
]);

const CONTINUATIONS = new Set(
  "add drop modify rename set change character cascade restrict values select from where if or and table like with as by on engine for returns default using exists into".split(
    " ",
  ),
);

/** After verb, object and name comes what SQL has there: "drop table leaf dining table" is no statement. */
function goesOn(tokens: Tokens, at: number): boolean {
  if (tokens[at]!.text === "order" || tokens[at]!.text === "group") {
    return tokens[at + 2]?.kind === "number" && (tokens[at + 3] === undefined || tokens[at + 3]!.kind !== "word");
  }
  const after = tokens[at + 3];
  return (
    after === undefined ||
    after.kind !== "word" ||
    CONTINUATIONS.has(after.text) ||
    CONTINUATIONS.has(tokens[at + 2]!.text)
  );
}

/** DROP TABLE and the like, where a statement can begin. */
export function statement(tokens: Tokens, at: number): boolean {
  const token = tokens[at]!;
  if (token.kind !== "word") return false;
  const next = tokens[at + 1];
  const second = Object.hasOwn(STATEMENTS, token.text) ? STATEMENTS[token.text] : undefined;
  if (second !== undefined && next?.kind === "word" && second.has(next.text.split(".", 1)[0]!))
    return goesOn(tokens, at);
  if (is(token, "declare")) return next?.kind === "variable";
  if (is(token, "update")) return is(tokens[at + 2], "set");
  if (is(token, "set")) return next?.kind === "variable" && tokens[at + 2]?.kind === "compare";
  if (is(token, "exec", "execute"))
    return (
      (next?.kind === "variable" && !next.glued) ||
      (next?.kind === "(" && (isLiteral(tokens[at + 2]) || next.glued) && tokens[at + 2]?.kind !== ")")
    );
  return false;
}

const CUT = bounded('\\d" ?');

/** Comment that cuts off the rest of the statement, straight after the quote or bracket that was closed. */
export function cut(tokens: Tokens, at: number, reading: number, text: Text): boolean {
  const token = tokens[at]!;
  if (token.kind !== "comment" || at === 0 || reading === 0) return false;
  let before = at - 1;
  while (before > 0 && (tokens[before]!.kind === ")" || tokens[before]!.kind === ";")) before--;
  if (before !== 0 || tokens[0]!.kind !== "string") return false;
  // 15" #1: inches.
  return token.open && !(tokens[0]!.text === '"' && CUT.test(text.raw));
}

/** `'='`, `'||'`, `'+(`: a string closed, and an expression goes on. */
export function concatenation(tokens: Tokens, at: number, reading: number): boolean {
  if (at !== 0 || reading === 0 || tokens.length < 2) return false;
  const operator = tokens[1]!;
  const symbolic =
    (operator.kind === "compare" || operator.kind === "operator" || operator.text === "||" || operator.text === "&&") &&
    !/[a-z]/.test(operator.text);
  if (!symbolic || is(operator, ":", "&")) return false;
  const right = tokens[2];
  if (right?.kind === "(") return is(tokens[3], "select") || isCall(tokens, 3, SQL_FUNCTIONS);
  if (isCall(tokens, 2, SQL_FUNCTIONS)) return true;
  return right?.kind === "string" && operator.kind !== "operator" && (right.open || tokens.length <= 4);
}

const QUOTATION = bounded("(?:^|[\\s:(])([\"'])(?:x?or|and)\\b[^\"'=<>]{0,60}\\1(?:$|[\\s.,)])", "i");

/** "or" between quotes that belong together: the word is quoted, and joins nothing. */
export function isQuotation(text: Text): boolean {
  return QUOTATION.test(text.raw) && text.strayQuotes.length === 0;
}
