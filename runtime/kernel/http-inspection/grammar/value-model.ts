/**
 * What values of one parameter look like: Kruegel and Vigna, "Anomaly Detection of Web-based Attacks" (CCS 2003): length by
 * Chebyshev's inequality, distribution of character classes, structure by a Markov model (here of order 3, hashed into a
 * fixed table), type, and enumeration. Memory is fixed: about 6 KiB a parameter. Values themselves are never kept.
 */
const CELLS = 2_048;
const CONTEXTS = 512;
const ENUMERATION = 32;
const CLASSES = 6;
/** Characters of a value that the Markov model reads. */
const READ = 512;

export type ValueType =
  "integer" | "decimal" | "boolean" | "uuid" | "date" | "hex" | "word" | "email" | "address" | "text";

export interface ValueModelState {
  readonly count: number;
  readonly mean: number;
  readonly m2: number;
  readonly classes: readonly number[];
  readonly types: Readonly<Partial<Record<ValueType, number>>>;
  /** Digests of the distinct values; null once there were too many to be an enumeration. */
  readonly values: readonly number[] | null;
  /** Base64 of the counters, 16 bits each, little-endian. */
  readonly cells: string;
  readonly contexts: string;
}

/** How strange a value is in each respect, as -ln of a probability; 0 is usual. */
export interface Strangeness {
  readonly length: number;
  readonly characters: number;
  readonly structure: number;
  readonly type: number;
  readonly enumeration: number;
}

export class ValueModel {
  private count = 0;
  private mean = 0;
  private m2 = 0;
  private classes = new Float64Array(CLASSES);
  private types: Partial<Record<ValueType, number>> = {};
  private values: Set<number> | null = new Set();
  private readonly cells: Uint16Array;
  private readonly contexts: Uint16Array;

  constructor(state?: ValueModelState) {
    this.cells = unpacked(state?.cells, CELLS);
    this.contexts = unpacked(state?.contexts, CONTEXTS);
    if (state === undefined) return;
    this.count = state.count;
    this.mean = state.mean;
    this.m2 = state.m2;
    this.classes = Float64Array.from(state.classes);
    this.types = { ...state.types };
    this.values = state.values === null ? null : new Set(state.values);
  }

  learn(value: string): void {
    this.count++;
    const delta = value.length - this.mean;
    this.mean += delta / this.count;
    this.m2 += delta * (value.length - this.mean);
    const shares = classShares(value);
    for (let i = 0; i < CLASSES; i++) this.classes[i]! += shares[i]!;
    const type = typeOf(value);
    this.types[type] = (this.types[type] ?? 0) + 1;
    if (this.values !== null) {
      this.values.add(digest(value));
      if (this.values.size > ENUMERATION) this.values = null;
    }
    eachTransition(value, (cell, context) => {
      // Halved when full, so that what is recent counts on.
      if (this.cells[cell]! >= 65_535 || this.contexts[context]! >= 65_535) this.halve();
      this.cells[cell]!++;
      this.contexts[context]!++;
    });
  }

  strangeness(value: string): Strangeness {
    if (this.count === 0) return { length: 0, characters: 0, structure: 0, type: 0, enumeration: 0 };
    const variance = Math.max(this.m2 / this.count, 1);
    const beyond = value.length - this.mean;
    const chebyshev = beyond <= 0 ? 1 : Math.min(1, variance / beyond ** 2);
    const shares = classShares(value);
    let distance = 0;
    for (let i = 0; i < CLASSES; i++) distance += Math.abs(shares[i]! - this.classes[i]! / this.count) / 2;
    const seen = this.types[typeOf(value)] ?? 0;
    const known = this.values === null || this.values.has(digest(value));
    const repeated = this.values === null ? 0 : this.count / Math.max(1, this.values.size);
    return {
      length: -Math.log(chebyshev),
      characters: value.length < 3 ? 0 : distance * 5,
      structure: this.surprise(value),
      type: seen > 0 ? 0 : Math.log(1 + this.count) / 2,
      enumeration: known || repeated < 8 ? 0 : Math.log(repeated),
    };
  }

  state(): ValueModelState {
    return {
      count: this.count,
      mean: this.mean,
      m2: this.m2,
      classes: [...this.classes],
      types: { ...this.types },
      values: this.values === null ? null : [...this.values],
      cells: packed(this.cells),
      contexts: packed(this.contexts),
    };
  }

  /** Mean of -ln P(character | the three before it), less what an even choice of 40 would have. */
  private surprise(value: string): number {
    let sum = 0;
    let steps = 0;
    eachTransition(value, (cell, context) => {
      sum -= Math.log((this.cells[cell]! + 0.05) / (this.contexts[context]! + 2));
      steps++;
    });
    return steps === 0 ? 0 : sum / steps;
  }

  private halve(): void {
    for (let i = 0; i < CELLS; i++) this.cells[i]! >>= 1;
    for (let i = 0; i < CONTEXTS; i++) this.contexts[i]! >>= 1;
  }
}

/** Digits are one symbol, capitals one, letters beyond ASCII one: structure, not content. */
function symbolOf(code: number): number {
  if (code >= 48 && code <= 57) return 48;
  if (code >= 65 && code <= 90) return 65;
  return code > 127 ? 128 : code;
}

function eachTransition(value: string, visit: (cell: number, context: number) => void): void {
  let a = 1;
  let b = 1;
  let c = 1;
  const end = Math.min(value.length, READ);
  for (let i = 0; i <= end; i++) {
    const symbol = i === value.length ? 2 : symbolOf(value.charCodeAt(Math.min(i, value.length - 1)));
    const context = mixed(mixed(mixed(17, a), b), c);
    visit(mixed(context, symbol) % CELLS, context % CONTEXTS);
    [a, b, c] = [b, c, symbol];
    if (i === end - 1 && end < value.length) break;
  }
}

function mixed(hash: number, value: number): number {
  const next = Math.imul(hash ^ value, 0x01000193);
  return (next ^ (next >>> 15)) >>> 0;
}

/** FNV-1a, 32 bits: enough to know a value again, too little to have it back. */
function digest(value: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function classShares(value: string): number[] {
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const kind =
      code >= 48 && code <= 57
        ? 0
        : code >= 97 && code <= 122
          ? 1
          : code >= 65 && code <= 90
            ? 2
            : code <= 32
              ? 3
              : code < 128
                ? 4
                : 5;
    counts[kind]!++;
  }
  return value.length === 0 ? counts : counts.map((count) => count / value.length);
}

const TYPES: readonly (readonly [ValueType, RegExp])[] = [
  ["integer", /^-?\d{1,18}$/],
  ["decimal", /^-?\d{1,18}\.\d{1,18}$/],
  ["boolean", /^(?:true|false|on|off|yes|no)$/i],
  ["uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ["date", /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,16}(?:Z|[+-]\d\d:?\d\d)?)?$/],
  ["hex", /^[0-9a-f]{16,128}$/i],
  ["word", /^[\w-]{1,64}$/],
  ["email", /^[\w.+-]{1,64}@[\w.-]{1,255}$/],
  ["address", /^https?:\/\/\S{1,2000}$/i],
];

/** What kind of value it is, by its form. */
export function typeOf(value: string): ValueType {
  return TYPES.find(([, pattern]) => pattern.test(value))?.[0] ?? "text";
}

function packed(counters: Uint16Array): string {
  return Buffer.from(counters.buffer, counters.byteOffset, counters.byteLength).toString("base64");
}

function unpacked(text: string | undefined, length: number): Uint16Array {
  const counters = new Uint16Array(length);
  if (text !== undefined) Buffer.from(text, "base64").copy(Buffer.from(counters.buffer));
  return counters;
}
