import { Leader } from "./leader";
import { Lru } from "./lru";
import { Links, NONE, SlotList } from "./policy";
import { S3Fifo } from "./s3-fifo";
import { Sieve } from "./sieve";
import { WTinyLfu } from "./w-tiny-lfu";

/** In `held`: there is a value. The bits below are the policies'. */
const LIVE = 0x80;
/** Policy 0, 1, … by the bits of `held` and the leader's numbers. */
const POLICY_NAMES = ["lru", "s3-fifo", "w-tinylfu", "sieve"] as const;
/**
 * W-TinyLFU to begin with: it keeps old entries, which only loads bring back when it should have led. Entries that another policy
 * should have kept are new ones, and come by themselves.
 */
const FIRST = POLICY_NAMES.indexOf("w-tinylfu");

/**
 * A map of bounded size that follows the best of LRU, S3-FIFO, W-TinyLFU and SIEVE. Each policy runs on the requests as if it
 * were alone, over keys without values, at full size; the values kept are those that the policy of most hits of late would
 * keep. When another one takes the lead nothing is dropped: values it would not hold go one by one, as others come.
 * Constant time a request; no allocation but for new keys. About 300 bytes for each entry of the capacity, taken at once, and
 * the keys of up to four times the capacity (two times is usual), for as long as a policy would hold them.
 */
export class AdaptiveCache<K, V> {
  private readonly slots = new Map<K, number>();
  private readonly keys: (K | undefined)[] = [];
  private readonly values: (V | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly hashes: Int32Array;
  private readonly held: Uint8Array;
  private readonly lru: Lru;
  private readonly s3Fifo: S3Fifo;
  private readonly wTinyLfu: WTinyLfu;
  private readonly sieve: Sieve;
  private readonly leader: Leader;
  /** Values that the leader does not hold. Never empty when there are more values than the capacity, as it holds no more. */
  private readonly doomed: SlotList;
  private live = 0;

  /** `capacity` is a whole number of at least 1; `hash` gives well mixed 32 bits. Errors: RangeError. */
  constructor(
    readonly capacity: number,
    private readonly hash: (key: K) => number,
  ) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`a capacity of ${capacity} entries`);
    // What each policy holds, the values, and the one that is asked for.
    const slots = (POLICY_NAMES.length + 1) * capacity + 1;
    this.hashes = new Int32Array(slots);
    this.held = new Uint8Array(slots);
    this.lru = new Lru(capacity, slots);
    this.s3Fifo = new S3Fifo(capacity, slots, this.hashes);
    this.wTinyLfu = new WTinyLfu(capacity, slots, this.hashes);
    this.sieve = new Sieve(capacity, slots);
    this.leader = new Leader(capacity, POLICY_NAMES.length, FIRST);
    this.doomed = new SlotList(new Links(slots));
  }

  /** Values held. */
  get size(): number {
    return this.live;
  }

  /** The policy followed at present. */
  get policy(): (typeof POLICY_NAMES)[number] {
    return POLICY_NAMES[this.leader.current]!;
  }

  /** The value, if it is held. A request, to the policies, in either case. */
  get(key: K): V | undefined {
    const slot = this.slots.get(key) ?? this.open(key);
    const held = this.held[slot]! & ~LIVE;
    if (this.leader.observe(held)) this.follow();
    this.request(slot, held);
    return this.values[slot];
  }

  /** Keeps a value, and gives up another one if there are too many. No request: `get` was that. */
  set(key: K, value: V): void {
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = this.open(key);
      this.request(slot, 0);
    }
    this.values[slot] = value;
    if (this.held[slot]! & LIVE) return;
    this.held[slot]! |= LIVE;
    this.live += 1;
    if (!this.isFollowed(slot)) this.doomed.push(slot);
    // The newest, which the leader refused or gave up just now: older ones may be of use until it asks for their room.
    if (this.live > this.capacity) this.drop(this.doomed.newest);
  }

  /** Drops the value; that its key is popular is not forgotten. */
  delete(key: K): void {
    const slot = this.slots.get(key);
    if (slot !== undefined && this.held[slot]! & LIVE) this.drop(slot);
  }

  /** Drops all values. */
  clear(): void {
    for (let slot = 0; slot < this.keys.length; slot++) if (this.held[slot]! & LIVE) this.drop(slot);
  }

  private isFollowed(slot: number): boolean {
    return ((this.held[slot]! >> this.leader.current) & 1) === 1;
  }

  private request(slot: number, held: number): void {
    // Each by its own class, in the order of POLICY_NAMES: calls that the compiler can inline.
    if (held & 1) this.lru.hit(slot);
    else this.admitted(0, slot, this.lru.admit(slot));
    if (held & 2) this.s3Fifo.hit(slot);
    else this.admitted(1, slot, this.s3Fifo.admit(slot));
    if (held & 4) this.wTinyLfu.hit(slot);
    else this.admitted(2, slot, this.wTinyLfu.admit(slot));
    if (held & 8) this.sieve.hit(slot);
    else this.admitted(3, slot, this.sieve.admit(slot));
  }

  /** A policy took the slot in, and gave the victim up for it, unless it is the slot itself: LRU at least always takes it in. */
  private admitted(index: number, slot: number, victim: number): void {
    if (victim === slot) return;
    if (index === this.leader.current && this.held[slot]! & LIVE) this.doomed.remove(slot);
    this.held[slot]! |= 1 << index;
    if (victim !== NONE) this.giveUp(victim, index);
  }

  private giveUp(slot: number, index: number): void {
    const held = (this.held[slot]! &= ~(1 << index));
    if (held === 0) this.close(slot);
    else if (held & LIVE && index === this.leader.current) this.doomed.push(slot);
  }

  private drop(slot: number): void {
    if (!this.isFollowed(slot)) this.doomed.remove(slot);
    this.values[slot] = undefined;
    this.live -= 1;
    this.held[slot]! &= ~LIVE;
    if (this.held[slot] === 0) this.close(slot);
  }

  private open(key: K): number {
    const slot = this.free.pop() ?? this.keys.length;
    this.slots.set(key, slot);
    this.keys[slot] = key;
    this.values[slot] = undefined;
    this.hashes[slot] = this.hash(key);
    return slot;
  }

  private close(slot: number): void {
    this.slots.delete(this.keys[slot]!);
    this.keys[slot] = undefined;
    this.free.push(slot);
  }

  private follow(): void {
    while (this.doomed.shift() !== NONE);
    for (let slot = 0; slot < this.keys.length; slot++) {
      if (this.held[slot]! & LIVE && !this.isFollowed(slot)) this.doomed.push(slot);
    }
  }
}
