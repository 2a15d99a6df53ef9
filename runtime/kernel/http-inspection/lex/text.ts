import { type Field } from "../parse/fields";
import { type HtmlTag, htmlTags } from "./html";
import { strayBrackets, strayQuotes } from "./quotes";
import { type ShellCommand, shellCommands } from "./shell";
import { type SqlToken, sqlTokens } from "./sql";

/** One form of one field, and its readings, each made when first asked for. */
export class Text {
  readonly lower: string;
  private readonly marks = new Uint8Array(128);
  private sqlReadings?: readonly (readonly SqlToken[])[];
  private tags?: readonly HtmlTag[];
  private commands?: readonly ShellCommand[];
  private plain?: string;
  private quotes?: readonly number[];
  private brackets?: readonly number[];

  constructor(
    readonly raw: string,
    readonly field: Field,
  ) {
    this.lower = raw.toLowerCase();
    for (let i = 0; i < raw.length; i++) {
      const code = raw.charCodeAt(i);
      if (code < 128) this.marks[code] = 1;
    }
  }

  /** Whether any of the ASCII characters occurs. */
  has(chars: string): boolean {
    for (let i = 0; i < chars.length; i++) if (this.marks[chars.charCodeAt(i)] === 1) return true;
    return false;
  }

  /** The text as SQL: as it stands, and as it reads from inside each quote that it has. */
  get sql(): readonly (readonly SqlToken[])[] {
    if (this.sqlReadings === undefined) {
      const readings = [sqlTokens(this.raw)];
      for (const quote of ["'", '"', "`"] as const) if (this.has(quote)) readings.push(sqlTokens(this.raw, quote));
      this.sqlReadings = readings;
    }
    return this.sqlReadings;
  }

  /** Places of quotes that nothing explains. */
  get strayQuotes(): readonly number[] {
    return (this.quotes ??= this.has("'\"`") ? strayQuotes(this.raw) : []);
  }

  /** Places of closing brackets that close nothing. */
  get strayBrackets(): readonly number[] {
    return (this.brackets ??= this.has(")") ? strayBrackets(this.raw) : []);
  }

  get html(): readonly HtmlTag[] {
    return (this.tags ??= this.has("<") ? htmlTags(this.raw) : []);
  }

  get shell(): readonly ShellCommand[] {
    return (this.commands ??= shellCommands(this.raw));
  }

  /** Lower-case, without comments of C and without blanks: what a script reads of it. */
  get compact(): string {
    return (this.plain ??= compacted(this.lower));
  }
}

function compacted(text: string): string {
  let out = text;
  if (text.includes("/*")) {
    out = "";
    for (let at = 0; ;) {
      const open = text.indexOf("/*", at);
      out += text.slice(at, open < 0 ? text.length : open);
      const close = open < 0 ? -1 : text.indexOf("*/", open + 2);
      if (close < 0) break;
      at = close + 2;
    }
  }
  return out.replace(/[\s\0]/g, "");
}
