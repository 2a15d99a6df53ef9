import { FrequencySketch } from "./frequency-sketch";
import { Links, NONE, type Policy, SlotList } from "./policy";

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;

/**
 * W-TinyLFU (Einziger, Friedman and Manes, ACM TOS 2017): new entries pass a window of 1 % of the capacity; then only those
 * that were requested more often than what they would displace are let into the main part, a segmented LRU of which 80 % is protected.
 */
export class WTinyLfu implements Policy {
  private readonly window: SlotList;
  private readonly probation: SlotList;
  private readonly protected: SlotList;
  private readonly where: Uint8Array;
  private readonly sketch: FrequencySketch;
  private readonly windowCapacity: number;
  private readonly protectedCapacity: number;

  constructor(
    private readonly capacity: number,
    slots: number,
    private readonly hashes: Int32Array,
  ) {
    const links = new Links(slots);
    this.window = new SlotList(links);
    this.probation = new SlotList(links);
    this.protected = new SlotList(links);
    this.where = new Uint8Array(slots);
    this.sketch = new FrequencySketch(capacity);
    this.windowCapacity = Math.max(1, Math.round(capacity / 100));
    this.protectedCapacity = Math.floor((capacity - this.windowCapacity) * 0.8);
  }

  hit(slot: number): void {
    this.sketch.add(this.hashes[slot]!);
    const where = this.where[slot]!;
    if (where === WINDOW) this.window.renew(slot);
    else if (where === PROTECTED) this.protected.renew(slot);
    else this.promote(slot);
  }

  admit(slot: number): number {
    this.sketch.add(this.hashes[slot]!);
    this.where[slot] = WINDOW;
    this.window.push(slot);
    if (this.window.size <= this.windowCapacity) return NONE;
    const candidate = this.window.shift();
    const full = this.window.size + this.probation.size + this.protected.size >= this.capacity;
    const victim = full ? this.victimFor(candidate) : NONE;
    if (victim !== candidate) {
      this.where[candidate] = PROBATION;
      this.probation.push(candidate);
    }
    return victim;
  }

  /** The main part's oldest, taken out of it; or the candidate itself, where it was requested no more often. */
  private victimFor(candidate: number): number {
    const from = this.probation.size > 0 ? this.probation : this.protected;
    const victim = from.oldest;
    if (victim === NONE) return candidate;
    if (this.sketch.estimate(this.hashes[candidate]!) <= this.sketch.estimate(this.hashes[victim]!)) return candidate;
    from.remove(victim);
    return victim;
  }

  private promote(slot: number): void {
    this.probation.remove(slot);
    this.where[slot] = PROTECTED;
    this.protected.push(slot);
    if (this.protected.size <= this.protectedCapacity) return;
    const demoted = this.protected.shift();
    this.where[demoted] = PROBATION;
    this.probation.push(demoted);
  }
}
