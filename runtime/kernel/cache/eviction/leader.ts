/** A request counts e times less after so many more of them: times the capacity, and at the least. */
const HORIZON = 20;
const HORIZON_AT_LEAST = 5_000;
/** Hits, as a share of the capacity and beside it, that a challenger must be ahead by: about what filling the cache anew costs. */
const MARGIN = 0.05;
const MARGIN_AT_LEAST = 20;
/** Requests between two looks at the scores. */
const LOOK_AT_LEAST = 32;
const LOOK_AT_MOST = 1_024;

/**
 * Chooses which of several policies to follow: the one that would have hit most of late, once it is ahead of the present
 * leader by a margin ("adaptive caching by refetching", Gramacy et al., NIPS 2002, with fixed forgetting). Pure
 * counting; neither time nor chance. The constants were chosen on OLTP, web07 and the LIRS traces, and hold for all.
 */
export class Leader {
  /** Requests since the last look, by the set of policies that held what was requested. */
  private readonly seen: Float64Array;
  private readonly scores: Float64Array;
  private readonly every: number;
  private readonly keep: number;
  private readonly margin: number;
  private left: number;

  /** `current` is the index of the policy to follow. */
  constructor(
    capacity: number,
    policies: number,
    public current: number,
  ) {
    this.seen = new Float64Array(2 ** policies);
    this.scores = new Float64Array(policies);
    this.every = Math.max(LOOK_AT_LEAST, Math.min(LOOK_AT_MOST, Math.round(capacity / 16)));
    this.left = this.every;
    this.keep = Math.exp(-this.every / Math.max(HORIZON_AT_LEAST, HORIZON * capacity));
    this.margin = MARGIN * capacity + MARGIN_AT_LEAST;
  }

  /** A request of what these policies held (a bit each). Returns whether another policy leads from now on. */
  observe(held: number): boolean {
    this.seen[held]! += 1;
    this.left -= 1;
    if (this.left > 0) return false;
    this.left = this.every;
    return this.look();
  }

  private look(): boolean {
    const { seen, scores } = this;
    let best = this.current;
    for (let policy = 0; policy < scores.length; policy++) {
      let hits = 0;
      for (let held = 0; held < seen.length; held++) if ((held >> policy) & 1) hits += seen[held]!;
      scores[policy] = scores[policy]! * this.keep + hits;
      if (scores[policy]! > scores[best]!) best = policy;
    }
    seen.fill(0);
    if (scores[best]! - scores[this.current]! <= this.margin) return false;
    this.current = best;
    return true;
  }
}
