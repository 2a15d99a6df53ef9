import type { Lease } from "./lease";

/** What the pool knows of one resource. Times in milliseconds of the pool's clock. */
export class Entry<T> {
  /** Of its present holder; undefined while it is idle, under test or reset, or gone. */
  lease: Lease<T> | undefined;
  isIdle = false;
  idleSince: number;
  /** When it was last seen to work: created, returned or validated. */
  provenAt: number;
  /** Its present lease was reported as a leak. */
  isReported = false;

  constructor(
    readonly resource: T,
    createdAt: number,
    /** End of its lifetime. */
    readonly expiresAt: number,
  ) {
    this.idleSince = this.provenAt = createdAt;
  }
}
