import { findKnee, type Knee, type Observation } from "./knee";
import type { ConcurrencyLimit, LimitSample } from "./limit";

/** Ratios, counts and standard deviations, no times and no sizes: one set serves servers of any capacity and speed. */
interface AdaptiveSettings {
  initial: number;
  minimum: number;
  maximum: number;
  /** By how much (of its logarithm) the limit lies above the knee: so that random gaps do not leave the server idle. */
  headroom: number;
  /** Least and largest swing of the limit around its mean, of its logarithm. */
  swing: { least: number; most: number };
  /** A phase lasts until so many requests that were let through in it have ended … */
  requests: number;
  /** … and so many times the server's settling time has passed. */
  latencies: number;
  /** What an observation still counts after one more. */
  memory: number;
  /** Standard deviation of the logarithm of a phase's latency, besides what the spread of its requests explains. */
  noise: number;
  /** Standard deviations by which two phases must miss what was expected before all that was known is forgotten. */
  surprise: number;
  /** What is left of the limit after a phase with drops. */
  afterDrop: number;
}

const ADAPTIVE_DEFAULTS: AdaptiveSettings = {
  initial: 20,
  minimum: 1,
  maximum: 10_000,
  headroom: 0.02,
  swing: { least: 0.05, most: 0.25 },
  requests: 20,
  latencies: 2,
  memory: 0.98,
  noise: 0.02,
  surprise: 4,
  afterDrop: 0.9,
};

/** Share of the newest request in smoothed values, once there were enough. */
const SMOOTHING = 0.01;
/** Less weight than this and an observation is dropped. */
const NEGLIGIBLE = 0.1;
/** Standard deviations by which doubt raises the limit: a limit too high shows in latency, one too low in refusals only. */
const OPTIMISM = 0.5;
/** By how much (of its logarithm) the knee must seem to lie below the limit to end the start. */
const STARTING_DOUBT = 0.2;
/** Growth in each phase at the start. */
const STARTING_STEP = 1.5;
/** The limit changes by at most this factor in a step. */
const LARGEST_STEP = 2;

/** Sums over the requests that were let through in one phase. */
class Phase {
  requests = 0;
  drops = 0;
  latencies = 0;
  inflight = 0;
  full = 0;

  constructor(
    readonly startedAt: number,
    readonly level: number,
  ) {}

  add({ startedAt, finishedAt, inflight, dropped }: LimitSample): void {
    this.requests += 1;
    this.drops += dropped ? 1 : 0;
    const latency = finishedAt - startedAt;
    this.latencies += latency;
    this.inflight += inflight;
    this.full += inflight >= Math.floor(this.level) ? 1 : 0;
  }

  /** Whether most requests found the limit reached: without it nothing is learnt about the limit. */
  get saturated(): boolean {
    return this.full * 2 >= this.requests;
  }

  get latency(): number {
    return this.latencies / this.requests;
  }
}

/**
 * Finds and follows the knee of a server whose capacity nobody knows. The limit swings a little around its mean, phase by
 * phase, and what that does to latency shows where the knee is (`findKnee`); the more doubt, the wider the swing.
 *
 * It never relies on a least or a long-past latency: there is none to be poisoned by a lucky request, to drift upwards
 * under steady overload or to be wrong once the service itself became slower. A wide spread of latencies makes it slower,
 * not wrong. It learns only while the limit is in use. Drops cut the limit.
 */
export class AdaptiveLimit implements ConcurrencyLimit {
  limit: number;
  private readonly settings: AdaptiveSettings;
  /** The phase under way and the one before, whose stragglers still come in. */
  private current: Phase | undefined;
  private previous: Phase | undefined;
  private observations: Observation[] = [];
  private knee: Knee | undefined;
  private surprises: number[] = [];
  private upward = false;
  private starting = true;
  private samples = 0;
  /**
   * Smoothed over all requests, those that outlast their phase included: a phase that happened to have no slow request
   * would else seem the surest of all.
   */
  private latency = 0;
  private square = 0;

  constructor(settings: Partial<AdaptiveSettings> = {}) {
    this.settings = { ...ADAPTIVE_DEFAULTS, ...settings };
    this.limit = this.settings.initial;
  }

  allowed(now: number): number {
    const { level } = (this.current ??= this.begin(now));
    // The fraction is allowed for that share of the time: steps of the golden ratio spread it evenly.
    return Math.max(this.settings.minimum, Math.floor(level + ((this.samples * 0.618_033_988_749) % 1)));
  }

  onSample(sample: LimitSample): void {
    this.samples += 1;
    this.current ??= this.begin(sample.startedAt);
    const { current, previous } = this;
    if (sample.startedAt >= current.startedAt) current.add(sample);
    else if (previous && sample.startedAt >= previous.startedAt) previous.add(sample);
    const latency = sample.finishedAt - sample.startedAt;
    const share = Math.max(1 / this.samples, SMOOTHING);
    this.latency += share * (latency - this.latency);
    this.square += share * (latency * latency - this.square);
    const { requests, latencies } = this.settings;
    // A server settles in about E[latency^2] / E[latency]: what slow requests occupy they occupy for long.
    const settling = latencies * this.latency * (1 + this.spread());
    if (current.requests < requests || sample.finishedAt - current.startedAt < settling) return;
    if (previous) this.learn(previous);
    this.previous = current;
    this.current = this.begin(sample.finishedAt);
  }

  /** Squared coefficient of variation of the latency. */
  private spread(): number {
    return Math.max(0, this.square / this.latency ** 2 - 1);
  }

  private begin(now: number): Phase {
    this.upward = !this.upward;
    const { least, most } = this.settings.swing;
    const swing = Math.max(least, Math.min(most, this.knee?.deviation ?? most));
    return new Phase(now, this.limit * Math.exp(this.upward ? swing : -swing));
  }

  private learn(phase: Phase): void {
    const { minimum, maximum, afterDrop, memory, noise, headroom } = this.settings;
    if (phase.drops > 0) {
      this.limit = Math.max(minimum, this.limit * afterDrop);
      return;
    }
    if (!phase.saturated) return;
    const observation: Observation = {
      inflight: phase.inflight / phase.requests,
      latency: Math.max(phase.latency, Number.MIN_VALUE),
      variance: this.spread() / phase.requests + noise * noise,
      weight: 1,
    };
    this.observations = [
      ...this.observations
        .map((past) => ({ ...past, weight: past.weight * memory }))
        .filter((past) => past.weight > NEGLIGIBLE),
      observation,
    ];
    if (this.surprised(observation)) this.observations = [observation];
    this.knee = findKnee(this.observations)!;
    // At first nothing is known, and whoever is turned away meanwhile is turned away for nothing: grow until a queue shows.
    this.starting &&= this.knee.mean > Math.log(this.limit) - STARTING_DOUBT;
    const target = Math.max(
      Math.exp(this.knee.mean + headroom + OPTIMISM * this.knee.deviation),
      this.starting ? this.limit * STARTING_STEP : 0,
    );
    const bounded = Math.max(this.limit / LARGEST_STEP, Math.min(this.limit * LARGEST_STEP, target));
    this.limit = Math.max(minimum, Math.min(maximum, bounded));
  }

  /** Whether the last two phases together miss by far what the knee let expect: the server has changed. */
  private surprised({ inflight, latency, variance }: Observation): boolean {
    const { knee, settings } = this;
    if (!knee) return false;
    const expected = knee.base + Math.max(0, Math.log(inflight) - knee.mean);
    this.surprises = [...this.surprises.slice(-1), (Math.log(latency) - expected) / Math.sqrt(variance)];
    const [one = 0, other = 0] = this.surprises;
    if (Math.abs(one + other) / Math.SQRT2 < settings.surprise) return false;
    this.surprises = [];
    return true;
  }
}
