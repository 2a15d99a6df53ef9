import { MnoError } from "../../../exports";
import { markedLong } from "./long-literals";

/** One policy or template of a text, as it stands there. */
export interface PolicyText {
  readonly text: string;
  /** Where it starts in the whole. */
  readonly offset: number;
  /** Whether it has slots. */
  readonly template: boolean;
  /** Its when and unless clauses, as they stand there. */
  readonly clauses: readonly string[];
  /** The text with longs that a JavaScript number cannot hold marked; undefined where it has none. */
  readonly marked: string | undefined;
}

/** What a policy text may ask of cedar-wasm: it recurses on the stack, and a stack that ran over ends it. */
const MAX_NESTING = 64;
/** Operators in a row nest too, in what the parser makes of them; `&&` and `||` nest less than the others. */
const MAX_OPERATORS = 250;
const MAX_CONNECTIVES = 500;

const TOKEN =
  /\/\/[^\n]*|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z0-9_]*|\d+|\?|[()[\]{};]|&&|\|\||[!=<>]=|[-+*!<>.]|[^\s"]|"/g;
const OPERATORS = new Set(["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "!", ".", "if", "in", "has", "like", "is"]);
const CLAUSES = new Set(["when", "unless"]);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Takes a text apart into its policies, each ending in ";" outside of texts and comments. What a policy means is left to
 * cedar-wasm; here it is only seen to that it can be parsed within the stack. Errors: MNO_POLICY_INVALID.
 */
export function splitPolicies(whole: string): PolicyText[] {
  if (!whole.isWellFormed()) throw invalid(whole, loneSurrogate(whole), "half of a character (a lone surrogate)");
  const policies: PolicyText[] = [];
  let current = new Draft(0);
  for (const { 0: token, index } of whole.matchAll(TOKEN)) {
    if (token.startsWith("//")) continue;
    if (current.isEmpty) current = new Draft(index);
    if (token === '"') throw invalid(whole, index, "a text that does not end");
    const complaint = current.take(token, index);
    if (complaint !== undefined) throw invalid(whole, index, complaint);
    if (token !== ";") continue;
    policies.push(current.finish(whole, index + 1));
    current = new Draft(index + 1);
  }
  if (!current.isEmpty) throw invalid(whole, whole.length, 'a policy that does not end in ";"');
  return policies;
}

class Draft {
  isEmpty = true;
  private readonly brackets: string[] = [];
  private operators = 0;
  private connectives = 0;
  private template = false;
  private readonly longs: { at: number; digits: string }[] = [];
  private readonly clauses: { from: number; to: number }[] = [];
  private clauseFrom: number | undefined;

  constructor(private readonly offset: number) {}

  /** Returns what is wrong with it. */
  take(token: string, index: number): string | undefined {
    this.isEmpty = false;
    if ("([{".includes(token)) {
      this.brackets.push(token);
      if (this.brackets.length > MAX_NESTING) return `brackets nested deeper than ${MAX_NESTING}`;
    } else if (")]}".includes(token)) {
      this.brackets.pop();
      if (this.brackets.length === 0 && token === "}" && this.clauseFrom !== undefined) {
        this.clauses.push({ from: this.clauseFrom, to: index + 1 });
        this.clauseFrom = undefined;
      }
    } else if (this.brackets.length === 0 && CLAUSES.has(token)) {
      this.clauseFrom = index;
    } else if (OPERATORS.has(token)) {
      this.operators++;
      if (this.operators > MAX_OPERATORS) return `more than ${MAX_OPERATORS} operators in one policy`;
    } else if (token === "&&" || token === "||") {
      this.connectives++;
      if (this.connectives > MAX_CONNECTIVES) return `more than ${MAX_CONNECTIVES} of && and || in one policy`;
    } else if (token === "?") {
      this.template = true;
    } else if (/^\d/.test(token) && BigInt(token.slice(0, 30)) > MAX_SAFE) {
      this.longs.push({ at: index, digits: token });
    }
    return undefined;
  }

  finish(whole: string, end: number): PolicyText {
    let marked = "";
    let from = this.offset;
    for (const { at, digits } of this.longs) {
      marked += whole.slice(from, at) + markedLong(digits);
      from = at + digits.length;
    }
    return {
      text: whole.slice(this.offset, end),
      offset: this.offset,
      template: this.template,
      clauses: this.clauses.map(({ from: start, to }) => whole.slice(start, to)),
      marked: this.longs.length === 0 ? undefined : marked + whole.slice(from, end),
    };
  }
}

function loneSurrogate(text: string): number {
  return [...text.matchAll(/[^]/gu)].find(([character]) => !character.isWellFormed())!.index;
}

/** Line and column, both from 1, of an offset in UTF-16 units. */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return `${line}:${offset - before.lastIndexOf("\n")}`;
}

/** Of many offsets in rising order, in one pass. */
export function placesOf(text: string, offsets: readonly number[]): string[] {
  let line = 1;
  let lineStart = 0;
  return offsets.map((offset) => {
    for (let end = text.indexOf("\n", lineStart); end >= 0 && end < offset; end = text.indexOf("\n", lineStart)) {
      line++;
      lineStart = end + 1;
    }
    return `${line}:${offset - lineStart + 1}`;
  });
}

/** cedar-wasm counts bytes of UTF-8. */
export function unitsOf(text: string, bytes: number): number {
  return Buffer.from(text, "utf8").subarray(0, bytes).toString("utf8").length;
}

function invalid(whole: string, offset: number, what: string): MnoError {
  return new MnoError("MNO_POLICY_INVALID", `line ${placeOf(whole, offset)}: ${what}`);
}
