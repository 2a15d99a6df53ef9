/** What is fuzzed: a reader of input that somebody else wrote. */
export interface Target<I> {
  readonly name: string;
  /** What inputs are made of, for people: "text", "bytes", "JSON", "protobuf". */
  readonly kind: Kind;
  /** Well-formed inputs, small; what mutants are made of. */
  readonly seeds: readonly I[];
  /** Words and values of the format. */
  readonly words?: readonly string[];
  /** Of the inputs that a target gets, for what takes long; 1 by default. */
  readonly share?: number;
  /** Longest that one input may take, whatever it is. */
  readonly milliseconds: number;
  /**
   * Reads one input. Returns `ACCEPTED`, or in a word how it was refused where the reader refuses by an answer; what stands behind a
   * colon tells answers of one word apart. What it throws is a
   * finding unless it is an MnoError, or `refusal` knows it. Round trips and idempotence are asserted in here.
   */
  readonly run: (input: I) => string | Promise<string>;
  /** Documented errors that are no MnoError: in a word, or undefined for a finding. */
  readonly refusal?: (error: unknown) => string | undefined;
}

export type Kind = "text" | "bytes" | "JSON" | "protobuf";

export const ACCEPTED = "accepted";

/** What became of a target's inputs. */
export interface Outcome {
  readonly name: string;
  readonly kind: Kind;
  readonly inputs: number;
  readonly accepted: number;
  /** How often by error code or word of refusal. */
  readonly refused: Readonly<Record<string, number>>;
  /** Different answers, told apart by code and sentence: how far into the reader the inputs came. */
  readonly answers: number;
  /** Microseconds. */
  readonly longest: number;
  readonly median: number;
  /** Bytes by which the heap was larger behind the last tenth of the inputs than behind the first. */
  readonly heapGrowth: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly what: string;
  /** JSON of a text or a value; base64 of bytes. */
  readonly input: string;
}

/** A target whatever its inputs are. */
export type AnyTarget = Target<never>;

export function target<I>(definition: Target<I>): AnyTarget {
  return definition as unknown as AnyTarget;
}

/** For what `run` asserts of the reader's answer. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
