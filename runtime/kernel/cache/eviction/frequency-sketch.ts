import { mixBits } from "./hash";

const ROWS = 4;
const MOST = 15;

/**
 * How often a key was requested of late, about: a count-min sketch whose counters end at 15 and are halved after every ten
 * requests per entry (TinyLFU: Einziger, Friedman and Manes, ACM TOS 2017). A row has at least four times as
 * many counters as the cache has entries, one byte each.
 */
export class FrequencySketch {
  private readonly counters: Uint8Array;
  private readonly words: Uint32Array;
  private readonly width: number;
  private readonly period: number;
  private additions = 0;

  constructor(capacity: number) {
    this.width = 2 ** Math.ceil(Math.log2(Math.max(16, 4 * capacity)));
    this.counters = new Uint8Array(this.width * ROWS);
    this.words = new Uint32Array(this.counters.buffer);
    this.period = 10 * capacity;
  }

  add(hash: number): void {
    const step = mixBits(hash) | 1;
    let at = hash;
    let added = false;
    for (let row = 0; row < ROWS; row++) {
      at = (at + step) | 0;
      const index = row * this.width + (at & (this.width - 1));
      const count = this.counters[index]!;
      if (count < MOST) {
        this.counters[index] = count + 1;
        added = true;
      }
    }
    if (added && ++this.additions >= this.period) this.halve();
  }

  estimate(hash: number): number {
    const step = mixBits(hash) | 1;
    let at = hash;
    let least = MOST;
    for (let row = 0; row < ROWS; row++) {
      at = (at + step) | 0;
      least = Math.min(least, this.counters[row * this.width + (at & (this.width - 1))]!);
    }
    return least;
  }

  private halve(): void {
    for (let at = 0; at < this.words.length; at++) this.words[at] = (this.words[at]! >>> 1) & 0x07070707;
    this.additions = this.additions >>> 1;
  }
}
