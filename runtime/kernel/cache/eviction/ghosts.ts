const WAYS = 4;

/**
 * The keys that were given up last, by their hashes: a set-associative table that forgets by age, so that a memory of n keys
 * costs 32 to 64 bytes each and no strings (the S3-FIFO paper's own layout). A key is forgotten early where five or more of the last
 * share a bucket (one in 200 does), and taken for another one with a chance of about 4 in 2^32.
 */
export class Ghosts {
  private readonly hashes: Int32Array;
  /** When each was added, counted in additions from 1; modulo 2^32. 0 is never. */
  private readonly times: Uint32Array;
  private readonly mask: number;
  private time = 0;

  constructor(private readonly capacity: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, capacity)));
    this.mask = buckets - 1;
    this.hashes = new Int32Array(buckets * WAYS);
    this.times = new Uint32Array(buckets * WAYS);
  }

  add(hash: number): void {
    const first = this.bucket(hash);
    let oldest = first;
    for (let at = first + 1; at < first + WAYS; at++) if (this.age(at) > this.age(oldest)) oldest = at;
    this.time += 1;
    this.hashes[oldest] = hash;
    this.times[oldest] = this.time;
  }

  /** Whether the key is remembered; it is not from then on. */
  take(hash: number): boolean {
    const first = this.bucket(hash);
    for (let at = first; at < first + WAYS; at++) {
      if (this.hashes[at] !== hash || this.age(at) >= this.capacity) continue;
      this.times[at] = 0;
      return true;
    }
    return false;
  }

  private age(at: number): number {
    const time = this.times[at]!;
    return time === 0 ? Infinity : (this.time - time) >>> 0;
  }

  private bucket(hash: number): number {
    return ((Math.imul(hash, 0x9e3779b1) >>> 7) & this.mask) * WAYS;
  }
}
