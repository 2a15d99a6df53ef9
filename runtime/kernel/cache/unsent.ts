import type { L2 } from "./l2";

/** Beyond this many it is less work to void everything. */
const KEYS_AT_MOST = 10_000;

/** Invalidations on their way to L2; those that found it away are kept, and sent when it is back. */
export class Unsent {
  private readonly keys = new Set<string>();
  /** More came than are kept: all values are void. */
  private all = false;

  constructor(
    private readonly l2: L2,
    private readonly onChange: (keys: number) => void,
  ) {}

  /** Resolves when L2 knows, or cannot be told now. */
  async add(key: string): Promise<void> {
    if (this.keys.size >= KEYS_AT_MOST) this.all = true;
    else this.keys.add(key);
    await this.l2.settled();
    if (this.all) await this.send();
    else await this.drop(key);
    this.onChange(this.keys.size);
  }

  /** Never rejects: what cannot be sent is kept. */
  async send(): Promise<void> {
    if (this.all) {
      const before = [...this.keys];
      try {
        await this.l2.clear();
      } catch {
        return;
      }
      this.all = false;
      for (const key of before) this.keys.delete(key);
    }
    await Promise.all([...this.keys].map((key) => this.drop(key)));
    this.onChange(this.keys.size);
  }

  private async drop(key: string): Promise<void> {
    try {
      await this.l2.drop(key);
      this.keys.delete(key);
    } catch {
      // For when L2 is back. Anew: another one of the same key may have been sent meanwhile.
      this.keys.add(key);
    }
  }
}
