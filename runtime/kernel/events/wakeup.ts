/** A reminder for one waiting loop: a wake that comes while nobody waits is kept. */
export class Wakeup {
  private pending = false;
  private resolve: (() => void) | undefined;

  wake(): void {
    this.pending = true;
    this.resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.pending) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.resolve = undefined;
    this.pending = false;
  }
}
