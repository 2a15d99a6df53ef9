/** One stretch of time with one limit. */
export interface Measurement {
  /** Most leases at once meanwhile. */
  limit: number;
  /** Leases that ended, per second. */
  throughput: number;
  /** Mean time that they were held. */
  heldMilliseconds: number;
}

export interface KneeExplanation {
  limit: number;
  phase: Phase;
  /** Leases at once beyond which more only wait inside the resource; null until it has been found. */
  knee: number | null;
  reason: string;
  /** The latest measurements, oldest first. */
  evidence: (Measurement & { concurrency: number })[];
}

type Phase = "climbing" | "settled" | "probing-down" | "descending" | "probing-up";

interface Point extends Measurement {
  /** Mean number of leases at once, by Little's law: throughput x time held. */
  concurrency: number;
}

/** Throughput must grow by at least the square root of concurrency for more concurrency to be worth it. */
const WORTHWHILE = 0.5;
/** Part of the limit that must be in use for a measurement to say anything about the limit. */
const FILLED = 0.85;
const CLIMB = 1.5;
const PROBE_DOWN = 0.6;
const PROBE_UP = 1.4;
/** Hold times within this of the shortest are those without queueing. */
const PLATEAU = 1.2;
/** Change of the time held that makes the knee doubtful before its time. */
const DRIFT = 0.25;
const EVIDENCE = 16;
const FIRST_PATIENCE = 4;

/**
 * Finds how many leases at once a resource can put to use, from measurements alone, and follows it when it moves.
 *
 * The knee is where Kleinrock's power, throughput / response time, is highest (L. Kleinrock, "Power and deterministic rules
 * of thumb for probabilistic problems in computer communications", ICC 1979). With Little's law that is where the
 * elasticity d ln(throughput) / d ln(concurrency) falls to 1/2. Climbing stops there; the knee itself is then the
 * operational bound N* = highest throughput x time held without queueing (Denning and Buzen, 1978), which interpolates
 * between the limits that were tried.
 * Settled, it tries a lower limit (is the knee below by now?) and a higher one (above?) from time to time, and when the
 * time held drifts. A measurement in which the demand did not fill the limit changes nothing.
 */
export class KneeFinder {
  limit: number;
  private phase: Phase = "climbing";
  private knee: number | null = null;
  private reason = "nothing is measured yet";
  private evidence: Point[] = [];
  /** Of the present search; the latest is the one to compare with. */
  private points: Point[] = [];
  private best: Point | undefined;
  private missed = 0;
  private windows = 0;
  /** Measurements until the next probe: few after a knee was found anew, more each time it is found again. */
  private patience = FIRST_PATIENCE;
  private drifting = 0;

  constructor(
    private readonly bounds: {
      minimum: number;
      maximum: number;
      /** Most measurements between two probes once settled. */
      probeEvery: number;
    },
  ) {
    this.limit = bounds.minimum;
  }

  why(): KneeExplanation {
    const { limit, phase, knee, reason, evidence } = this;
    return { limit, phase, knee, reason, evidence: evidence.map((point) => ({ ...point })) };
  }

  /** Takes what was measured under the present limit, and moves `limit` where there is reason to. */
  observe(measurement: Measurement): void {
    const point = { ...measurement, concurrency: (measurement.throughput * measurement.heldMilliseconds) / 1000 };
    if (point.concurrency < FILLED * this.limit) {
      this.reason = `demand keeps ${number(point.concurrency)} of ${this.limit} busy: no reason to change the limit`;
      return;
    }
    this.evidence = [...this.evidence, point].slice(-EVIDENCE);
    this[HANDLERS[this.phase]](point);
  }

  private climb(point: Point): void {
    const before = this.best;
    this.points.push(point);
    const pays = before === undefined || elasticity(before, point) >= WORTHWHILE;
    if (pays) this.best = point;
    this.missed = pays ? 0 : this.missed + 1;
    // One measurement may be a bad one; in a climb, what it said must hold for a higher limit too.
    if (before !== undefined && this.missed > (this.phase === "probing-up" ? 0 : 1)) {
      return this.settle(
        `${before.limit} to ${point.limit} leases brought throughput from ${number(before.throughput)}/s to ${number(point.throughput)}/s only`,
      );
    }
    if (this.limit >= this.bounds.maximum) return this.settle("throughput still grew at the maximum");
    const gain = pays ? "throughput grows" : "throughput did not grow enough, looking once more";
    this.move("climbing", this.limit * CLIMB, `${gain}: ${number(point.throughput)}/s at ${point.limit}`);
  }

  private hold(point: Point): void {
    const reference = this.points.at(-1)!;
    this.windows += 1;
    const drift = Math.abs(point.heldMilliseconds / reference.heldMilliseconds - 1);
    this.drifting = reference.limit === point.limit && drift > DRIFT ? this.drifting + 1 : 0;
    if (reference.limit !== point.limit) this.points.push(point);
    if (this.windows < this.patience && this.drifting < 2) return;
    this.points = [point];
    this.best = point;
    this.missed = 0;
    if (this.limit <= this.bounds.minimum) return this.probeUp(point);
    this.move("probing-down", Math.floor(this.limit * PROBE_DOWN), "probing whether fewer do as well");
  }

  private probeDown(point: Point): void {
    const reference = this.points.at(-1)!;
    if (elasticity(point, reference) >= WORTHWHILE) {
      this.points.unshift(point);
      return this.probeUp(reference);
    }
    this.descend(point);
  }

  private descend(point: Point): void {
    const reference = this.points[0]!;
    this.points.unshift(point);
    if (elasticity(point, reference) >= WORTHWHILE || this.limit <= this.bounds.minimum) {
      return this.settle(`${point.limit} leases bring ${number(point.throughput)}/s, more would only wait`);
    }
    this.move(
      "descending",
      Math.floor(this.limit * PROBE_DOWN),
      `${point.limit} leases do as well as ${reference.limit}`,
    );
  }

  private probeUp(reference: Point): void {
    if (reference.limit >= this.bounds.maximum) return this.settle("the maximum is still put to use");
    this.move(
      "probing-up",
      Math.max(reference.limit + 1, reference.limit * PROBE_UP),
      "probing whether more do better",
    );
  }

  /** The knee from the search's points, and the end of the search. */
  private settle(reason: string): void {
    const { points } = this;
    const shortest = Math.min(...points.map(({ heldMilliseconds }) => heldMilliseconds));
    const plateau = points.filter(({ heldMilliseconds }) => heldMilliseconds <= shortest * PLATEAU);
    const unqueued = plateau.reduce((sum, { heldMilliseconds }) => sum + heldMilliseconds, 0) / plateau.length;
    const throughput = Math.max(...points.map((point) => point.throughput));
    const knee = (throughput * unqueued) / 1000;
    const isSame = this.knee !== null && Math.abs(knee / this.knee - 1) < DRIFT;
    this.patience = Math.min(this.bounds.probeEvery, isSame ? 2 * this.patience : FIRST_PATIENCE);
    this.knee = knee;
    this.windows = this.drifting = 0;
    const law = `${number(throughput)}/s x ${number(unqueued)} ms = ${number(this.knee)}`;
    this.move("settled", Math.round(this.knee), `${reason}; knee ${law}`);
    this.points = points.filter(({ limit }) => limit === this.limit).slice(-1);
    if (this.points.length === 0) this.points = [{ limit: 0, throughput, heldMilliseconds: unqueued, concurrency: 0 }];
  }

  private move(phase: Phase, limit: number, reason: string): void {
    const { minimum, maximum } = this.bounds;
    this.phase = phase;
    this.limit = Math.min(maximum, Math.max(minimum, Math.ceil(limit)));
    this.reason = reason;
  }
}

const HANDLERS = {
  climbing: "climb",
  settled: "hold",
  "probing-down": "probeDown",
  descending: "descend",
  "probing-up": "climb",
} as const satisfies Record<Phase, string>;

/** d ln(throughput) / d ln(concurrency) from the one with less concurrency to the one with more. */
function elasticity(less: Point, more: Point): number {
  return Math.log(more.throughput / less.throughput) / Math.log(more.concurrency / less.concurrency);
}

const number = (value: number): string => value.toPrecision(3);
