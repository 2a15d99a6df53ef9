import { ConformalThreshold } from "./conformal";
import { SPOT, Spot, type SpotState } from "./spot";

const DAY = 86_400_000;
/** Mean time over which the rate of events is taken. */
const RATE_WINDOW = DAY;
/** A day's alerts may come together, and half as many again. */
const BURST = 1.5;
/** The highest risk: with few events a day the budget must not make half of them alerts. */
const MOST_RISK = 0.01;
/** Scores that the conformal threshold ranks among. */
const CONFORMAL_WINDOW = 4096;

export type Method = "spot" | "dspot" | "conformal";

export interface BudgetState {
  first: number;
  last: number;
  /** Events, fading. */
  weight: number;
  tokens: number;
  withheld: number;
  spot: SpotState | null;
}

/**
 * Alerts a day instead of a raw threshold: the risk is the budget divided by the events of a day, the threshold is the score
 * that this share exceeds on a stationary stream, and a bucket of the day's budget caps what a stream that is not stationary
 * would raise. What the cap withholds is counted, never silent.
 */
export class AlertBudget {
  private readonly spot: Spot;
  private readonly conformal: ConformalThreshold | null;
  private state: BudgetState;

  constructor(
    readonly perDay: number,
    readonly method: Method,
    now: number,
    state?: BudgetState,
  ) {
    this.spot = new Spot(method === "dspot" ? { ...SPOT, depth: 256 } : SPOT, state?.spot ?? undefined);
    this.conformal = method === "conformal" ? new ConformalThreshold(CONFORMAL_WINDOW) : null;
    this.state =
      state === undefined
        ? { first: now, last: now, weight: 0, tokens: perDay * BURST, withheld: 0, spot: null }
        : { ...state };
  }

  /** Share of events that may be alerts. */
  get risk(): number {
    return Math.min(MOST_RISK, this.perDay / Math.max(1, this.eventsPerDay));
  }

  get eventsPerDay(): number {
    const { first, last, weight } = this.state;
    const covered = RATE_WINDOW * (1 - Math.exp(-Math.max(1000, last - first) / RATE_WINDOW));
    return (weight / covered) * DAY;
  }

  get withheld(): number {
    return this.state.withheld;
  }

  get threshold(): number {
    return this.spot.thresholdAt(this.risk);
  }

  /** Counts an event. `time`: now, milliseconds. */
  count(time: number): void {
    const { state } = this;
    const passed = Math.max(0, time - state.last);
    state.weight = state.weight * Math.exp(-passed / RATE_WINDOW) + 1;
    state.tokens = Math.min(this.perDay * BURST, state.tokens + (passed / DAY) * this.perDay);
    state.last = Math.max(state.last, time);
  }

  /** Counts the event and judges its score. */
  judge(score: number, time: number): boolean {
    this.count(time);
    const bySpot = this.spot.isExtreme(score, this.risk);
    const isExtreme = this.conformal === null ? bySpot : this.conformal.isExtreme(score, this.risk);
    return isExtreme;
  }

  /** Takes an alert from the day's budget; false, and counted, where there is none left. */
  take(): boolean {
    if (this.state.tokens >= 1) {
      this.state.tokens -= 1;
      return true;
    }
    this.state.withheld++;
    return false;
  }

  save(): BudgetState {
    return { ...this.state, spot: this.spot.save() };
  }
}
