import type { Random } from "./policy";

/** MurmurHash3's finalizer: each bit of the input changes each bit of the result with probability one half. */
export function mix32(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 code units, mixed; unsigned 32 bits. Not for secrets. */
export function hash32(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix32(hash);
}

/** A key's or an endpoint's two hashes, which are independent of each other. */
export interface HashPair {
  readonly high: number;
  readonly low: number;
}

export const hashPair = (text: string): HashPair => ({ high: hash32(text, 0), low: hash32(text, 0x9e3779b9) });

/** Uniform in (0, 1), 53 bits, from two texts' hashes. */
export function joinedHash(a: HashPair, b: HashPair): number {
  const high = mix32(a.high ^ Math.imul(b.high, 0x9e3779b1)) >>> 5;
  const low = mix32(a.low ^ Math.imul(b.low, 0x85ebca77) ^ high) >>> 6;
  return (high * 2 ** 26 + low + 0.5) / 2 ** 53;
}

/** The key, or a random one where a request has none. */
export const keyOr = (key: string | undefined, random: Random): string => key ?? random().toString(36);
