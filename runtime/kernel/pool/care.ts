import { type Clock, within } from "../clock";
import type { Entry } from "./entry";
import type { Factory } from "./factory";
import type { PoolSettings } from "./options";

/** Validates and resets resources that nobody holds, each within its time; `done` gets each of them back, once. */
export class Care<T> {
  testing = 0;
  resetting = 0;

  constructor(
    private readonly factory: Factory<T>,
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    private readonly done: (entry: Entry<T>, works: boolean) => void,
  ) {}

  /** Whether it is too long ago that the resource was seen to work for it to be lent without a test. */
  isStale(entry: Entry<T>, now: number): boolean {
    return this.factory.validate !== undefined && now - entry.provenAt >= this.settings.validateAfterIdle;
  }

  get canReset(): boolean {
    return this.factory.reset !== undefined;
  }

  test(entry: Entry<T>): void {
    this.testing += 1;
    const validate = async (): Promise<boolean> => (await this.factory.validate?.(entry.resource)) !== false;
    void this.outcome(this.settings.validateTimeout, validate).then((works) => {
      this.testing -= 1;
      if (works) entry.provenAt = this.clock.now();
      this.done(entry, works);
    });
  }

  reset(entry: Entry<T>): void {
    this.resetting += 1;
    const reset = async (): Promise<boolean> => {
      await this.factory.reset?.(entry.resource);
      return true;
    };
    void this.outcome(this.settings.resetTimeout, reset).then((works) => {
      this.resetting -= 1;
      this.done(entry, works);
    });
  }

  /** A resource that does not answer, in time or without an error, does not work. */
  private async outcome(timeout: number, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await within(this.clock, timeout, work, () => new Error("too late"));
    } catch {
      return false;
    }
  }
}
