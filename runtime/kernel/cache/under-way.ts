/** Something under way for a key. What was invalidated meanwhile must not be kept. */
export interface Work {
  readonly key: string;
  invalidated: boolean;
  /** The value's JSON. */
  body: Promise<string>;
}

/** What is under way, by key: what requests wait for, and what runs behind values that were served though they were not fresh. */
export class UnderWay {
  private readonly all = new Map<string, Set<Work>>();
  private readonly awaited = new Map<string, Work>();
  private readonly behind = new Map<string, Work>();

  /** What a request that comes now may wait for. */
  find(key: string): Work | undefined {
    return this.awaited.get(key);
  }

  /** Whether a new value is on its way. */
  has(key: string): boolean {
    return this.awaited.has(key) || this.behind.has(key);
  }

  begin(where: "awaited" | "behind", key: string, run: (work: Work) => Promise<string>): Work {
    const work: Work = { key, invalidated: false, body: Promise.resolve("") };
    const same = this.all.get(key) ?? new Set();
    this.all.set(key, same.add(work));
    this[where].set(key, work);
    work.body = run(work).finally(() => {
      same.delete(work);
      if (same.size === 0 && this.all.get(key) === same) this.all.delete(key);
      if (this[where].get(key) === work) this[where].delete(key);
    });
    return work;
  }

  /** Requests from now on must not get what is under way now, nor may it be kept. */
  disown(key: string): void {
    for (const work of this.all.get(key) ?? []) work.invalidated = true;
    this.awaited.delete(key);
    this.behind.delete(key);
  }

  disownAll(): void {
    for (const key of this.all.keys()) this.disown(key);
  }
}
