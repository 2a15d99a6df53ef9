import type { Clock } from "../../../kernel/clock";
import type { Counter, Quota } from "./counters";
import { countedAddress } from "./keys";
import { rateLimited } from "./limiter";

/** Addresses that are waited for; the one that is waited for longest makes room, and one failure more has it back. */
const MOST_WAITING = 100_000;
const NAME = "failures";

export interface FailedIdentificationsOptions {
  readonly quota: Omit<Quota, "name">;
  readonly counter: (quota: Quota) => Counter;
  readonly clock: Clock;
  /** Called with the quota's name whenever somebody is refused. */
  readonly refused: (quota: string) => void;
}

/**
 * Counts who fails to say who they are, by address: wrong tokens, proofs, sessions and logins together, whomever they pretend to be.
 * From the quota on the address waits for the rest of the window. A success gives nothing back: who has one account of their own
 * could otherwise guess at others for ever. The count is asked for after failures only, so that it costs honest requests nothing.
 */
export class FailedIdentifications {
  private readonly counter: Counter;
  /** By counted address: until when, in milliseconds since 1970. */
  private readonly waiting = new Map<string, number>();

  constructor(private readonly options: FailedIdentificationsOptions) {
    this.counter = options.counter({ ...options.quota, name: NAME });
  }

  /** Whether the address has to wait. */
  mustWait(address: string): boolean {
    return this.waiting.size > 0 && this.seconds(countedAddress(address)) > 0;
  }

  /** Errors: MNO_RATE_LIMITED with `retryAfterSeconds`. */
  check(address: string): void {
    if (!this.mustWait(address)) return;
    const { requests, seconds } = this.options.quota;
    const resetSeconds = this.seconds(countedAddress(address));
    this.options.refused(NAME);
    const state = { name: NAME, quota: requests, windowSeconds: seconds, remaining: 0, resetSeconds };
    throw rateLimited(resetSeconds, [state], "Too many failed identifications from this address");
  }

  /** After a failure. A counter that fails fails the request: nobody gets around a limit so. */
  async count(address: string): Promise<void> {
    const key = countedAddress(address);
    const { over, remaining, resetSeconds } = await this.counter.take(key);
    if (!over && remaining > 0) return;
    this.waiting.delete(key);
    if (this.waiting.size >= MOST_WAITING) this.waiting.delete(this.waiting.keys().next().value as string);
    this.waiting.set(key, this.options.clock.now() + resetSeconds * 1000);
  }

  prune(): void {
    const now = this.options.clock.now();
    for (const [key, until] of this.waiting) if (until <= now) this.waiting.delete(key);
  }

  private seconds(key: string): number {
    const until = this.waiting.get(key);
    if (until === undefined) return 0;
    const left = Math.ceil((until - this.options.clock.now()) / 1000);
    if (left <= 0) this.waiting.delete(key);
    return Math.max(0, left);
  }
}
