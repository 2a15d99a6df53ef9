import type { Clock } from "../../clock";
import { isWrongSequence, type NatsServer } from "./server";

/**
 * The right to consume for one durable consumer, held by one process at a time. It is a message that the server removes
 * when it was not renewed in time; taking and renewing are compare-and-set on the subject's last sequence.
 */
export class Lease {
  private readonly lostController = new AbortController();
  private readonly stopRenewing = new AbortController();
  private renewing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly server: NatsServer,
    private readonly subject: string,
    private sequence: number,
    private renewedAt: number,
    private readonly clock: Clock,
  ) {}

  /** Waits until the lease is free and takes it. Rejects only when `signal` aborts. */
  static async acquire(
    server: NatsServer,
    consumer: string,
    clock: Clock,
    signal: AbortSignal,
    onFault: (error: unknown) => void,
  ): Promise<Lease> {
    const subject = server.names.leaseSubject(consumer);
    for (;;) {
      signal.throwIfAborted();
      // Taken before the request: the server counts from later on, so the lease is never believed for too long.
      const now = clock.now();
      try {
        const ack = await server.js.publish(subject, "", { expect: { lastSubjectSequence: 0 } });
        const lease = new Lease(server, subject, ack.seq, now, clock);
        lease.renewing = lease.renew();
        return lease;
      } catch (error) {
        if (!isWrongSequence(error)) onFault(error);
      }
      await clock.sleep(server.options.leaseMilliseconds / 8, signal);
    }
  }

  /** Aborted when another process may have the lease. */
  get lost(): AbortSignal {
    return this.lostController.signal;
  }

  async release(): Promise<void> {
    this.stopRenewing.abort();
    await this.renewing;
    if (this.lost.aborted) return;
    // Should this fail, the lease ends by itself.
    await this.server.jsm.streams.deleteMessage(this.server.names.leases, this.sequence).catch(() => false);
  }

  private async renew(): Promise<void> {
    const { leaseMilliseconds } = this.server.options;
    while (!this.stopRenewing.signal.aborted) {
      try {
        await this.clock.sleep(leaseMilliseconds / 4, this.stopRenewing.signal);
      } catch {
        return;
      }
      const now = this.clock.now();
      try {
        const expect = { lastSubjectSequence: this.sequence };
        const ack = await this.server.js.publish(this.subject, "", { expect, timeout: leaseMilliseconds / 4 });
        this.sequence = ack.seq;
        this.renewedAt = now;
      } catch (error) {
        // After a lost answer the sequence has moved on without us: also then the lease runs out, and is taken anew.
        if (isWrongSequence(error) || this.clock.now() - this.renewedAt > leaseMilliseconds * 0.75) {
          this.lostController.abort();
          return;
        }
      }
    }
  }
}
