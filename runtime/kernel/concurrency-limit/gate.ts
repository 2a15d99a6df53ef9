import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import type { Limiter, Permit } from "./limiter";

/**
 * Runs asynchronous work behind a limiter: an HTTP front, a client, a pool. `clock` must only ever grow (monotonicClock).
 * Errors: MNO_OVERLOADED where the work was turned away; otherwise whatever the work rejects with.
 */
export class ConcurrencyGate {
  constructor(
    private readonly limiter: Limiter,
    private readonly clock: Clock,
    /** Whether a failure means that the server is overloaded, rather than that the request was wrong. */
    private readonly isDrop: (error: unknown) => boolean = () => false,
  ) {}

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const permit = await this.enter(signal);
    let dropped = false;
    try {
      return await work();
    } catch (error) {
      dropped = this.isDrop(error);
      throw error;
    } finally {
      this.limiter.finish(permit, this.clock.now(), { dropped });
    }
  }

  private enter(signal: AbortSignal | undefined): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const start = (permit: Permit): void => {
        signal?.removeEventListener("abort", leave);
        resolve(permit);
      };
      const leave = (): void => {
        if (this.limiter.withdraw(start)) reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", leave, { once: true });
      if (this.limiter.offer(this.clock.now(), start)) return;
      signal?.removeEventListener("abort", leave);
      const { limit, waiting } = this.limiter.status();
      const load = `${String(Math.round(limit))} in flight and ${String(waiting)} waiting`;
      reject(new MnoError("MNO_OVERLOADED", `${load} are as many as the server takes; try again later`));
    });
  }
}
