/** Values (nodes of JSON and characters of texts) beyond which an item is not kept. */
const MAX_SIZE = 4096;

/** Where more pass by, these are kept of a second: a sample that goes back further than the last few seconds. */
const KEPT_A_SECOND = 50;

/**
 * The last so many of what passed by; older ones are dropped, and so are large ones: what callers send must not fill the memory. After
 * as many as it holds, no more than 50 a second are looked at, for looking takes longer than deciding does.
 */
export class Recent<T> {
  private readonly kept: T[] = [];
  private next = 0;
  /** How many may be kept now, as of `at`. */
  private allowance: number;
  private at: number;

  /** `now`: milliseconds, monotonic. */
  constructor(
    private readonly capacity: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.allowance = capacity;
    this.at = now();
  }

  add(item: T): void {
    const now = this.now();
    this.allowance = Math.min(this.capacity, this.allowance + ((now - this.at) * KEPT_A_SECOND) / 1000);
    this.at = now;
    if (this.allowance < 1) return;
    this.allowance -= 1;
    if (sizeLeft(item, MAX_SIZE) < 0) return;
    this.kept[this.next] = item;
    this.next = this.next + 1 === this.capacity ? 0 : this.next + 1;
  }

  /** Oldest first. */
  all(): T[] {
    return [...this.kept.slice(this.next), ...this.kept.slice(0, this.next)];
  }
}

/** What is left of `size` after JSON; negative where it is larger, and then no more of it was looked at. */
function sizeLeft(json: unknown, size: number): number {
  if (typeof json === "string") return size - json.length;
  if (typeof json !== "object" || json === null) return size - 1;
  for (const name in json) {
    size = sizeLeft((json as Record<string, unknown>)[name], size - name.length - 1);
    if (size < 0) break;
  }
  return size;
}
