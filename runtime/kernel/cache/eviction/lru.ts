import { Links, NONE, type Policy, SlotList } from "./policy";

/** Gives up what was not requested for longest. */
export class Lru implements Policy {
  private readonly list: SlotList;

  constructor(
    private readonly capacity: number,
    slots: number,
  ) {
    this.list = new SlotList(new Links(slots));
  }

  hit(slot: number): void {
    this.list.renew(slot);
  }

  admit(slot: number): number {
    const victim = this.list.size >= this.capacity ? this.list.shift() : NONE;
    this.list.push(slot);
    return victim;
  }
}
