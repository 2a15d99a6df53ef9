/**
 * What one eviction policy would hold, were it alone: an order of slots, without keys or values. Slots are small integers
 * that their owner gives out; `hashes[slot]` is the hash of the slot's key for as long as any policy holds it.
 */
export interface Policy {
  /** A request of a slot that it holds. */
  hit(slot: number): void;
  /** A request of a slot that it does not hold: takes it in, and returns the one it gives up for it (it may be the same), or NONE. */
  admit(slot: number): number;
}

/** No slot. */
export const NONE = -1;

/** The neighbours of each slot in the one list, of those that share the links, that it is in. */
export class Links {
  readonly newer: Int32Array;
  readonly older: Int32Array;

  constructor(slots: number) {
    this.newer = new Int32Array(slots);
    this.older = new Int32Array(slots);
  }
}

/** A queue of slots in which any can be taken out, all in constant time and without allocation. */
export class SlotList {
  size = 0;
  newest = NONE;
  oldest = NONE;

  constructor(private readonly links: Links) {}

  push(slot: number): void {
    const { newer, older } = this.links;
    newer[slot] = NONE;
    older[slot] = this.newest;
    if (this.newest === NONE) this.oldest = slot;
    else newer[this.newest] = slot;
    this.newest = slot;
    this.size += 1;
  }

  remove(slot: number): void {
    const newer = this.links.newer[slot]!;
    const older = this.links.older[slot]!;
    if (newer === NONE) this.newest = older;
    else this.links.older[newer] = older;
    if (older === NONE) this.oldest = newer;
    else this.links.newer[older] = newer;
    this.size -= 1;
  }

  /** Takes the oldest out; NONE from an empty list. */
  shift(): number {
    const slot = this.oldest;
    if (slot !== NONE) this.remove(slot);
    return slot;
  }

  /** Makes the slot the newest. */
  renew(slot: number): void {
    if (slot === this.newest) return;
    this.remove(slot);
    this.push(slot);
  }
}
