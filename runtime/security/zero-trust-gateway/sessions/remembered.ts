import type { Changes } from "./changes";

/**
 * What was loaded for a key, as long as no change was told about it and the changes are looked at often enough. Bounded: the
 * least recently used goes first.
 */
export class Remembered<T> {
  private readonly values = new Map<string, T>();
  /** Grows with every change, so that what was loading meanwhile is not kept. */
  private changesSeen = 0;

  constructor(
    private readonly changes: Changes,
    private readonly most: number,
  ) {}

  async get(key: string, load: () => Promise<T>): Promise<T> {
    if (this.changes.fresh) {
      const known = this.values.get(key);
      if (known !== undefined) {
        this.values.delete(key);
        this.values.set(key, known);
        return known;
      }
    }
    const seen = this.changesSeen;
    const value = await load();
    if (this.changesSeen === seen) this.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  private set(key: string, value: T): void {
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size > this.most) this.values.delete(this.values.keys().next().value as string);
  }

  /** Puts `next` where `previous` still stands: not where a change removed it meanwhile. */
  refresh(key: string, previous: T, next: T): void {
    if (this.values.get(key) === previous) this.values.set(key, next);
  }

  forget(key: string): void {
    this.changesSeen += 1;
    this.values.delete(key);
  }

  forgetWhere(applies: (value: T) => boolean): void {
    this.changesSeen += 1;
    for (const [key, value] of this.values) if (applies(value)) this.values.delete(key);
  }
}
