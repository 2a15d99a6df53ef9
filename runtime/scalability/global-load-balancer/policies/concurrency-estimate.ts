/** What is weighed against each other: requests that an endpoint of mean weight serves at a time. */
const CANDIDATES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
/** Completions of one endpoint that are judged together. Its speed is taken as constant for so long. */
const BLOCK = 64;
/** What is left of old evidence after each block. */
const KEPT = 0.99;

/** Sufficient statistics of one endpoint's present block, for each candidate. */
export interface Block {
  completions: number;
  readonly logRates: Float64Array;
  readonly exposures: Float64Array;
}

export const emptyBlock = (): Block => ({
  completions: 0,
  logRates: new Float64Array(CANDIDATES.length),
  exposures: new Float64Array(CANDIDATES.length),
});

/**
 * How many requests an endpoint serves at a time, learnt from how its throughput grows with the requests it has: with k
 * workers completions are a Poisson process of rate `min(requests, k) / service time`. Each block of one endpoint gives the
 * log-likelihood of every k with the service time profiled out, so that slow endpoints and slow hours cannot pass for a
 * small k; the pool's blocks are added up.
 */
export class ConcurrencyEstimate {
  /** The likeliest; 1 before the first block: then fewest requests for its speed wins. */
  workers = 1;
  private readonly logLikelihood = new Float64Array(CANDIDATES.length);

  /** `requests` were under way for that time; `share` is the endpoint's weight over the mean weight. */
  elapsed(block: Block, milliseconds: number, requests: number, share: number): void {
    if (requests === 0) return;
    for (let index = 0; index < CANDIDATES.length; index++) {
      block.exposures[index]! += milliseconds * Math.min(requests, CANDIDATES[index]! * share);
    }
  }

  /** One of `requests` was completed. True when that was the last of a block, and `workers` may have changed. */
  completed(block: Block, requests: number, share: number): boolean {
    for (let index = 0; index < CANDIDATES.length; index++) {
      block.logRates[index]! += Math.log(Math.min(requests, CANDIDATES[index]! * share));
    }
    if (++block.completions < BLOCK) return false;
    if (block.exposures[0]! > 0) this.judge(block);
    block.completions = 0;
    block.logRates.fill(0);
    block.exposures.fill(0);
    return true;
  }

  private judge({ completions, logRates, exposures }: Block): void {
    let best = 0;
    for (let index = 0; index < CANDIDATES.length; index++) {
      this.logLikelihood[index]! *= KEPT;
      this.logLikelihood[index]! += logRates[index]! - completions * Math.log(exposures[index]!);
      if (this.logLikelihood[index]! > this.logLikelihood[best]!) best = index;
    }
    this.workers = CANDIDATES[best]!;
  }
}
