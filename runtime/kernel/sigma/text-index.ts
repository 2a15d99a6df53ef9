const GRAM = 3;
/** Bits of the filter that most places of a text fail at. */
const FILTER_BITS = 16;
const FILTER_MASK = (1 << FILTER_BITS) - 1;

interface Entry<T> {
  text: string;
  of: T[];
}

/**
 * Finds which of many literals a text contains, in time that hardly depends on how many there are: each literal is filed under one
 * of its trigrams, the one that fewest others have, and a text is walked through once. What shares a trigram is looked for itself.
 */
export class TextIndex<T> {
  private readonly exact = new Map<string, T[]>();
  private readonly short: Entry<T>[] = [];
  private readonly grams = new Map<number, Entry<T>[]>();
  private readonly filter = new Uint8Array(1 << (FILTER_BITS - 3));

  constructor(exact: Iterable<readonly [string, T]>, parts: Iterable<readonly [string, T]>) {
    for (const [text, item] of exact) append(this.exact, text, item);
    const entries = new Map<string, T[]>();
    for (const [text, item] of parts) append(entries, text, item);
    const commonness = new Map<number, number>();
    for (const text of entries.keys()) {
      for (const gram of gramsOf(text)) commonness.set(gram, (commonness.get(gram) ?? 0) + 1);
    }
    for (const [text, of] of entries) {
      let rarest: number | undefined;
      for (const gram of gramsOf(text)) {
        if (rarest === undefined || commonness.get(gram)! < commonness.get(rarest)!) rarest = gram;
      }
      if (rarest === undefined) this.short.push({ text, of });
      else {
        append(this.grams, rarest, { text, of });
        this.filter[(rarest & FILTER_MASK) >> 3]! |= 1 << (rarest & 7);
      }
    }
  }

  /** Hands over what is filed under the literals that the text is or contains; an item may come more than once. */
  find(text: string, take: (item: T) => void): void {
    this.exact.get(text)?.forEach(take);
    for (const entry of this.short) if (text.includes(entry.text)) entry.of.forEach(take);
    if (this.grams.size === 0 || text.length < GRAM) return;
    let seen: Set<number> | undefined;
    let first = text.charCodeAt(0);
    let second = text.charCodeAt(1);
    for (let index = 2; index < text.length; index++) {
      const third = text.charCodeAt(index);
      const gram = hash(first, second, third);
      first = second;
      second = third;
      if ((this.filter[(gram & FILTER_MASK) >> 3]! & (1 << (gram & 7))) === 0) continue;
      const entries = this.grams.get(gram);
      if (!entries || seen?.has(gram)) continue;
      (seen ??= new Set()).add(gram);
      for (const entry of entries) if (text.includes(entry.text)) entry.of.forEach(take);
    }
  }
}

function hash(first: number, second: number, third: number): number {
  const mixed = Math.imul(Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) ^ third, 0xc2b2ae35);
  return mixed ^ (mixed >>> 15);
}

function* gramsOf(text: string): Generator<number> {
  for (let index = GRAM - 1; index < text.length; index++) {
    yield hash(text.charCodeAt(index - 2), text.charCodeAt(index - 1), text.charCodeAt(index));
  }
}

function append<K, T>(map: Map<K, T[]>, key: K, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
