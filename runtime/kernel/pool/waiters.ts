/** Somebody who waits for a resource; a node of the queue's list itself, so that leaving from the middle is O(1). */
export class Waiter<L> {
  previous: Waiter<L> | undefined;
  next: Waiter<L> | undefined;
  /** Takes the listener off the caller's signal. */
  unlisten: (() => void) | undefined;

  constructor(
    readonly resolve: (lease: L) => void,
    readonly reject: (error: unknown) => void,
    readonly since: number,
    readonly deadline: number,
    readonly priority: number,
    readonly origin: Origin | undefined,
  ) {}
}

/** Holds the stack of an `acquire`; V8 renders it only when it is read. */
export interface Origin {
  stack?: string;
}

interface Line<L> {
  head: Waiter<L> | undefined;
  tail: Waiter<L> | undefined;
}

/** First come, first served within a priority; a smaller priority before a larger one. */
export class WaiterQueue<L> {
  size = 0;
  /** Since when somebody has been waiting without a break. */
  nonEmptySince = 0;
  private readonly lines: Line<L>[];

  constructor(priorities: number) {
    this.lines = Array.from({ length: priorities }, () => ({ head: undefined, tail: undefined }));
  }

  push(waiter: Waiter<L>): void {
    if (this.size === 0) this.nonEmptySince = waiter.since;
    const line = this.lines[waiter.priority]!;
    waiter.previous = line.tail;
    if (line.tail === undefined) line.head = waiter;
    else line.tail.next = waiter;
    line.tail = waiter;
    this.size += 1;
  }

  /** The one whose turn it is; undefined where nobody waits. */
  shift(): Waiter<L> | undefined {
    for (const line of this.lines) {
      const waiter = line.head;
      if (waiter !== undefined) {
        this.remove(waiter);
        return waiter;
      }
    }
    return undefined;
  }

  remove(waiter: Waiter<L>): void {
    const line = this.lines[waiter.priority]!;
    const { previous, next } = waiter;
    if (previous === undefined) line.head = next;
    else previous.next = next;
    if (next === undefined) line.tail = previous;
    else next.previous = previous;
    waiter.previous = waiter.next = undefined;
    this.size -= 1;
    waiter.unlisten?.();
  }

  /** Takes out all whose deadline is over; returns them, and the next deadline of those who stay (Infinity for none). */
  expire(now: number): { late: Waiter<L>[]; nextDeadline: number } {
    const late: Waiter<L>[] = [];
    let nextDeadline = Infinity;
    for (const line of this.lines) {
      for (let waiter = line.head; waiter !== undefined;) {
        const { next } = waiter;
        if (waiter.deadline <= now) {
          this.remove(waiter);
          late.push(waiter);
        } else if (waiter.deadline < nextDeadline) nextDeadline = waiter.deadline;
        waiter = next;
      }
    }
    return { late, nextDeadline };
  }
}
