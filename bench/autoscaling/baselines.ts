import { hpa } from "./hpa";
import type { Policy, PolicyFactory } from "./replay";

const DAY_MS = 86_400_000;
const ROUNDING = 1e-9;
const ceil = (replicas: number): number => Math.ceil(replicas - ROUNDING);

/** Knows the load of the next start-up time: the least waste without a moment under-provisioned. */
export const oracle: PolicyFactory =
  ({ startSeconds, tickSeconds }): Policy =>
  ({ now, truth }) => {
    let most = 0;
    for (let ahead = 0; ahead <= startSeconds; ahead += tickSeconds) {
      most = Math.max(most, truth(now + ahead * 1000));
    }
    return ceil(most);
  };

/**
 * Not a policy that can be: it knows the load's mean over the two minutes before and after the moment a replica would be
 * ready, only not the noise of the minute, and adds `margin` times the root of that mean; replicas stay for a minute. What a
 * forecast from the past alone wastes beyond this is its error; what this wastes beyond the oracle is noise.
 */
export function knownMean(margin: number): PolicyFactory {
  return ({ startSeconds }): Policy => {
    let recent: { time: number; replicas: number }[] = [];
    return ({ now, desired, truth }) => {
      const at = now + startSeconds * 1000;
      let sum = 0;
      for (let aside = -120; aside <= 120; aside += 15) sum += truth(at + aside * 1000);
      const mean = sum / 17;
      const wanted = ceil(mean + margin * Math.sqrt(mean));
      recent = [...recent.filter(({ time }) => time >= now - 60_000), { time: now, replicas: wanted }];
      const held = Math.max(...recent.map(({ replicas }) => replicas));
      return wanted >= desired ? wanted : Math.min(desired, held);
    };
  };
}

/** The larger of HPA and: the load now times its growth a day ago over the next two minutes. */
export function seasonalNaive(target = 1): PolicyFactory {
  return (setting): Policy => {
    const reactive = hpa(target)(setting);
    let first = Infinity;
    return (view) => {
      const { now, observed, past } = view;
      first = Math.min(first, observed.time);
      const before = past(observed.time - DAY_MS);
      const isKnown = observed.time - DAY_MS >= first && before > 0;
      const expected = isKnown ? (observed.demand * past(now + 120_000 - DAY_MS)) / before : 0;
      return Math.max(reactive(view), ceil(expected / target));
    };
  };
}

/** Alpha, beta and gamma are not fitted; of 0.1, 0.3 and 0.9 (its examples) the best one for PHPA on the first half. */
const SMOOTHING = 0.1;

/**
 * PHPA with Holt-Winters (jthomperoo/predictive-horizontal-pod-autoscaler): HPA's replicas smoothed additively in level, trend
 * and a season of one day, one step ahead, rounded up; the larger of that and HPA. As in statsmodels' recursion for given
 * parameters; nothing is forecast during the first two seasons, which PHPA needs too.
 */
export function holtWinters(target = 1): PolicyFactory {
  return (setting): Policy => {
    const reactive = hpa(target)(setting);
    const period = Math.round(DAY_MS / 1000 / setting.tickSeconds);
    const season: number[] = [];
    let [level, trend, seen] = [0, 0, 0];
    return (view) => {
      const replicas = reactive(view);
      const index = seen % period;
      seen++;
      if (seen <= period) {
        season.push(replicas);
        if (seen === period) {
          level = season.reduce((sum, value) => sum + value, 0) / period;
          for (let i = 0; i < period; i++) season[i]! -= level;
        }
        return replicas;
      }
      const expected = level + trend;
      const previous = level;
      level = SMOOTHING * (replicas - season[index]!) + (1 - SMOOTHING) * expected;
      trend = SMOOTHING * (level - previous) + (1 - SMOOTHING) * trend;
      season[index] = SMOOTHING * (replicas - expected) + (1 - SMOOTHING) * season[index]!;
      const next = level + trend + season[(index + 1) % period]!;
      return seen <= 2 * period ? replicas : Math.max(replicas, ceil(next));
    };
  };
}
