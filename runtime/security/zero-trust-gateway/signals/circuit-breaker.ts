import type { Clock } from "../../../kernel/clock";

const FAILURES = 5;
const OPEN_MILLISECONDS = 5000;

/** After five failures in a row nobody waits any more; every five seconds one call tries whether it is back. */
export class CircuitBreaker {
  private failures = 0;
  private openUntil = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** Whether to call; who may, tells how it went. */
  tryPass(): boolean {
    if (this.failures < FAILURES) return true;
    if (this.clock.now() < this.openUntil) return false;
    this.openUntil = this.clock.now() + OPEN_MILLISECONDS;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
  }

  failed(): void {
    this.failures += 1;
    if (this.failures >= FAILURES) this.openUntil = this.clock.now() + OPEN_MILLISECONDS;
  }
}
