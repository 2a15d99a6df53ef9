import type { Endpoint } from "./policy";

export interface ProbePoolOptions {
  readonly poolSize?: number;
  /** Older reports are dropped, milliseconds. */
  readonly maxAgeMs?: number;
}

interface Report {
  readonly id: Endpoint["id"];
  /** As reported, and one more for each use since. */
  inFlight: number;
  readonly latencyMs: number;
  /** Milliseconds, monotonic. */
  readonly at: number;
  usesLeft: number;
}

/** Above any latency: hot reports come after all cold ones, and are compared by requests in flight. */
const HOT = 1e9;
const MOST_USES = 16;
/** Prequal's delta: how much faster reports come in than they are used up. */
const SURPLUS = 1;
const REMOVED_PER_REQUEST = 1;

/** Prequal's pool of probe answers: bounded in number, age and uses; each request removes the oldest or the worst in turn. */
export class ProbePool {
  list: Report[] = [];
  private uses = 1;
  private oldestNext = true;
  private readonly size: number;
  private readonly maxAgeMs: number;

  constructor({ poolSize = 16, maxAgeMs = 1000 }: ProbePoolOptions) {
    this.size = poolSize;
    this.maxAgeMs = maxAgeMs;
  }

  /** How often a report may be used: `(1 + delta) / ((1 - pool / servers) * probes - removed)`, from 1 to 16. */
  setUses(servers: number, probesPerRequest: number): void {
    const supply = (1 - this.size / Math.max(servers, 1)) * probesPerRequest - REMOVED_PER_REQUEST;
    this.uses = supply <= 0 ? MOST_USES : Math.min(MOST_USES, Math.max(1, (1 + SURPLUS) / supply));
  }

  add(report: Omit<Report, "usesLeft">): void {
    this.list.push({ ...report, usesLeft: this.uses });
    if (this.list.length > this.size) this.list.shift();
  }

  /** Drops the reports of other endpoints. */
  keep(isKnown: (id: Endpoint["id"]) => boolean): void {
    this.list = this.list.filter(({ id }) => isKnown(id));
  }

  removeOne(now: number, hotAbove: number): void {
    this.list = this.list.filter(({ at }) => now - at <= this.maxAgeMs);
    if (this.list.length === 0) return;
    const cost = this.cost(hotAbove);
    const worst = this.list.reduce((a, b) => (cost(b) > cost(a) ? b : a));
    this.list.splice(this.oldestNext ? 0 : this.list.indexOf(worst), 1);
    this.oldestNext = !this.oldestNext;
  }

  /** The lexicographic order as one number. */
  cost(hotAbove: number): (report: Report) => number {
    return ({ inFlight, latencyMs }) => (inFlight > hotAbove ? HOT + inFlight : latencyMs);
  }

  use(report: Report): void {
    report.inFlight++;
    if (--report.usesLeft <= 0) this.list = this.list.filter((other) => other !== report);
  }
}
