/** Whether forecasts are worth following: have there been enough, and are they better than assuming that nothing changes? */
export interface Trust {
  /** Forecasts whose outcome is known, and the time that they stand for. */
  judged: number;
  seconds: number;
  /** Mean absolute errors of the recent past in expected deviations: of the forecasts, and of assuming no change. */
  error: number;
  persistenceError: number;
  trusted: boolean;
}

/** Cold start: before this, reactive. */
const LEAST_JUDGED = 60;
const LEAST_SECONDS = 3600;
const HALF_LIFE_SECONDS = 1200;
/** Distrusted from 1.2 times the error of persistence on, trusted again at no more than that of persistence. */
const DISTRUST_RATIO = 1.2;
/** Errors smaller than this part of the expected deviation are no reason for distrust. */
const NEGLIGIBLE = 0.25;
const MOST_ERROR = 20;

export const newTrust = (): Trust => ({ judged: 0, seconds: 0, error: 0, persistenceError: 0, trusted: false });

/** Both errors in expected deviations. */
export function judgeForecast(trust: Trust, error: number, persistenceError: number, seconds: number): void {
  const share = 1 - 0.5 ** (seconds / HALF_LIFE_SECONDS);
  const average = (known: number, value: number): number =>
    known + share * (Math.min(Math.abs(value), MOST_ERROR) - known);
  trust.judged++;
  trust.seconds += seconds;
  trust.error = average(trust.error, error);
  trust.persistenceError = average(trust.persistenceError, persistenceError);
  const bearable = Math.max(trust.persistenceError, NEGLIGIBLE) * (trust.trusted ? DISTRUST_RATIO : 1);
  trust.trusted = isSeasoned(trust) && trust.error <= bearable;
}

export function verdict(trust: Trust): { trusted: boolean; reasons: string[] } {
  if (trust.trusted) return { trusted: true, reasons: [] };
  const reason = isSeasoned(trust)
    ? `reactive: of late the forecasts' error is ${(trust.error / Math.max(trust.persistenceError, 1e-9)).toFixed(2)} times that of assuming no change`
    : `reactive: ${String(trust.judged)} forecasts over ${String(Math.round(trust.seconds))} s are known the outcome of, ${String(LEAST_JUDGED)} over ${String(LEAST_SECONDS)} s are needed`;
  return { trusted: false, reasons: [reason] };
}

const isSeasoned = ({ judged, seconds }: Trust): boolean => judged >= LEAST_JUDGED && seconds >= LEAST_SECONDS;
