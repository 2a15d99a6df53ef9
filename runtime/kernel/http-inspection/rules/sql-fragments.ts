import { sqlTokens } from "../lex/sql";
import { type Text } from "../lex/text";
import { is, isLiteral, type Tokens } from "./sql-tokens";
import { chain, operator } from "./sql-shapes";
import { SQL_FUNCTIONS } from "./sql-functions";
import { RESERVED } from "./sql-words";

/**
 * Fragments: short values that make sense only as a piece of a statement, because a quote or a bracket in them belongs to a
 * statement around them, or because SQL is all there is. What would be a sentence is not asked here (`isTerse`).
 */

const JOINING = new Set(["or", "and", "xor", "||", "&&", "having", "nand", "nor"]);
const WORD_OPERATORS = new Set([
  "like",
  "rlike",
  "regexp",
  "glob",
  "is",
  "in",
  "between",
  "ilike",
  "similar",
  "sounds",
  "div",
  "mod",
  "not",
  "collate",
  "match",
  "escape",
  "isnull",
  "notnull",
]);
const VERBS = new Set([
  "select",
  "union",
  "insert",
  "update",
  "delete",
  "drop",
  "alter",
  "create",
  "truncate",
  "exec",
  "execute",
  "declare",
  "waitfor",
  "shutdown",
  "print",
  "merge",
  "replace",
  "intersect",
  "except",
  "minus",
  "case",
  "limit",
  "offset",
  "procedure",
  "into",
  "from",
  "where",
  "group",
  "order",
  "as",
]);

/** A quote that the text does not explain, and SQL right behind it. */
export function goesOnAfterQuote(text: Text): boolean {
  return text.strayQuotes.some((at) => {
    const tokens = sqlTokens(text.raw.slice(at + 1));
    return (
      goesOn(tokens, text.raw, at) || (isLiteral(tokens[0]) && tokens[0]!.kind === "string" && continuesList(tokens))
    );
  });
}

/** A bracket that closes one of the statement's, and SQL right behind it. */
export function goesOnAfterBracket(text: Text): boolean {
  return text.strayBrackets.some((at) => {
    const tokens = sqlTokens(text.raw.slice(at + 1));
    const [first, second] = tokens;
    if (first === undefined) return false;
    if (first.kind === "comment") return first.open;
    if (first.kind === "logic") return second !== undefined && (second.kind !== "word" || tokens.length > 2);
    if (first.kind === "compare") return second !== undefined && second.kind !== "word";
    if (is(first, "as")) return is(tokens[2], "from") || second?.kind === "string";
    if (is(first, "when", "order", "group", "union", "limit", "procedure", "from"))
      return (
        second !== undefined && (second.kind !== "word" || is(second, "by", "all", "select", "distinct", "analyse"))
      );
    return first.kind === ";" && second !== undefined && RESERVED.has(second.text);
  });
}

function goesOn(tokens: Tokens, raw: string, at: number): boolean {
  const [first, second, third] = tokens;
  if (first === undefined) return false;
  const atStart = at === 0;
  switch (first.kind) {
    case "comment":
      return first.open && first.text !== "/*" ? true : second !== undefined || first.open;
    case ";":
      return true;
    case "logic":
      return second !== undefined || JOINING.has(first.text);
    case "compare":
      return /[a-z]/.test(first.text) ? second !== undefined && (second.kind !== "word" || third !== undefined) : true;
    case "operator":
    case ",":
      return (
        second !== undefined &&
        (isLiteral(second) || second.kind === "(" || SQL_FUNCTIONS.has(second.text) || second.open)
      );
    case ")":
      return second !== undefined && second.kind !== "word";
    case "(":
      return second !== undefined && (second.kind !== "word" || RESERVED.has(second.text) || tokens[2]?.kind === "(");
    case "word":
      if (WORD_OPERATORS.has(first.text))
        return second !== undefined && !(second.kind === "word" && tokens.length > 4 && !RESERVED.has(second.text));
      if (!VERBS.has(first.text) || second === undefined) return false;
      // 'select one' is a quotation that was not closed; a break-out has a statement's next word, or is short.
      return atStart || /\s/.test(raw[at + 1] ?? "") || second.kind !== "word" || RESERVED.has(second.text);
    case "number":
    case "string":
    case "variable":
    case "other":
      return first.text === "%" || first.text === "?" ? second !== undefined && second.kind !== "word" : false;
  }
}

/** `' ', 10`: strings and numbers in a row, which a list of values is. */
function continuesList(tokens: Tokens): boolean {
  const rest = tokens.slice(1, 6);
  return (
    rest.some(({ kind }) => kind === "number") &&
    rest.every(({ kind }) => kind === "number" || kind === "string" || kind === ",")
  );
}

const CALLED = new Set(["in", "local", "time", "values", "if"]);

/** The call of a function that nothing closes: the statement around it would. */
export function openCall(tokens: Tokens): boolean {
  let depth = 0;
  for (let at = tokens.length - 1; at >= 0; at--) {
    const { kind } = tokens[at]!;
    if (kind === ")") depth++;
    else if (kind === "(" && depth-- === 0) {
      let name = at - 1;
      while (name >= 0 && at - name <= 7 && !isNaming(tokens[name]!.kind) && !CALLED.has(tokens[name]!.text)) name--;
      const called = tokens[name]?.text.replace(/\.$/, "") ?? "";
      if (CALLED.has(called) || SQL_FUNCTIONS.has(called)) return true;
      depth = 0;
    }
  }
  return false;
}

function isNaming(kind: string): boolean {
  return kind === "word" || kind === "number";
}

/** The value is a comparison of literals and nothing else: `1=1`, `42 like 42`, `'a'='a`. */
export function wholeCondition(tokens: Tokens): boolean {
  const at = tokens.findIndex(({ kind }) => kind === "compare");
  const before = tokens[at - 2];
  if (at < 1 || tokens.length > at + 4 || at > 3) return false;
  if (before !== undefined && before.kind !== "," && before.kind !== "(" && before.kind !== "string") return false;
  const [left, right] = [tokens[at - 1]!, tokens[at + 1]];
  if (right === undefined || !isLiteral(left) || !isLiteral(right) || left.kind !== right.kind) return false;
  const operator = tokens[at]!.text;
  if (/[a-z]/.test(operator)) return operator !== "is" && operator !== "in" && left.text === right.text;
  if (operator === "!=" || operator === "<>") return left.kind === "string" || left.text !== right.text;
  return left.kind === "string" || (left.text === right.text && operator !== "<" && operator !== ">");
}

/** `and 1 =`, `or 'a' <`: a condition on a literal is joined to what the statement has before it. */
export function joinedCondition(tokens: Tokens): boolean {
  return tokens.some((token, at) => {
    if (token.kind !== "logic" || token.text === "where") return false;
    let next = at + 1;
    while (tokens[next]?.kind === "(" || is(tokens[next], "not", "!", "-", "+", "~", "binary")) next++;
    const literal = tokens[next];
    if (literal === undefined || !isLiteral(literal)) return false;
    while (tokens[next + 1]?.kind === ")") next++;
    const operator = tokens[next + 1];
    const filter = tokens[at - 2]?.kind === "compare" && tokens[at - 3]?.kind === "word";
    return operator?.kind === "compare" && !/[a-z]/.test(operator.text) && !filter;
  });
}

/** `AS name FROM`, `CASE WHEN`, `HAVING COUNT(...)`: clauses that no sentence has in this order. */
export function wholeClause(tokens: Tokens): boolean {
  if (tokens.length > 24) return false;
  return tokens.some((token, at) => {
    const next = tokens[at + 1];
    const before = tokens[at - 1];
    if (is(token, "as")) return is(tokens[at + 2], "from") && before?.kind !== "word" && next !== undefined;
    if (is(token, "case")) return is(next, "when") && tokens.slice(at + 2, at + 12).some((one) => is(one, "then"));
    if (is(token, "when")) return before?.kind === ")" && isLiteral(next) && is(tokens[at + 2], "then");
    if (is(token, "having"))
      return (
        tokens.slice(at + 1, at + 8).some(({ kind, text }) => kind === "compare" && !/[a-z]/.test(text)) &&
        (at === 0 || is(tokens[at - 2], "by"))
      );
    if (is(token, "group"))
      return is(next, "by") && tokens.slice(at + 2).some((one) => is(one, "having") || one.kind === "(");
    if (is(token, "from"))
      return (
        at === 0 &&
        next?.kind === "word" &&
        is(tokens[at + 2], "limit", "where", "group", "order") &&
        tokens.length <= 12
      );
    return false;
  });
}

/** An operator of SQL at the start or the end: an operand is in the statement around the value. */
export function danglingOperator(tokens: Tokens): boolean {
  if (tokens.length > 6) return false;
  const ends = tokens.length - 1;
  return tokens.some(
    (_token, at) =>
      (at === 0 || at >= ends - 1) &&
      !isLiteral(tokens[at + 1]) &&
      operator(tokens, at) &&
      (at !== 0 || !is(tokens[0], "exec", "execute")),
  );
}

/** `and name =`, `or (name) <`: a condition joined to the statement around the value. */
export function joinedName(tokens: Tokens): boolean {
  if (tokens.length > 12) return false;
  return tokens.some((token, at) => {
    const before = tokens[at - 1];
    return (
      (before === undefined || (before.kind !== "word" && before.kind !== ",")) &&
      chain(tokens, at) &&
      !is(token, "having", "between")
    );
  });
}
