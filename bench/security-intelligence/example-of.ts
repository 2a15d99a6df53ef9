/** A text that a regular expression matches, of the syntax that rules use; undefined for what it cannot read. */
export function exampleOf(source: string): string | undefined {
  const reader = new Reader(source);
  try {
    const text = reader.alternatives();
    return reader.done ? text : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

const CLASSES: Readonly<Record<string, string>> = {
  d: "7",
  w: "w",
  s: " ",
  D: "x",
  W: "-",
  S: "x",
  b: "",
  B: "",
  A: "",
  z: "",
};
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };
/** Candidates of a negated class. */
const OTHERS = "xZ7 -_./\\:;,@#=";

class Reader {
  private at = 0;
  constructor(private readonly source: string) {}

  get done(): boolean {
    return this.at === this.source.length;
  }

  /** The first of the alternatives; the others are read over. */
  alternatives(): string {
    const first = this.sequence();
    while (this.take("|")) this.sequence();
    return first;
  }

  private sequence(): string {
    let text = "";
    while (!this.done && this.peek !== "|" && this.peek !== ")") {
      const atom = this.atom();
      text += atom.repeat(this.repetitions());
    }
    return text;
  }

  private atom(): string {
    const character = this.next();
    switch (character) {
      case "^":
      case "$":
        return "";
      case ".":
        return "x";
      case "(":
        return this.group();
      case "[":
        return this.characterClass();
      case "\\":
        return this.escape();
      default:
        return character;
    }
  }

  private group(): string {
    if (this.take("?")) {
      const flags = /^(?::|P?<\w+>|[imsU-]*:|[imsU-]*\))/.exec(this.source.slice(this.at))?.[0];
      if (flags === undefined) throw new Unreadable();
      this.at += flags.length;
      if (flags.endsWith(")")) return "";
    }
    const text = this.alternatives();
    if (!this.take(")")) throw new Unreadable();
    return text;
  }

  private characterClass(): string {
    const negated = this.take("^");
    const from = this.at;
    if (this.peek === "]") this.at++;
    while (!this.done && this.peek !== "]") {
      if (this.take("[")) this.at = this.source.indexOf("]", this.at) + 1;
      else this.at += this.peek === "\\" ? 2 : 1;
    }
    const body = this.source.slice(from, this.at);
    if (!this.take("]")) throw new Unreadable();
    if (!negated) {
      if (body.startsWith("\\")) return new Reader(body.slice(0, body.startsWith("\\x") ? 4 : 2)).alternatives();
      return body.startsWith("[:") ? "a" : body[0]!;
    }
    const expression = new RegExp(`[^${body}]`);
    const found = [...OTHERS].find((character) => expression.test(character));
    if (found === undefined) throw new Unreadable();
    return found;
  }

  private escape(): string {
    const character = this.next();
    if (character === "x") {
      const code = /^(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]+\})/.exec(this.source.slice(this.at))?.[0];
      if (code === undefined) throw new Unreadable();
      this.at += code.length;
      return String.fromCodePoint(parseInt(code.replace(/[{}]/g, ""), 16));
    }
    if (character in CLASSES) return CLASSES[character]!;
    return ESCAPES[character] ?? character;
  }

  private repetitions(): number {
    const found = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})[?+]?/.exec(this.source.slice(this.at));
    if (!found) return 1;
    this.at += found[0].length;
    return found[1] === undefined ? 1 : Number(found[1]);
  }

  private get peek(): string | undefined {
    return this.source[this.at];
  }

  private take(character: string): boolean {
    if (this.peek !== character) return false;
    this.at++;
    return true;
  }

  private next(): string {
    const character = this.source[this.at++];
    if (character === undefined) throw new Unreadable();
    return character;
  }
}
