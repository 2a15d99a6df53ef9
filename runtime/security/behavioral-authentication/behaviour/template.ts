/**
 * One-class template of a behaviour: what one person's samples look like, learned from that person's samples alone.
 *
 * Start: the winsorised scaled Manhattan distance (Killourhy and Maxion 2009 with a cap on each feature). Beyond it:
 * - each feature's dispersion is shrunk towards that of its group, for few samples say little about 71 dispersions;
 * - the cap is smooth, ln(1 + z²/ν): the negative log-likelihood of Student's t with ν degrees of freedom, up to constants;
 * - younger samples weigh more (decay), for typing changes while it is learned and as months pass;
 * - beside the distance to the centre counts that to the nearest samples, for people have more than one way.
 */

/** Degrees of freedom of Student's t: heavy tails, for a slip of one finger must not outweigh seventy features. */
const DEGREES = 2;
/** The group's dispersion counts as much as this many samples. */
const SHRINKAGE = 3;
/** What each sample's weight loses to the next one. */
export const DECAY = 0.05;
const NEIGHBOURS = 3;
/** Features; six presses have 17. */
const FEWEST_FOR_REPLAY = 16;
/** Below any dispersion that means something, in logarithmic units. */
const SMALLEST = 1e-9;

export type Sample = readonly number[];

export interface Template {
  /** Oldest first. */
  readonly samples: readonly Sample[];
  readonly centre: readonly number[];
  readonly scale: readonly number[];
}

/** `groups` names the group of each feature; samples are oldest first, at least two, and of the length of `groups`. */
export function fitTemplate(samples: readonly Sample[], groups: readonly string[]): Template {
  if (samples.length < 2) throw new RangeError("a template needs at least two samples");
  const weights = samples.map((_, index) => (1 - DECAY) ** (samples.length - 1 - index));
  const total = sum(weights);
  const effective = total ** 2 / sum(weights.map((weight) => weight ** 2));
  const centre = groups.map((_, feature) => weightedMedian(column(samples, feature), weights, total));
  const raw = groups.map((_, feature) => {
    const middle = centre[feature]!;
    return samples.reduce((at, one, index) => at + weights[index]! * Math.abs(one[feature]! - middle), 0) / total;
  });
  const common = meanByGroup(raw, groups);
  const scale = raw.map((own, feature) =>
    Math.max((effective * own + SHRINKAGE * common.get(groups[feature]!)!) / (effective + SHRINKAGE), SMALLEST),
  );
  return { samples, centre, scale };
}

/** How unlike the template the sample is: 0 for the centre itself where all samples are the same. */
export function distance({ samples, centre, scale }: Template, sample: Sample): number {
  const nearest = samples.map((one) => between(one, sample, scale)).sort((a, b) => a - b);
  const near = nearest.slice(0, NEIGHBOURS);
  return between(centre, sample, scale) + sum(near) / near.length;
}

/**
 * Whether the sample is one of the template's own: what people do is never the same twice, what is played back is. Short samples
 * and those of clients that round their times so coarsely that two of the user's own are alike say nothing.
 */
export function isReplay({ samples }: Template, sample: Sample): boolean {
  const same = samples.filter((one) => isSame(one, sample));
  if (same.length !== 1 || sample.length < FEWEST_FOR_REPLAY) return false;
  return !samples.some((one, index) => samples.slice(index + 1).some((other) => isSame(one, other)));
}

const isSame = (a: Sample, b: Sample): boolean => a.every((value, feature) => Math.abs(value - b[feature]!) < 1e-9);

/** The distance of each sample to the template of the others. */
export function leaveOneOut(samples: readonly Sample[], groups: readonly string[]): number[] {
  return samples.map((sample, index) =>
    distance(
      fitTemplate(
        samples.filter((_, other) => other !== index),
        groups,
      ),
      sample,
    ),
  );
}

function between(a: Sample, b: Sample, scale: readonly number[]): number {
  let total = 0;
  for (let feature = 0; feature < scale.length; feature++) {
    const z = (a[feature]! - b[feature]!) / scale[feature]!;
    total += Math.log1p((z * z) / DEGREES);
  }
  return total;
}

function meanByGroup(values: readonly number[], groups: readonly string[]): Map<string, number> {
  const sums = new Map<string, [number, number]>();
  values.forEach((value, index) => {
    const [before, count] = sums.get(groups[index]!) ?? [0, 0];
    sums.set(groups[index]!, [before + value, count + 1]);
  });
  return new Map([...sums].map(([group, [total, count]]) => [group, total / count]));
}

/** The value below and above which lies half of the weight; the mean of two where it lies between them. */
function weightedMedian(values: readonly number[], weights: readonly number[], total: number): number {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  let before = 0;
  for (let place = 0; place < order.length; place++) {
    before += weights[order[place]!]!;
    if (before > total / 2) return values[order[place]!]!;
    if (before === total / 2) return (values[order[place]!]! + values[order[place + 1]!]!) / 2;
  }
  return values[order.at(-1)!]!;
}

const column = (samples: readonly Sample[], feature: number): number[] => samples.map((one) => one[feature]!);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
