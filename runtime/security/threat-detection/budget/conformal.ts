/**
 * Threshold by rank alone, with no model of the tail: a score is extreme when its conformal p-value among the last `window`
 * is at most the risk. On exchangeable scores the share of alarms is at most the risk, whatever their distribution; with
 * fewer than 1/risk scores nothing can be extreme.
 */
export class ConformalThreshold {
  private readonly ring: number[] = [];
  private next = 0;

  constructor(private readonly window: number) {}

  isExtreme(score: number, risk: number): boolean {
    const notBelow = this.ring.reduce((count, earlier) => (earlier >= score ? count + 1 : count), 0);
    const pValue = (notBelow + 1) / (this.ring.length + 1);
    this.ring[this.next] = score;
    this.next = (this.next + 1) % this.window;
    return pValue <= risk;
  }
}
