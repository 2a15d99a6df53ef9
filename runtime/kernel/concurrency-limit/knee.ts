/** What was seen of the requests of one phase: how many were in flight on average, and how long they took. */
export interface Observation {
  inflight: number;
  /** Mean, in any unit. */
  latency: number;
  /** Variance of the mean's logarithm. */
  variance: number;
  /** How much it still counts, 0 to 1. */
  weight: number;
}

export interface Knee {
  /** Natural logarithm of the concurrency at the knee: posterior mean and standard deviation. */
  mean: number;
  deviation: number;
  /** Logarithm of the latency below the knee, at the posterior mean. */
  base: number;
}

/** Distance between two candidates on the logarithmic scale. */
const STEP = 0.02;
/** Candidates reach so far below the least and above the largest concurrency that was tried: what lies there is unknown. */
const REACH = Math.log(2);

/**
 * Where a server's knee is, given latencies at several concurrencies. By Little's law latency is flat below the knee c and
 * grows in proportion to what is in flight above it: `latency = base x max(1, inflight / c)`. Each c on a logarithmic
 * grid gets the likelihood of the observations with its best base; the answer is the mean and the deviation of that
 * distribution. Where all that was tried lies on one side of the knee the answer lies beyond, on the other side; where
 * the observations say nothing it lies in their middle. undefined for no observations.
 */
export function findKnee(observations: readonly Observation[]): Knee | undefined {
  if (observations.length === 0) return undefined;
  const points = observations
    .map(({ inflight, latency, variance, weight }) => ({
      x: Math.log(inflight),
      y: Math.log(latency),
      weight: weight / variance,
    }))
    .sort((a, b) => b.x - a.x);
  const all = sums(points);
  const costs: { c: number; cost: number; base: number }[] = [];
  // From above: the points beyond c, whose latency the model raises, become more and more.
  const beyond = sums([]);
  let next = 0;
  for (let c = points[0]!.x + REACH; c >= points.at(-1)!.x - REACH; c -= STEP) {
    for (; next < points.length && points[next]!.x > c; next++) include(beyond, points[next]!);
    // Sums of w m, w m^2 and w m y with m = max(0, x - c), and from them the best base and its squared misses.
    const raised = beyond.x - c * beyond.weight;
    const squares = beyond.xx - 2 * c * beyond.x + c * c * beyond.weight;
    const products = beyond.xy - c * beyond.y;
    const base = (all.y - raised) / all.weight;
    const cost = all.yy + squares - 2 * products - all.weight * base * base;
    costs.push({ c, cost, base });
  }
  const least = Math.min(...costs.map(({ cost }) => cost));
  let [total, first, second] = [0, 0, 0];
  for (const { c, cost } of costs) {
    const likelihood = Math.exp((least - cost) / 2);
    total += likelihood;
    first += likelihood * c;
    second += likelihood * c * c;
  }
  const mean = first / total;
  const { base } = costs.reduce((a, b) => (Math.abs(b.c - mean) < Math.abs(a.c - mean) ? b : a));
  return { mean, deviation: Math.sqrt(Math.max(0, second / total - mean * mean)), base };
}

interface Point {
  x: number;
  y: number;
  weight: number;
}

interface Sums extends Point {
  xx: number;
  xy: number;
  yy: number;
}

function sums(points: readonly Point[]): Sums {
  const result: Sums = { weight: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 };
  for (const point of points) include(result, point);
  return result;
}

/** Adds the weighted moments of a point. */
function include(into: Sums, { x, y, weight }: Point): void {
  into.weight += weight;
  into.x += weight * x;
  into.y += weight * y;
  into.xx += weight * x * x;
  into.xy += weight * x * y;
  into.yy += weight * y * y;
}
