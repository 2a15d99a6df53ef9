import type { Random } from "./random";

/** Mutants of inputs: small changes that keep most of the structure, so that they come further than the first byte. */
export type Mutator<I> = (input: I, other: I, words: readonly string[], random: Random) => I;

const NUMBERS = ["0", "-1", "1", "255", "65536", "2147483648", "9007199254740993", "1e400", "-0", "NaN", "0x10", "00"];
const PIECES = [
  "%00",
  "%",
  "%c0%af",
  "..",
  "//",
  "\\",
  '"',
  "'",
  "\r\n",
  "\0",
  " ",
  "\t",
  "é",
  "\u{1F600}",
  "\ud800",
  "﻿",
];
const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", ""];
const MOST_CHARACTERS = 4096;

/** Mostly one: each further change makes it less likely that anything but the first check is met. */
const roundsOf = (random: Random): number => (random.below(4) === 0 ? 2 + random.below(3) : 1);

export const mutateText: Mutator<string> = (input, other, words, random) => {
  let text = input;
  for (let rounds = roundsOf(random); rounds > 0; rounds -= 1) text = changed(text, other, words, random);
  return text.slice(0, MOST_CHARACTERS);
};

function changed(text: string, other: string, words: readonly string[], random: Random): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(8));
  const put = (piece: string, until = at): string => text.slice(0, at) + piece + text.slice(until);
  switch (random.below(11)) {
    case 0:
      return put("", end);
    case 1:
      return put(text.slice(at, end).repeat(1 + random.below(4)));
    case 2:
      return put(String.fromCharCode(random.below(128)), at + 1);
    case 3:
      return put(String.fromCharCode(random.below(4) === 0 ? random.below(65_536) : 32 + random.below(95)));
    case 4:
      return words.length === 0 ? put(random.pick(PIECES)) : put(random.pick(words));
    case 5:
      return words.length === 0 ? text : put(random.pick(words), end);
    case 6:
      return put(random.pick(PIECES));
    case 7: {
      const digits = /\d+/.exec(text.slice(at));
      if (digits === null) return put(random.pick(NUMBERS));
      const from = at + digits.index;
      return text.slice(0, from) + random.pick(NUMBERS) + text.slice(from + digits[0].length);
    }
    case 8:
      return put(other.slice(random.below(other.length + 1)).slice(0, 64));
    case 9:
      return text.slice(0, at) + text.slice(at, end).toUpperCase() + text.slice(end);
    default:
      return random.below(20) === 0 ? put(text.charAt(at).repeat(1 + random.below(2000))) : put(random.pick(NAMES));
  }
}

export const mutateBytes: Mutator<Buffer> = (input, other, words, random) => {
  let bytes = Buffer.from(input);
  for (let rounds = roundsOf(random); rounds > 0; rounds -= 1) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + random.below(16));
    const kind = random.below(10);
    // Most changes keep the length, and with it what lengths in front of fields say.
    if (kind < 5 && bytes.length > 0) {
      const place = random.below(bytes.length);
      bytes[place] = kind < 2 ? bytes[place]! ^ (1 << random.below(8)) : random.pick(BYTES);
    } else if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 6) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (kind === 7) bytes = bytes.subarray(0, at);
    else if (kind === 8) bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
    else {
      const word = words.length === 0 ? random.pick(NAMES) : random.pick(words);
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(word), bytes.subarray(end)]);
    }
  }
  return bytes.subarray(0, MOST_CHARACTERS);
};
const BYTES = [0, 1, 2, 0x7f, 0x80, 0xff, 0xfe, 0x0a, 0x0d, 0x22, 0x2d, 0x3d, 0x3c];

type Json = Record<string, unknown>;

/** Values within values are replaced, taken away, doubled, renamed; texts within are mutated as texts. */
export const mutateJson: Mutator<unknown> = (input, other, words, random) => {
  let value = structuredClone(input);
  for (let rounds = roundsOf(random); rounds > 0; rounds -= 1) value = changedJson(value, other, words, random, 0);
  return value;
};

function changedJson(value: unknown, other: unknown, words: readonly string[], random: Random, depth: number): unknown {
  if (typeof value === "object" && value !== null && depth < 12 && random.below(8) !== 0) {
    const keys = Object.keys(value);
    if (keys.length > 0) return inside(value as Json, random.pick(keys), other, words, random, depth);
  }
  if (typeof value === "string" && random.below(3) !== 0) return mutateText(value, "", words, random);
  if (typeof value === "number" && random.below(2) === 0) return Number(random.pick(NUMBERS));
  return strange(other, words, random);
}

function inside(
  object: Json,
  key: string,
  other: unknown,
  words: readonly string[],
  random: Random,
  depth: number,
): unknown {
  switch (random.below(12)) {
    case 0:
      if (Array.isArray(object)) object.splice(Number(key), 1);
      else delete object[key];
      return object;
    case 1: {
      if (Array.isArray(object)) {
        object.push(object[Number(key)]);
        return object;
      }
      // As JSON.parse has it: a member of its own, whatever its name.
      const name = random.below(2) === 0 || words.length === 0 ? random.pick(NAMES) : random.pick(words);
      Object.defineProperty(object, name, { value: object[key], ...OWN });
      return object;
    }
    default:
      Object.defineProperty(object, key, { value: changedJson(object[key], other, words, random, depth + 1), ...OWN });
      return object;
  }
}
const OWN = { enumerable: true, configurable: true, writable: true } as const;

function strange(other: unknown, words: readonly string[], random: Random): unknown {
  switch (random.below(12)) {
    case 0:
      return null;
    case 1:
      return random.pick([true, false]);
    case 2:
      return Number(random.pick(NUMBERS));
    case 3:
      return random.pick([1.5, -1, 2 ** 53, Number.MAX_VALUE, 1e-320]);
    case 4:
      return random.pick(NAMES);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown;
    case 8: {
      let deep: unknown = random.pick(NAMES);
      for (let levels = random.below(60); levels > 0; levels -= 1) deep = levels % 2 === 0 ? [deep] : { a: deep };
      return deep;
    }
    case 9:
      return structuredClone(other);
    case 10:
      return random.pick(PIECES).repeat(1 + random.below(300));
    default:
      return words.length === 0 ? random.pick(PIECES) : random.pick(words);
  }
}
