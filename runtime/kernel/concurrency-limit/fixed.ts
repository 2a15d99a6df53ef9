import type { ConcurrencyLimit } from "./limit";

/** A limit that somebody chose. */
export class FixedLimit implements ConcurrencyLimit {
  constructor(readonly limit: number) {}

  allowed(): number {
    return this.limit;
  }

  onSample(): void {
    // It learns nothing.
  }
}
