import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import { Alarm } from "./alarm";
import type { PoolSettings } from "./options";
import { type Origin, Waiter, WaiterQueue } from "./waiters";

export interface AcquireOptions {
  /** Ends the wait; `acquire` rejects with its reason. */
  signal?: AbortSignal;
  /** Milliseconds; the pool's `acquireTimeout` where absent. */
  timeout?: number;
  /** 0 (served first) to `priorities` - 1. Default 0. */
  priority?: number;
}

interface WaitingRoomEvents {
  /** Somebody came, or a time was reached that `wakeBy` named. */
  stirred(now: number): void;
  /** Somebody left without a resource. */
  left(): void;
  /** Why somebody's time was over. */
  timedOut(waitedMilliseconds: number): MnoError;
}

/** Where callers wait, until they are served, their time is over, or they have had enough. */
export class WaitingRoom<L> {
  private readonly queue: WaiterQueue<L>;
  private readonly alarm: Alarm;

  constructor(
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    private readonly events: WaitingRoomEvents,
  ) {
    this.queue = new WaiterQueue(settings.priorities);
    this.alarm = new Alarm(clock, () => this.rung());
  }

  get size(): number {
    return this.queue.size;
  }

  /** Since when somebody has been waiting without a break; meaningful where `size` is above 0. */
  get nonEmptySince(): number {
    return this.queue.nonEmptySince;
  }

  enter(options: AcquireOptions | undefined, origin: Origin | undefined): Promise<L> {
    const { name, priorities, maximumWaiting, acquireTimeout } = this.settings;
    const priority = options?.priority ?? 0;
    if (!(priority >= 0 && priority < priorities && Number.isInteger(priority))) {
      return Promise.reject(new RangeError(`pool ${name} has priorities 0 to ${priorities - 1}, not ${priority}`));
    }
    if (this.queue.size >= maximumWaiting) {
      return this.turnedAway(new MnoError("MNO_POOL_QUEUE_FULL", `Pool ${name}: ${maximumWaiting} wait already`));
    }
    return new Promise((resolve, reject) => {
      const now = this.clock.now();
      const deadline = now + (options?.timeout ?? acquireTimeout);
      const waiter = new Waiter(resolve, reject, now, deadline, priority, origin);
      this.queue.push(waiter);
      if (options?.signal) this.listen(waiter, options.signal);
      this.alarm.by(deadline);
      this.events.stirred(now);
    });
  }

  turnedAway(error: MnoError): Promise<never> {
    this.settings.observer.refused?.(error, 0);
    return Promise.reject(error);
  }

  /** The one whose turn it is, out of the queue. */
  next(): Waiter<L> | undefined {
    return this.queue.shift();
  }

  /** Refuses all that wait. */
  clear(errorFor: (waitedMilliseconds: number) => MnoError): void {
    const now = this.clock.now();
    for (let waiter = this.queue.shift(); waiter !== undefined; waiter = this.queue.shift()) {
      this.refuse(waiter, errorFor(now - waiter.since), now);
    }
  }

  wakeBy(time: number): void {
    this.alarm.by(time);
  }

  close(): void {
    this.alarm.cancel();
  }

  private rung(): void {
    const now = this.clock.now();
    const { late, nextDeadline } = this.queue.expire(now);
    for (const waiter of late) this.refuse(waiter, this.events.timedOut(now - waiter.since), now);
    this.alarm.by(nextDeadline);
    this.events.stirred(now);
  }

  private listen(waiter: Waiter<L>, signal: AbortSignal): void {
    const onAbort = (): void => {
      this.queue.remove(waiter);
      this.refuse(waiter, signal.reason, this.clock.now());
      this.events.left();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    waiter.unlisten = () => signal.removeEventListener("abort", onAbort);
  }

  private refuse(waiter: Waiter<L>, error: unknown, now: number): void {
    this.settings.observer.refused?.(error, now - waiter.since);
    waiter.reject(error);
  }
}
