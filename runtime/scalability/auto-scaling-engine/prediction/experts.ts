import { learn, newRegression, predict, type RegressionState } from "./recursive-least-squares";

/** The same regression with memories of different length: the long one knows the noise, the short one a ramp under way. */
export interface Experts {
  regressions: RegressionState[];
  /** Discounted sum of squared errors of each. */
  losses: number[];
}

const HALF_LIVES_SECONDS = [12 * 3600, 90 * 60, 15 * 60];
/** Losses are of the last minutes: which expert to follow changes with the phase of the day. */
const LOSS_HALF_LIFE_SECONDS = 200;
/** How sharply the better expert is preferred (exponential weights, Cesa-Bianchi and Lugosi 2006). */
const SHARPNESS = 0.3;
/** Outcomes this many deviations off teach no more than that, in robust regression and in losses. */
const MOST_ERROR = 4;

export const newExperts = (features: number): Experts => ({
  regressions: HALF_LIVES_SECONDS.map(() => newRegression(features)),
  losses: HALF_LIVES_SECONDS.map(() => 0),
});

/** Each expert's forecast, and their mean weighted by recent success. */
export function blend(
  { regressions, losses }: Experts,
  features: readonly number[],
): { growths: number[]; growth: number } {
  const growths = regressions.map((regression) => predict(regression, features));
  const least = Math.min(...losses);
  let [sum, weights] = [0, 0];
  growths.forEach((growth, i) => {
    const weight = Math.exp(-SHARPNESS * (losses[i]! - least));
    sum += weight * growth;
    weights += weight;
  });
  return { growths, growth: sum / weights };
}

/** Takes in what came of a forecast; `outcome` in the units of its growths. */
export function learnOutcome(
  { regressions, losses }: Experts,
  forecast: { features: readonly number[]; growths: readonly number[] },
  outcome: number,
  seconds: number,
): void {
  const clip = (error: number): number => Math.min(Math.max(error, -MOST_ERROR), MOST_ERROR);
  regressions.forEach((regression, i) => {
    losses[i] = losses[i]! * 0.5 ** (seconds / LOSS_HALF_LIFE_SECONDS) + clip(outcome - forecast.growths[i]!) ** 2;
    const error = clip(outcome - predict(regression, forecast.features));
    learn(regression, forecast.features, error, 0.5 ** (seconds / HALF_LIVES_SECONDS[i]!));
  });
}
