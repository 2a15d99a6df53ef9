import { MnoError } from "../../exports";
import type { Entry } from "./entry";
import type { Origin } from "./waiters";

/** Takes back what was lent. */
export interface Lender<T> {
  takeBack(lease: Lease<T>, broken: boolean): void;
}

/**
 * A resource on loan. It goes back once, however often it is given back: a late second release cannot take the resource away
 * from its next holder. `await using lease = await pool.acquire()` gives it back at the end of the block.
 */
export class Lease<T> implements AsyncDisposable {
  private isOver = false;
  private revocation: MnoError | undefined;
  private controller: AbortController | undefined;

  constructor(
    private readonly lender: Lender<T>,
    /** The pool's own record. */
    readonly entry: Entry<T>,
    /** When it was handed out, in milliseconds of the pool's clock. */
    readonly since: number,
    readonly origin: Origin | undefined,
  ) {}

  /** Errors: MNO_POOL_LEASE_REVOKED once the pool took it back. */
  get resource(): T {
    if (this.revocation) throw this.revocation;
    return this.entry.resource;
  }

  /** Aborted when the pool takes the resource back by force. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.revocation) this.controller.abort(this.revocation);
    return this.controller.signal;
  }

  release(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.lender.takeBack(this, false);
  }

  /** Gives it back as broken: it is destroyed, and replaced where it is needed. */
  destroy(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.lender.takeBack(this, true);
  }

  /** For the pool: the lease ends without its holder's doing. */
  revoke(why: string): void {
    this.isOver = true;
    this.revocation = new MnoError("MNO_POOL_LEASE_REVOKED", why);
    this.controller?.abort(this.revocation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
