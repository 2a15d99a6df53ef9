const PUNCTUATION = /[^A-Za-z0-9]/;
/** Characters that others are folded to by case-insensitive matching, and that their lower case does not show (s, k, beyond ASCII). */
const FOLDED = /[skSK]|[^\x20-\x7e]/;

/**
 * The longest text that whatever matches the expression contains, as far as that can be told without understanding all of it;
 * undefined where that is none. Wrong would be a text that a match need not contain: what is in doubt ends a text.
 */
export function regexLiteral(source: string, insensitive: boolean): string | undefined {
  if (source.includes("\\Q")) return undefined;
  const folded = insensitive || /\(\?[a-zA-Z-]*i/.test(source);
  let longest = "";
  let run = "";
  const end = (): void => {
    if (run.length > longest.length) longest = run;
    run = "";
  };
  for (let index = 0; index < source.length; index++) {
    const character = source[index]!;
    const next = source[index + 1] ?? "";
    if (character === "|") return undefined;
    if (character === "(" || character === "[") {
      index = character === "(" ? groupEnd(source, index) : classEnd(source, index);
      end();
    } else if (character === "*" || character === "?" || character === "{") {
      // What stands before it may be absent.
      run = run.slice(0, -1);
      end();
      if (character === "{") index = closing(source, index);
    } else if (character === "\\" && PUNCTUATION.test(next)) {
      run += next;
      index++;
    } else if (character === "\\") {
      if (/[xpPu0-9]/.test(next)) return undefined;
      index++;
      end();
    } else if (character === "+" || character === "." || character === "^" || character === "$") end();
    else if (folded && FOLDED.test(character)) end();
    else run += character;
  }
  end();
  return longest === "" ? undefined : longest;
}

/** The place of the parenthesis that closes the one here; the end where there is none. */
function groupEnd(source: string, from: number): number {
  let depth = 0;
  for (let index = from; index < source.length; index++) {
    const character = source[index];
    if (character === "\\") index++;
    else if (character === "[") index = classEnd(source, index);
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return index;
  }
  return source.length;
}

function classEnd(source: string, from: number): number {
  let index = from + 1;
  if (source[index] === "^") index++;
  if (source[index] === "]") index++;
  for (; index < source.length && source[index] !== "]"; index++) {
    if (source[index] === "\\") index++;
    else if (source.startsWith("[:", index)) index = Math.max(index, source.indexOf(":]", index) + 1);
  }
  return index;
}

function closing(source: string, from: number): number {
  const found = source.indexOf("}", from);
  return found < 0 ? source.length : found;
}
