import type { Long } from "./longs";

/**
 * Values of Cedar as the compiled policies have them: booleans, strings and longs are JavaScript's own; everything else is an
 * object with a `key`, a text that two values share exactly where Cedar's `==` holds between them.
 */
export type Value = boolean | Long | string | Keyed;

export abstract class Keyed {
  abstract readonly key: string;
}

/** An entity's name. Its key starts with the type, which no other kind's does. */
export class Uid extends Keyed {
  readonly key: string;

  constructor(
    readonly type: string,
    readonly id: string,
  ) {
    super();
    this.key = uidKey(type, id);
  }

  /** As Cedar writes it. */
  override toString(): string {
    return `${this.type}::${JSON.stringify(this.id)}`;
  }
}

export function uidKey(type: string, id: string): string {
  return `${type}::"${id}"`;
}

export class SetValue extends Keyed {
  private readonly plain = new Set<boolean | Long | string>();
  private readonly keyed = new Map<string, Keyed>();
  private text: string | undefined;

  constructor(elements: Iterable<Value>) {
    super();
    for (const element of elements) {
      if (element instanceof Keyed) this.keyed.set(element.key, element);
      else this.plain.add(element);
    }
  }

  get key(): string {
    return (this.text ??= `[${[...this].map(keyOf).sort().join(",")}]`);
  }

  get size(): number {
    return this.plain.size + this.keyed.size;
  }

  has(value: Value): boolean {
    return value instanceof Keyed ? this.keyed.has(value.key) : this.plain.has(value);
  }

  *[Symbol.iterator](): Iterator<Value> {
    yield* this.plain;
    yield* this.keyed.values();
  }

  every(test: (value: Value) => boolean): boolean {
    for (const value of this) if (!test(value)) return false;
    return true;
  }

  some(test: (value: Value) => boolean): boolean {
    for (const value of this) if (test(value)) return true;
    return false;
  }
}

/** Attributes by name. */
export abstract class RecordValue extends Keyed {
  private text: string | undefined;

  abstract get(name: string): Value | undefined;
  abstract has(name: string): boolean;
  protected abstract entries(): Iterable<[string, Value]>;

  get key(): string {
    return (this.text ??= `{${[...this.entries()]
      .map(([name, value]) => `${JSON.stringify(name)}:${keyOf(value)}`)
      .sort()
      .join(",")}}`);
  }
}

export class MapRecord extends RecordValue {
  constructor(private readonly fields: ReadonlyMap<string, Value>) {
    super();
  }

  get(name: string): Value | undefined {
    return this.fields.get(name);
  }

  has(name: string): boolean {
    return this.fields.has(name);
  }

  protected entries(): Iterable<[string, Value]> {
    return this.fields;
  }
}

/** The value as a part of another's key: quoted, so that no id can pass for two. */
function keyOf(value: Value): string {
  if (value instanceof Uid) return value.toString();
  if (value instanceof Keyed) return value.key;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Cedar's `==`: between any two values, false for values of different types. */
export function equal(a: Value, b: Value): boolean {
  return a === b || (a instanceof Keyed && b instanceof Keyed && a.key === b.key);
}

/** What a value is, for messages. */
export function kindOf(value: Value): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (!(value instanceof Keyed)) return "long";
  if (value instanceof Uid) return `(entity of type \`${value.type}\`)`;
  if (value instanceof SetValue) return "set";
  return value instanceof RecordValue ? "record" : "extension value";
}
