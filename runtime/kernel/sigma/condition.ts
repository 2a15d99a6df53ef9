import { invalid, type Place, unsupported } from "./faults";
import { all, any, type Tree } from "./tree";

const MAX_DEPTH = 64;
const MAX_TOKENS = 4096;
const TOKEN = /\s*(\(|\)|[^\s()]+)/y;
const NAME = /^[\p{L}\p{N}_.*-]+$/u;

/**
 * A rule's condition over its search identifiers. Binding, weakest first: `or`, `and`, `not`, `1 of`/`all of`, parentheses
 * (Sigma 2.1.0, "Condition").
 */
export function parseCondition(text: string, searches: ReadonlyMap<string, Tree>, place: Place): Tree {
  const tokens = tokensOf(text, place);
  let position = 0;
  const peek = (): string | undefined => tokens[position]?.toLowerCase();

  const or = (depth: number): Tree => {
    if (depth > MAX_DEPTH) throw unsupported(place, `the condition nests deeper than ${MAX_DEPTH}`);
    const of = [and(depth)];
    while (peek() === "or") {
      position++;
      of.push(and(depth));
    }
    return any(of);
  };
  const and = (depth: number): Tree => {
    const of = [not(depth)];
    while (peek() === "and") {
      position++;
      of.push(not(depth));
    }
    return all(of);
  };
  const not = (depth: number): Tree => {
    let negations = 0;
    for (; peek() === "not"; position++) negations++;
    const tree = primary(depth);
    return negations % 2 === 1 ? { kind: "not", of: tree } : tree;
  };
  const primary = (depth: number): Tree => {
    const token = tokens[position++];
    if (token === undefined) throw invalid(place, "the condition ends where a search identifier should be");
    if (token === "(") {
      const tree = or(depth + 1);
      if (tokens[position++] !== ")") throw invalid(place, "a parenthesis is not closed");
      return tree;
    }
    const word = token.toLowerCase();
    if ((word === "1" || word === "all" || word === "any") && peek() === "of") {
      position++;
      const of = matching(tokens[position++], searches, place);
      return word === "all" ? all(of) : any(of);
    }
    if (["and", "or", "not", "of", ")"].includes(word)) throw invalid(place, `"${token}" stands where no operator may`);
    const tree = searches.get(token);
    if (!tree)
      throw invalid(place, `"${token}" is not a search identifier; there are ${[...searches.keys()].join(", ")}`);
    return tree;
  };

  const tree = or(0);
  if (position < tokens.length)
    throw invalid(place, `"${tokens[position]}" is left over; and, or is missing before it`);
  return tree;
}

function tokensOf(text: string, place: Place): string[] {
  if (text.includes("|")) {
    throw unsupported(place, "aggregations behind a pipe left Sigma with version 2; write a correlation rule");
  }
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const token = found[1]!;
    if (token !== "(" && token !== ")" && !NAME.test(token)) {
      throw invalid(place, `"${token}" is neither an operator nor a search identifier`);
    }
    tokens.push(token);
    if (tokens.length > MAX_TOKENS) throw unsupported(place, `the condition has more than ${MAX_TOKENS} words`);
  }
  return tokens;
}

function matching(pattern: string | undefined, searches: ReadonlyMap<string, Tree>, place: Place): Tree[] {
  if (pattern === undefined || pattern === "(" || pattern === ")") {
    throw invalid(place, `"of" is followed by "them" or a pattern of search identifiers`);
  }
  const parts = pattern.split("*");
  const found: Tree[] = [];
  for (const [name, tree] of searches) {
    if (pattern.toLowerCase() === "them" ? !name.startsWith("_") : fits(name, parts)) found.push(tree);
  }
  if (found.length === 0) throw invalid(place, `no search identifier is of "${pattern}"`);
  return found;
}

/** Whether the name is of the parts with anything between them. */
function fits(name: string, parts: readonly string[]): boolean {
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return name === first;
  const last = rest.pop()!;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let position = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position <= name.length - last.length;
}
