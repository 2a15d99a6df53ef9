/** Text as case-insensitive matching sees it. Lower case of a capital sigma depends on what is beside it; here it does not. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes("ς") ? lower.replaceAll("ς", "σ") : lower;
}

/** What an event has under a field's name. */
export interface FieldValue {
  /** Whether the event has the field at all, be it null. */
  readonly present: boolean;
  /** Absent, or null. */
  readonly isNull: boolean;
  /** Its values as text: one, or those of a list. */
  readonly texts: readonly string[];
  /** The same in lower case. */
  readonly lower: readonly string[];
}

const ABSENT: FieldValue = { present: false, isNull: true, texts: [], lower: [] };
const NULL: FieldValue = { present: true, isNull: true, texts: [], lower: [] };

/** Values of one field, and characters of an event's text, beyond which the rest is not looked at. */
const MAX_VALUES = 1024;
const MAX_TEXT = 1_048_576;
const MAX_DEPTH = 32;

/** Names of the places in an event at which a rule's field may be; the first that is there counts. */
export type FieldNames = (field: string) => readonly string[];

const itself: FieldNames = (field) => [field];

/**
 * An event as rules look at it: fields by name, where `a.b` is the member `a.b` or the member `b` of `a`, of each item where `a`
 * is a list. Only members that the event itself has are seen, never what it inherits. Every value is looked up once.
 */
export class EventView {
  private readonly known = new Map<string, FieldValue>();
  private allText: string | undefined;

  constructor(
    private readonly root: unknown,
    private readonly names: FieldNames = itself,
  ) {}

  field(name: string): FieldValue {
    let value = this.known.get(name);
    if (value === undefined) {
      value = this.lookUp(name);
      this.known.set(name, value);
    }
    return value;
  }

  /** The first value of the field; undefined where it has none. */
  first(name: string): string | undefined {
    return this.field(name).texts[0];
  }

  /** Every value of the event, one per line: what keywords are looked for in. */
  text(): string {
    if (this.allText === undefined) {
      const lines: string[] = [];
      const left = { characters: MAX_TEXT };
      collectText(this.root, lines, left, 0);
      this.allText = lines.join("\n");
    }
    return this.allText;
  }

  private lookUp(name: string): FieldValue {
    for (const path of this.names(name)) {
      const found: unknown[] = [];
      collect(this.root, path, found, 0);
      if (found.length > 0) return valueOf(found);
    }
    return ABSENT;
  }
}

function collect(node: unknown, path: string, found: unknown[], depth: number): void {
  if (node === null || typeof node !== "object" || depth > MAX_DEPTH || found.length >= MAX_VALUES) return;
  if (Array.isArray(node)) {
    for (const item of node) collect(item, path, found, depth + 1);
    return;
  }
  if (Object.hasOwn(node, path)) {
    found.push((node as Record<string, unknown>)[path]);
    return;
  }
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(node, head)) continue;
    collect((node as Record<string, unknown>)[head], path.slice(dot + 1), found, depth + 1);
    return;
  }
}

function valueOf(found: readonly unknown[]): FieldValue {
  const texts: string[] = [];
  for (const value of found.flat(2)) {
    if (texts.length >= MAX_VALUES) break;
    const text = textOf(value);
    if (text !== undefined) texts.push(text);
  }
  if (texts.length === 0) return found.flat(2).length === 0 ? { ...NULL, isNull: false } : NULL;
  return { present: true, isNull: false, texts, lower: texts.map(fold) };
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return `${value as string | number | boolean | bigint}`;
}

function collectText(node: unknown, lines: string[], left: { characters: number }, depth: number): void {
  if (left.characters <= 0 || depth > MAX_DEPTH) return;
  if (node !== null && typeof node === "object") {
    for (const value of Object.values(node)) collectText(value, lines, left, depth + 1);
    return;
  }
  const text = textOf(node)?.slice(0, left.characters);
  if (text === undefined) return;
  left.characters -= text.length + 1;
  lines.push(text);
}
