import { type Clock, within } from "../clock";

/** A pool's way to its end: over when `finish` is called; `force` is, at the deadline. */
export class Closing {
  isForced = false;
  readonly done: Promise<void>;
  finish!: () => void;

  constructor(clock: Clock, deadline: number, force: () => void) {
    const finished = new Promise<void>((resolve) => (this.finish = resolve));
    this.done = within(
      clock,
      deadline,
      () => finished,
      () => new Error("late"),
    ).catch(() => {
      this.isForced = true;
      force();
      return finished;
    });
  }
}
