/**
 * NumPy's `default_rng(seed)`, as far as the published simulation uses it: SeedSequence, PCG64 (O'Neill 2014, XSL-RR 128/64), the
 * ziggurat for normal numbers, Lemire's bounded integers and the inversion method for binomial ones. The sequences are those of
 * NumPy (checked against 2.4), so that the published noise is replayed draw by draw.
 */
const MASK32 = 0xffff_ffffn;
const MASK64 = (1n << 64n) - 1n;
const MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Four words of 64 bits out of a small seed. */
function seedWords(seed: number): bigint[] {
  const mul = (a: number, b: number): number => Math.imul(a, b) >>> 0;
  const fold = (value: number): number => (value ^ (value >>> 16)) >>> 0;
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    const mixed = (value ^ constant) >>> 0;
    constant = mul(constant, 0x931e8875);
    return fold(mul(mixed, constant));
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const hashed = hash(pool[from]!);
      pool[to] = fold((mul(0xca01f9dd, pool[to]!) - mul(0x4973f715, hashed)) >>> 0);
    }
  }
  constant = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, i) => {
    const mixed = (pool[i % 4]! ^ constant) >>> 0;
    constant = mul(constant, 0x58f38ded);
    return BigInt(fold(mul(mixed, constant)));
  });
  return [0, 2, 4, 6].map((i) => words[i]! | (words[i + 1]! << 32n));
}

/** The right end of the ziggurat's lowest of 256 layers, and its area. */
const EDGE = 3.654152885361009;
const AREA = 0.00492867323399;

/** Widths (wi), comparison bounds (ki) and densities (fi) of the layers, by the recurrence of Marsaglia and Tsang (2000). */
function ziggurat(): { wi: Float64Array; ki: Float64Array; fi: Float64Array } {
  const scale = 2 ** 52;
  const density = (x: number): number => Math.exp(-0.5 * x * x);
  const wi = new Float64Array(256);
  const ki = new Float64Array(256);
  const fi = new Float64Array(256);
  const base = AREA / density(EDGE);
  let outer = EDGE;
  let inner = EDGE;
  ki[0] = Math.floor((EDGE / base) * scale);
  wi[0] = base / scale;
  wi[255] = EDGE / scale;
  fi[0] = 1;
  fi[255] = density(EDGE);
  for (let i = 254; i >= 1; i--) {
    outer = Math.sqrt(-2 * Math.log(AREA / outer + density(outer)));
    ki[i + 1] = Math.floor((outer / inner) * scale);
    inner = outer;
    fi[i] = density(outer);
    wi[i] = outer / scale;
  }
  ki[1] = 0;
  return { wi, ki, fi };
}

const LAYERS = ziggurat();

export class NumpyRandom {
  private state: bigint;
  private readonly increment: bigint;
  private spare: number | undefined;

  constructor(seed: number) {
    const [a, b, c, d] = seedWords(seed);
    this.increment = ((((c! << 64n) | d!) << 1n) | 1n) & MASK128;
    this.state = (this.increment + ((a! << 64n) | b!)) & MASK128;
    this.step();
  }

  private step(): void {
    this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
  }

  private next64(): bigint {
    this.step();
    const folded = ((this.state >> 64n) ^ this.state) & MASK64;
    const turn = this.state >> 122n;
    return ((folded >> turn) | (folded << (64n - turn))) & MASK64;
  }

  /** The halves of one word of 64 bits, the lower first. */
  private next32(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const word = this.next64();
    this.spare = Number(word >> 32n);
    return Number(word & MASK32);
  }

  /** In [0, 1). */
  double(): number {
    return Number(this.next64() >> 11n) / 2 ** 53;
  }

  /** In [0, count): Lemire (2019). */
  below(count: number): number {
    const size = BigInt(count);
    let product = BigInt(this.next32()) * size;
    if ((product & MASK32) < size) {
      const threshold = (MASK32 - (size - 1n)) % size;
      while ((product & MASK32) < threshold) product = BigInt(this.next32()) * size;
    }
    return Number(product >> 32n);
  }

  /** Of mean 0 and standard deviation 1. */
  normal(): number {
    const { wi, ki, fi } = LAYERS;
    for (;;) {
      const word = this.next64();
      const layer = Number(word & 0xffn);
      const isNegative = (word >> 8n) & 1n;
      const mantissa = Number((word >> 9n) & ((1n << 52n) - 1n));
      const x = (isNegative ? -1 : 1) * mantissa * wi[layer]!;
      if (mantissa < ki[layer]!) return x;
      if (layer === 0) {
        for (;;) {
          const beyond = -Math.log1p(-this.double()) / EDGE;
          const height = -Math.log1p(-this.double());
          if (height + height <= beyond * beyond) continue;
          return (mantissa >> 8) & 1 ? -(EDGE + beyond) : EDGE + beyond;
        }
      }
      if ((fi[layer - 1]! - fi[layer]!) * this.double() + fi[layer]! < Math.exp(-0.5 * x * x)) return x;
    }
  }

  /** Successes of `count` trials, by inversion: for `count * share` below 30. */
  private binomial(count: number, share: number): number {
    if (count === 0 || share === 0) return 0;
    if (share > 0.5) return count - this.binomial(count, 1 - share);
    const fail = 1 - share;
    const none = Math.exp(count * Math.log(fail));
    const mean = count * share;
    const bound = Math.trunc(Math.min(count, mean + 10 * Math.sqrt(mean * fail + 1)));
    let successes = 0;
    let probability = none;
    let u = this.double();
    while (u > probability) {
      successes++;
      if (successes > bound) {
        successes = 0;
        probability = none;
        u = this.double();
      } else {
        u -= probability;
        probability = ((count - successes + 1) * share * probability) / (successes * fail);
      }
    }
    return successes;
  }

  /** `count` things thrown into `bins` equal bins, few to each. */
  multinomial(count: number, bins: number): number[] {
    const thrown = new Array<number>(bins).fill(0);
    let left = count;
    let remaining = 1;
    for (let i = 0; i < bins - 1 && left > 0; i++) {
      thrown[i] = this.binomial(left, 1 / bins / remaining);
      left -= thrown[i]!;
      remaining -= 1 / bins;
    }
    thrown[bins - 1]! += left;
    return thrown;
  }
}
