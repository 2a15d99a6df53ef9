import type { Trace } from "./traces";

/** Hits of a policy over a whole trace, with this many entries. */
type Reference = (trace: Trace, capacity: number) => number;

/**
 * The policies as their papers give them, each on its own in the plainest form, to compare with: none shares code with
 * runtime/kernel/cache.
 */
export const REFERENCES: Record<string, Reference> = { lru, "s3-fifo": s3Fifo, "w-tinylfu": wTinyLfu, sieve };

/** A ring of ids, first in, first out. */
class Queue {
  private readonly ring: Int32Array;
  private head = 0;
  size = 0;

  constructor(capacity: number) {
    this.ring = new Int32Array(capacity + 1);
  }

  push(id: number): void {
    this.ring[(this.head + this.size++) % this.ring.length] = id;
  }

  shift(): number {
    const id = this.ring[this.head]!;
    this.head = (this.head + 1) % this.ring.length;
    this.size -= 1;
    return id;
  }
}

/** An LRU list: a Map would keep the order too, at ten times the cost. */
class Recency {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  size = 0;

  /** The last element of the arrays is the sentinel of a circle. */
  constructor(private readonly unique: number) {
    this.next = new Int32Array(unique + 1).fill(-1);
    this.previous = new Int32Array(unique + 1).fill(-1);
    this.next[unique] = this.previous[unique] = unique;
  }

  has(id: number): boolean {
    return this.next[id] !== -1;
  }

  oldest(): number {
    return this.previous[this.unique]!;
  }

  use(id: number): void {
    if (this.has(id)) this.remove(id);
    const first = this.next[this.unique]!;
    this.next[id] = first;
    this.previous[id] = this.unique;
    this.previous[first] = id;
    this.next[this.unique] = id;
    this.size += 1;
  }

  remove(id: number): number {
    this.next[this.previous[id]!] = this.next[id]!;
    this.previous[this.next[id]!] = this.previous[id]!;
    this.next[id] = -1;
    this.size -= 1;
    return id;
  }
}

function lru({ requests, unique }: Trace, capacity: number): number {
  const held = new Recency(unique);
  let hits = 0;
  for (const id of requests) {
    if (held.has(id)) hits += 1;
    else if (held.size >= capacity) held.remove(held.oldest());
    held.use(id);
  }
  return hits;
}

function sieve({ requests, unique }: Trace, capacity: number): number {
  const held = new Recency(unique);
  const visited = new Uint8Array(unique);
  // Only `use`d when new: the circle is the queue. The hand is an id, or none.
  const { previous } = held as unknown as { previous: Int32Array };
  let hand = -1;
  let hits = 0;
  for (const id of requests) {
    if (held.has(id)) {
      hits += 1;
      visited[id] = 1;
      continue;
    }
    if (held.size >= capacity) {
      let at = hand === -1 ? held.oldest() : hand;
      while (visited[at] === 1) {
        visited[at] = 0;
        at = previous[at] === unique ? held.oldest() : previous[at]!;
      }
      hand = previous[at] === unique ? -1 : previous[at]!;
      held.remove(at);
    }
    visited[id] = 0;
    held.use(id);
  }
  return hits;
}

function s3Fifo({ requests, unique }: Trace, capacity: number): number {
  const smallCapacity = Math.max(1, Math.floor(capacity / 10));
  const ghostCapacity = capacity - smallCapacity;
  const [small, main] = [new Queue(capacity), new Queue(capacity)];
  const held = new Uint8Array(unique);
  const uses = new Uint8Array(unique);
  /** When the id became a ghost, counted in ghosts; 0 is never. */
  const ghostAt = new Int32Array(unique);
  let ghosts = 0;
  let hits = 0;
  const evict = (): void => {
    while (small.size >= smallCapacity || main.size === 0) {
      const id = small.shift();
      if (uses[id]! > 1) {
        uses[id] = 0;
        main.push(id);
        continue;
      }
      held[id] = 0;
      ghostAt[id] = ++ghosts;
      return;
    }
    for (;;) {
      const id = main.shift();
      if (uses[id] === 0) {
        held[id] = 0;
        return;
      }
      uses[id]! -= 1;
      main.push(id);
    }
  };
  for (const id of requests) {
    if (held[id] === 1) {
      hits += 1;
      uses[id] = Math.min(3, uses[id]! + 1);
      continue;
    }
    if (small.size + main.size >= capacity) evict();
    const ghost = ghostAt[id]! > 0 && ghosts - ghostAt[id]! < ghostCapacity;
    ghostAt[id] = 0;
    held[id] = 1;
    uses[id] = 0;
    (ghost ? main : small).push(id);
  }
  return hits;
}

function wTinyLfu({ requests, unique }: Trace, capacity: number): number {
  const windowCapacity = Math.max(1, Math.round(capacity / 100));
  const protectedCapacity = Math.floor((capacity - windowCapacity) * 0.8);
  const [window, probation, kept] = [new Recency(unique), new Recency(unique), new Recency(unique)];
  const width = 2 ** Math.ceil(Math.log2(Math.max(16, 4 * capacity)));
  const counts = new Uint8Array(4 * width);
  let additions = 0;
  let hits = 0;
  const index = (id: number, row: number): number => {
    let hash = Math.imul(id + 1, SEEDS[row]!);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return row * width + ((hash ^ (hash >>> 12)) & (width - 1));
  };
  const frequency = (id: number): number => {
    let least = 15;
    for (let row = 0; row < 4; row++) least = Math.min(least, counts[index(id, row)]!);
    return least;
  };
  const count = (id: number): void => {
    for (let row = 0; row < 4; row++) {
      const at = index(id, row);
      if (counts[at]! < 15) counts[at]! += 1;
    }
    if (++additions < 10 * capacity) return;
    for (let at = 0; at < counts.length; at++) counts[at]! >>= 1;
    additions >>= 1;
  };
  for (const id of requests) {
    count(id);
    if (window.has(id)) window.use(id);
    else if (kept.has(id)) kept.use(id);
    else if (probation.has(id)) {
      probation.remove(id);
      kept.use(id);
      if (kept.size > protectedCapacity) probation.use(kept.remove(kept.oldest()));
    } else {
      window.use(id);
      if (window.size <= windowCapacity) continue;
      const candidate = window.remove(window.oldest());
      if (probation.size + kept.size < capacity - windowCapacity) probation.use(candidate);
      else {
        const main = probation.size > 0 ? probation : kept;
        if (main.size === 0 || frequency(candidate) <= frequency(main.oldest())) continue;
        main.remove(main.oldest());
        probation.use(candidate);
      }
      continue;
    }
    hits += 1;
  }
  return hits;
}

const SEEDS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];

/** Belady's MIN: gives up what is requested again last. The bound of every policy that keeps what it loads or not, as it likes. */
export function optimum({ requests, unique }: Trace, capacity: number): number {
  const total = requests.length;
  const next = new Int32Array(total);
  const seen = new Int32Array(unique).fill(total);
  for (let at = total - 1; at >= 0; at--) {
    next[at] = seen[requests[at]!]!;
    seen[requests[at]!] = at;
  }
  // Held entries by the time of their next request: each time belongs to one id, so a bitmap with summaries is a priority queue.
  const queue = new Times(total + 1);
  const heldUntil = new Int32Array(unique).fill(-1);
  let hits = 0;
  let size = 0;
  for (let at = 0; at < total; at++) {
    const id = requests[at]!;
    if (heldUntil[id] !== -1) {
      hits += 1;
      queue.remove(at);
      heldUntil[id] = -1;
      size -= 1;
    }
    const again = next[at]!;
    if (again === total) continue;
    if (size >= capacity) {
      const last = queue.last();
      if (last < again) continue;
      heldUntil[requests[last]!] = -1;
      queue.remove(last);
      size -= 1;
    }
    heldUntil[id] = again;
    queue.add(again);
    size += 1;
  }
  return hits;
}

/** A set of times whose last is found in a few steps: bitmaps of 32 bits, level upon level. */
class Times {
  private readonly levels: Uint32Array[] = [];

  constructor(times: number) {
    for (let length = times; ; length = Math.ceil(length / 32)) {
      this.levels.push(new Uint32Array(Math.ceil(length / 32)));
      if (length <= 32) return;
    }
  }

  add(time: number): void {
    for (const level of this.levels) {
      level[time >>> 5]! |= 1 << (time & 31);
      time >>>= 5;
    }
  }

  remove(time: number): void {
    for (const level of this.levels) {
      if ((level[time >>> 5]! &= ~(1 << (time & 31))) !== 0) return;
      time >>>= 5;
    }
  }

  last(): number {
    let at = 0;
    for (let level = this.levels.length - 1; level >= 0; level--)
      at = at * 32 + 31 - Math.clz32(this.levels[level]![at]!);
    return at;
  }
}
