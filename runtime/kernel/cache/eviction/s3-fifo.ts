import { Ghosts } from "./ghosts";
import { Links, NONE, type Policy, SlotList } from "./policy";

const MAIN = 0x80;
const MOST = 3;

/**
 * S3-FIFO (Yang et al., SOSP '23): new entries pass a small queue, a tenth of the capacity; those requested more than once there, or
 * again soon after they were given up, go to the main queue, and around it again for each request, three at most.
 */
export class S3Fifo implements Policy {
  private readonly small: SlotList;
  private readonly main: SlotList;
  /** Requests of the slot (0 to 3), and MAIN where it is in the main queue. */
  private readonly state: Uint8Array;
  private readonly ghosts: Ghosts;
  private readonly smallCapacity: number;

  constructor(
    private readonly capacity: number,
    slots: number,
    private readonly hashes: Int32Array,
  ) {
    const links = new Links(slots);
    this.small = new SlotList(links);
    this.main = new SlotList(links);
    this.state = new Uint8Array(slots);
    this.smallCapacity = Math.max(1, Math.floor(capacity / 10));
    this.ghosts = new Ghosts(capacity - this.smallCapacity);
  }

  hit(slot: number): void {
    const state = this.state[slot]!;
    if ((state & MOST) < MOST) this.state[slot] = state + 1;
  }

  admit(slot: number): number {
    const victim = this.small.size + this.main.size >= this.capacity ? this.evict() : NONE;
    if (this.ghosts.take(this.hashes[slot]!)) {
      this.state[slot] = MAIN;
      this.main.push(slot);
    } else {
      this.state[slot] = 0;
      this.small.push(slot);
    }
    return victim;
  }

  private evict(): number {
    while (this.small.size >= this.smallCapacity || this.main.size === 0) {
      const slot = this.small.shift();
      if (slot === NONE) break;
      if (this.state[slot]! <= 1) {
        this.ghosts.add(this.hashes[slot]!);
        return slot;
      }
      this.state[slot] = MAIN;
      this.main.push(slot);
    }
    for (;;) {
      const slot = this.main.shift();
      if (this.state[slot] === MAIN) return slot;
      this.state[slot]! -= 1;
      this.main.push(slot);
    }
  }
}
