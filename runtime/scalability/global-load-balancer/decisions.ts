import type { Explanation } from "./policies/policy";

/** Why one request went where it went. */
export interface PickDecision {
  readonly id: string;
  /** RFC 3339 UTC. */
  readonly time: string;
  readonly upstream: string;
  readonly kind: "first" | "retry" | "hedge";
  readonly endpoint: string;
  /** Pool that it was picked from: `<priority>/<rank of the region>[/<zone>]`. */
  readonly pool: string | null;
  readonly policy: string | null;
  readonly reason: string;
  readonly candidates: Explanation["candidates"];
  /** Endpoints that the request was sent to before. */
  readonly tried: readonly string[];
}

const KEPT = 200;
const SAMPLES_PER_SECOND = 20;

/** The last picks of each upstream: of ordinary ones a few each second, of retries, hedges and explained requests all. */
export class Decisions {
  private readonly rings = new Map<string, PickDecision[]>();
  private second = 0;
  private samples = 0;
  private sequence = 0;

  constructor(
    private readonly now: () => number,
    /** Tells the decisions of one process from another's. */
    private readonly prefix: string,
  ) {}

  /** Whether an ordinary pick is to be recorded. */
  sample(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.samples = 0;
    }
    this.samples += 1;
    return this.samples <= SAMPLES_PER_SECOND;
  }

  record(decision: Omit<PickDecision, "id" | "time">): string {
    this.sequence += 1;
    const id = `pick_${this.prefix}${this.sequence.toString(36).padStart(8, "0")}`;
    const ring = this.rings.get(decision.upstream) ?? [];
    ring.push({ id, time: new Date(this.now()).toISOString(), ...decision });
    if (ring.length > KEPT) ring.shift();
    this.rings.set(decision.upstream, ring);
    return id;
  }

  /** Newest first. */
  latest(upstream: string | undefined, limit: number): PickDecision[] {
    const rings = upstream === undefined ? [...this.rings.values()].flat() : (this.rings.get(upstream) ?? []);
    return rings.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
  }

  find(id: string): PickDecision | undefined {
    for (const ring of this.rings.values()) {
      const found = ring.find((decision) => decision.id === id);
      if (found) return found;
    }
    return undefined;
  }

  forget(upstream: string): void {
    this.rings.delete(upstream);
  }
}
