import { Links, NONE, type Policy, SlotList } from "./policy";

/** SIEVE (Zhang et al., NSDI '24): a queue whose hand passes over what was requested since it last came by. */
export class Sieve implements Policy {
  private readonly links: Links;
  private readonly queue: SlotList;
  private readonly visited: Uint8Array;
  private hand = NONE;

  constructor(
    private readonly capacity: number,
    slots: number,
  ) {
    this.links = new Links(slots);
    this.queue = new SlotList(this.links);
    this.visited = new Uint8Array(slots);
  }

  hit(slot: number): void {
    this.visited[slot] = 1;
  }

  admit(slot: number): number {
    const victim = this.queue.size >= this.capacity ? this.evict() : NONE;
    this.visited[slot] = 0;
    this.queue.push(slot);
    return victim;
  }

  private evict(): number {
    const { newer } = this.links;
    let at = this.hand === NONE ? this.queue.oldest : this.hand;
    while (this.visited[at] === 1) {
      this.visited[at] = 0;
      at = newer[at]!;
      if (at === NONE) at = this.queue.oldest;
    }
    this.hand = newer[at]!;
    this.queue.remove(at);
    return at;
  }
}
