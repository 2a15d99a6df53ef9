import { breaks, is, isLiteral, type Tokens } from "./sql-tokens";
import { RESERVED } from "./sql-words";

export function clause(tokens: Tokens, at: number): boolean {
  const token = tokens[at]!;
  const next = tokens[at + 1];
  if (is(token, "order", "group") && is(next, "by")) return true;
  if (is(token, "having"))
    return tokens.slice(at + 1, at + 8).some((other) => other.kind === "compare" && !/[a-z]/.test(other.text));
  if (is(token, "case")) return next?.kind === "word" && is(next, "when") && breaks(tokens, at) && at > 0;
  if (is(token, "when")) return tokens[at - 1]?.kind === ")" || (next?.kind === "number" && breaks(tokens, at));
  if (is(token, "as")) return is(tokens[at + 2], "from") && tokens[at - 1]?.kind !== "word" && breaks(tokens, at);
  if (is(token, "from")) return next?.kind === "word" && is(tokens[at + 2], "limit", "where", "join");
  if (is(token, "::"))
    return (
      tokens[at + 1]?.kind === "word" &&
      tokens[at]!.glued &&
      /^(?:int|text|bool|bigint|double|char|varchar|date|numeric|json|float|name|oid|reg)/.test(tokens[at + 1]!.text)
    );
  if (is(token, "in")) return next?.kind === "(" && is(tokens[at + 2], "select");
  if (is(token, "limit")) return next?.kind === "number" && breaks(tokens, at);
  return false;
}

export function comparison(tokens: Tokens, at: number): boolean {
  const token = tokens[at]!;
  if (token.kind !== "compare") return false;
  const left = tokens[at - 1];
  const right = tokens[at + 1];
  if (is(token, "in", "is")) return false;
  if (/[a-z]/.test(token.text)) {
    return (
      (left?.kind === "number" && right?.kind === "number" && left.text === right.text) ||
      (left?.kind === ")" && right?.kind === "(") ||
      (right?.kind === "string" && right.open && at > 0) ||
      is(right, "binary")
    );
  }
  return (
    isLiteral(left) &&
    isLiteral(right) &&
    left!.kind === right!.kind &&
    (left!.kind === "string" || left!.text === right!.text || token.text === "<=>")
  );
}

const CHAINS = new Set(["and", "or", "xor", "&&", "||", "nand", "not", "div", "like", "between", "having", "mod"]);

/** `and x = 1`, `1 or 2 -`, `like (x) +`. */
export function chain(tokens: Tokens, at: number): boolean {
  if (!CHAINS.has(tokens[at]!.text) || tokens[at]!.kind === "string" || tokens.length > 16) return false;
  // "price < 100 and rating > 4" is a filter.
  if (tokens[at - 2]?.kind === "compare" && tokens[at - 3]?.kind === "word") return false;
  let next = at + 1;
  while (tokens[next]?.kind === "(") next++;
  const value = tokens[next];
  if (value === undefined || (value.kind !== "word" && !isLiteral(value))) return false;
  next++;
  while (tokens[next]?.kind === ")") next++;
  const after = tokens[next];
  if (after === undefined) return false;
  if (after.kind === "compare" && !/[a-z]/.test(after.text))
    return tokens[next + 1] !== undefined || after.text === "=";
  return (
    isLiteral(value) &&
    isLiteral(tokens[at - 1]) &&
    (after.kind === "operator" || after.kind === "comment" || after.text === ";")
  );
}

const OPERATOR_WORDS = new Set(["xor", "rlike", "regexp", "glob", "isnull", "notnull"]);
const OPERATOR_SIGNS = new Set(["||", "&&", "<=>", "!=", "<>"]);

export function operator(tokens: Tokens, at: number): boolean {
  const token = tokens[at]!;
  const next = tokens[at + 1];
  if (token.kind === "string") return false;
  if (OPERATOR_WORDS.has(token.text)) return true;
  if (OPERATOR_SIGNS.has(token.text)) return true;
  if (token.text === "is") return is(next, "null") || (is(next, "not") && is(tokens[at + 2], "null"));
  if (token.text === "not")
    return (
      is(next, "between", "in", "like", "regexp", "rlike", "similar") &&
      tokens[at + 2] !== undefined &&
      tokens[at + 2]!.kind !== "word"
    );
  if (token.text === "sounds") return is(next, "like");
  if (token.text === "like") return is(next, "null");
  if (token.text === "in") return next?.kind === "(" && isLiteral(tokens[at + 2]);
  if (token.text === "between") return isLiteral(next) || next?.kind === "(";
  if (is(token, "not", "is") && is(next, "binary", "true", "false", "unknown", "distinct")) return true;
  if (is(token, "collate", "binary", "escape")) return isLiteral(next) || next?.kind === "(";
  if ((token.text === "<" || token.text === ">") && next?.text === token.text && next.glued) return true;
  if (token.kind === "compare")
    return (
      isLiteral(tokens[at - 1]) && isLiteral(next) && !/[a-z]/.test(token.text) && tokens[at - 1]!.text === next!.text
    );
  return (
    is(token, "execute", "exec") && at === 0 && (next?.kind === "word" || next?.kind === "(") && tokens.length === 2
  );
}

export function specials(text: string, most: number): number {
  let count = 0;
  for (let i = 0; i < text.length && count < most; i++) {
    const code = text.charCodeAt(i);
    const word = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code > 127;
    if (!word && code > 32 && code !== 46 && code !== 44 && code !== 95 && code !== 47 && code !== 37) count++;
  }
  return count;
}

/** After the first quote of a quoted reading: what goes on as SQL does. */
export function quoteBreak(tokens: Tokens, at: number, reading: number): boolean {
  if (at !== 0 || reading === 0) return false;
  const next = tokens[1];
  if (next === undefined) return false;
  if (next.kind === ";") return true;
  if (next.kind === "logic") return tokens.length > 2 || next.glued;
  if (next.kind === "compare" && /[a-z]/.test(next.text)) {
    return (
      tokens[2] !== undefined && (tokens[2].kind !== "word" || is(tokens[2], "not", "null", "true", "false", "binary"))
    );
  }
  if (is(next, "div", "mod", "not", "collate", "match", "escape", "sounds", "isnull", "notnull"))
    return tokens.length > 2;
  const last = tokens.at(-1)!;
  if (next.kind === "operator" || next.text === "||" || next.text === "&&") return last.kind === "comment" || last.open;
  if (next.kind === ")")
    return (
      tokens[2] !== undefined &&
      (tokens[2].kind === "logic" || tokens[2].kind === "comment" || RESERVED.has(tokens[2].text))
    );
  return (
    next.kind === "word" &&
    RESERVED.has(next.text) &&
    !is(
      next,
      "as",
      "all",
      "end",
      "not",
      "set",
      "from",
      "where",
      "when",
      "then",
      "else",
      "order",
      "group",
      "limit",
      "case",
      "join",
      "values",
    )
  );
}
