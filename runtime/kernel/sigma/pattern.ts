/** A wildcard of a Sigma string: any characters, or exactly one. */
export const ANY = 0;
export const ONE = 1;
export type Token = string | typeof ANY | typeof ONE;

/** A Sigma string: literals and wildcards, never two literals or two ANYs side by side, no empty literal. */
export type Pattern = readonly Token[];

/**
 * Reads a Sigma string. The backslash escapes a wildcard or itself and is a plain character before anything else
 * (Sigma 2.1.0, "Escape Character"), so `C:\Windows` and `C:\\Windows` are the same.
 */
export function parsePattern(text: string): Pattern {
  const tokens: Token[] = [];
  let literal = "";
  let escaped = false;
  const wildcard = (token: typeof ANY | typeof ONE): void => {
    if (literal !== "") tokens.push(literal);
    literal = "";
    tokens.push(token);
  };
  for (const character of text) {
    if (escaped) {
      literal += character === "*" || character === "?" || character === "\\" ? character : `\\${character}`;
      escaped = false;
    } else if (character === "\\") escaped = true;
    else if (character === "*") wildcard(ANY);
    else if (character === "?") wildcard(ONE);
    else literal += character;
  }
  if (escaped) literal += "\\";
  if (literal !== "") tokens.push(literal);
  return joined(tokens);
}

export function literalPattern(text: string): Pattern {
  return text === "" ? [] : [text];
}

/** Puts an unbounded wildcard before and after, as the modifiers `contains`, `startswith` and `endswith` do. */
export function surrounded(pattern: Pattern, before: boolean, after: boolean): Pattern {
  return joined([...(before ? [ANY] : []), ...pattern, ...(after ? [ANY] : [])] as Token[]);
}

/** The text of a pattern without wildcards; undefined where it has some. */
export function plainText(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return "";
  const [only] = pattern;
  return pattern.length === 1 && typeof only === "string" ? only : undefined;
}

export function mapLiterals(pattern: Pattern, map: (literal: string) => string): Pattern {
  return pattern.map((token) => (typeof token === "string" ? map(token) : token));
}

/** A function that tells whether the whole of a text is of the pattern; time is at most length of text x pattern. */
export function patternMatcher(pattern: Pattern): (text: string) => boolean {
  const plain = plainText(pattern);
  if (plain !== undefined) return (text) => text === plain;
  const [first, second, third] = pattern;
  if (pattern.length === 1 && first === ANY) return () => true;
  if (pattern.length === 2 && first === ANY && typeof second === "string") return (text) => text.endsWith(second);
  if (pattern.length === 2 && typeof first === "string" && second === ANY) return (text) => text.startsWith(first);
  if (pattern.length === 3 && first === ANY && typeof second === "string" && third === ANY) {
    return (text) => text.includes(second);
  }
  if (!pattern.includes(ONE)) return segmentMatcher(pattern);
  return characterMatcher(pattern);
}

/** Only ANYs between literals: each is found at its leftmost place, so nothing is ever tried twice. */
function segmentMatcher(pattern: Pattern): (text: string) => boolean {
  const literals = pattern.filter((token) => typeof token === "string");
  const head = typeof pattern[0] === "string" ? literals.shift()! : "";
  const tail = typeof pattern.at(-1) === "string" ? literals.pop()! : "";
  return (text) => {
    const end = text.length - tail.length;
    if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let position = head.length;
    for (const literal of literals) {
      const found = text.indexOf(literal, position);
      if (found < 0 || found + literal.length > end) return false;
      position = found + literal.length;
    }
    return position <= end;
  };
}

/** By code points, for ONE stands for a character and not for half of one; goes back to the last ANY only. */
function characterMatcher(pattern: Pattern): (text: string) => boolean {
  const steps = pattern.flatMap((token): Token[] => (typeof token === "string" ? Array.from(token) : [token]));
  return (text) => {
    const characters = Array.from(text);
    let at = 0;
    let step = 0;
    let retryStep = -1;
    let retryAt = 0;
    while (at < characters.length) {
      const token = steps[step];
      if (token === ANY) {
        retryStep = ++step;
        retryAt = at;
      } else if (token === ONE || (token !== undefined && token === characters[at])) {
        step++;
        at++;
      } else if (retryStep >= 0) {
        step = retryStep;
        at = ++retryAt;
      } else return false;
    }
    while (steps[step] === ANY) step++;
    return step === steps.length;
  };
}

function joined(tokens: readonly Token[]): Pattern {
  const result: Token[] = [];
  for (const token of tokens) {
    const last = result.at(-1);
    if (token === ANY && last === ANY) continue;
    if (typeof token === "string" && typeof last === "string") result[result.length - 1] = last + token;
    else if (token !== "") result.push(token);
  }
  return result;
}
