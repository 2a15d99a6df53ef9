import { type Clock, within as inTime } from "../clock";
import { type FeedForecast, FeedFault, type FeedSeries, type IntensityFeed } from "./feed";
import type { Issued } from "./forecast-judge";
import type { IntensityPoint } from "./intensity";
import { judge } from "./plausibility";
import { DAY_MS, HOUR_MS, MINUTE_MS, within } from "./series";

/** What a feed's data are worth now. */
export interface MemberSeries extends FeedSeries {
  asOf: number;
  stale: boolean;
  /** Why something better would be welcome: stale, standing still, or not all there. */
  doubt?: string;
  /** What was left out, and why. */
  notes: readonly string[];
}

/** Figures that are stale for longer than this say nothing about now. */
const ABANDON_MS = 6 * HOUR_MS;
/** With less of a stretch a feed is worth no more than a table of all of it. */
const LEAST_COVERED = 0.5;
/** With less of it another feed may be better. */
const WELL_COVERED = 0.9;
/** Every feed gives a day of measured figures, also on its smallest plan. */
const RECENT_MS = DAY_MS;
/** So long what was believed is remembered: to judge forecasts by, and the next answer. */
const MEMORY_MS = 8 * DAY_MS;
/** The feed's forecasts are remembered so far apart. */
const ISSUED_EVERY_MS = 3 * HOUR_MS;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;
/** Answers and regions that are kept; the oldest goes first. */
const MOST_KEPT = 256;
const WHOLE_FEED = "";

interface Kept<T> {
  until: number;
  answer: Promise<T>;
}

interface Memory {
  points: IntensityPoint[];
  source: string;
  asOf?: number;
  issued: Issued[];
}

/** One feed of the chain with all that stands between it and a figure: time limit, pauses, cache, judge and memory. */
export class Member {
  private readonly kept = new Map<string, Kept<unknown>>();
  private readonly pauses = new Map<string, { until: number; failures: number; why: string }>();
  private readonly memories = new Map<string, Memory>();

  constructor(
    readonly feed: IntensityFeed,
    private readonly clock: Clock,
    private readonly timeoutMilliseconds: number,
  ) {}

  /** What was believed of the region in the last days, and what the feed foretold in them. */
  memory(region: string): { points: readonly IntensityPoint[]; issued: readonly Issued[] } {
    return this.memoryOf(region);
  }

  /** The last day. What is remembered stands in, as stale, while the feed has no answer. Errors: FeedFault. */
  async recent(region: string): Promise<MemberSeries> {
    const now = this.clock.now();
    let fault: FeedFault | undefined;
    let notes: readonly string[] = [];
    let flat = false;
    try {
      const answer = await this.cached(`recent ${region}`, () => this.measure("recent", region, now - RECENT_MS, now));
      ({ notes, flat } = answer);
    } catch (error) {
      fault = faultOf(error);
    }
    const { points, source, asOf } = this.memoryOf(region);
    const last = points.at(-1);
    if (!last) throw fault ?? new FeedFault("has no figure of the last day");
    const behind = now - last.to - this.feed.staleMilliseconds;
    if (behind > ABANDON_MS) throw fault ?? new FeedFault(`stopped: its last figure ended ${ageOf(now - last.to)} ago`);
    const stale = fault !== undefined || behind > 0 || flat;
    const doubt = fault
      ? `${fault.message}; its last figure ended ${ageOf(now - last.to)} ago`
      : behind > 0
        ? `its last figure ended ${ageOf(now - last.to)} ago`
        : flat
          ? "has said the same value for a day or longer"
          : undefined;
    return { points, source, asOf: asOf ?? last.from, stale, notes, ...(doubt === undefined ? {} : { doubt }) };
  }

  /** Errors: FeedFault, also when there is nothing. */
  async history(region: string, from: number, to: number): Promise<MemberSeries> {
    const start = Math.floor(from / HOUR_MS) * HOUR_MS;
    const end = Math.ceil(to / HOUR_MS) * HOUR_MS;
    const key = `history ${region} ${String(start)} ${String(end)}`;
    const { points: all, ...answer } = await this.cached(key, () => this.measure("history", region, start, end));
    const points = within(all, from, to);
    const last = points.at(-1);
    if (!last) throw new FeedFault("has no figures of the time asked for");
    const covered = points.reduce((sum, p) => sum + Math.min(p.to, to) - Math.max(p.from, from), 0) / (to - from);
    const share = `${(covered * 100).toFixed(0)} % of the time asked for`;
    if (covered < LEAST_COVERED) throw new FeedFault(`covers only ${share}`);
    const doubt = covered < WELL_COVERED ? `covers ${share}` : undefined;
    const { source, asOf = last.from, notes } = answer;
    return { points, source, asOf, stale: false, notes, ...(doubt === undefined ? {} : { doubt }) };
  }

  /** Undefined where the feed has no forecasts. Errors: FeedFault. */
  async forecast(region: string, from: number, to: number): Promise<(FeedForecast & { notes: string[] }) | undefined> {
    const { feed } = this;
    if (!feed.forecast) return undefined;
    const end = Math.ceil(to / HOUR_MS) * HOUR_MS;
    const start = Math.floor(Math.min(from, this.clock.now()) / HOUR_MS) * HOUR_MS;
    const answer = await this.cached(`forecast ${region} ${String(start)} ${String(end)}`, async () => {
      const now = this.clock.now();
      const key = `forecast ${region}`;
      const given = await this.asked(key, (signal) => feed.forecast!(region, start, end, signal));
      const age = now - given.generatedAt;
      if (age > feed.staleMilliseconds + ABANDON_MS) {
        throw this.paused(key, new FeedFault(`has no newer forecast than that of ${ageOf(age)} ago`));
      }
      const memory = this.memoryOf(region);
      const { zeroIsReal } = feed;
      const judging = { now, zeroIsReal, before: memory.points.slice(-100), forecast: true };
      const { points, notes, refused } = judge(within(given.points, start, end), judging);
      if (refused !== undefined) throw this.paused(key, new FeedFault(`gave a forecast beyond belief: ${refused}`));
      this.pauses.delete(key);
      if ((memory.issued.at(-1)?.at ?? -Infinity) + ISSUED_EVERY_MS <= now && points.length > 0) {
        memory.issued = [...memory.issued.filter(({ at }) => at > now - MEMORY_MS), { at: now, points }];
      }
      return { ...given, points, notes };
    });
    const points = within(answer.points, from, to);
    if (points.length === 0) throw new FeedFault("has no forecast of the time asked for");
    return { ...answer, points };
  }

  private async measure(kind: "recent" | "history", region: string, from: number, to: number) {
    // Apart, because a plan may allow the last day and not the last year.
    const key = `${kind} ${region}`;
    const given = await this.asked(key, (signal) => this.feed.measured(region, from, to, signal));
    const now = this.clock.now();
    // What a table has beyond the end was not asked for; what a live feed has measured of the future is a lie to be told.
    const points = within(given.points, from, this.feed.table ? to : Infinity);
    const memory = this.memoryOf(region);
    const { zeroIsReal, table } = this.feed;
    // A table is no feed that could lie, stop or stand still: it stands still by nature.
    if (table) return { ...given, points, notes: [], flat: false };
    const judged = judge(points, { now, zeroIsReal, before: memory.points, forecast: false });
    if (judged.refused !== undefined) throw this.paused(key, new FeedFault(`cannot be believed: ${judged.refused}`));
    this.pauses.delete(key);
    const since = now - MEMORY_MS;
    memory.points = within([...memory.points, ...judged.points], since, Infinity);
    memory.source = given.source;
    if (given.asOf !== undefined) memory.asOf = given.asOf;
    return { ...given, ...judged };
  }

  /** Asks the feed unless it has a pause, gives it its time, and pauses after a fault, longer after each. */
  private async asked<T>(what: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const now = this.clock.now();
    for (const key of [WHOLE_FEED, what]) {
      const pause = this.pauses.get(key);
      if (pause && now < pause.until) throw new FeedFault(`${pause.why}; not asked again before ${iso(pause.until)}`);
    }
    const abort = new AbortController();
    const seconds = this.timeoutMilliseconds / 1000;
    const late = (): Error => new FeedFault(`has not answered within ${String(seconds)} s`);
    try {
      return await inTime(this.clock, this.timeoutMilliseconds, () => ask(abort.signal), late);
    } catch (error) {
      throw this.paused(what, faultOf(error));
    } finally {
      abort.abort();
    }
  }

  private paused(what: string, fault: FeedFault): FeedFault {
    const now = this.clock.now();
    if (fault.retryAfterMilliseconds !== undefined) {
      const until = now + Math.min(fault.retryAfterMilliseconds, DAY_MS);
      this.pauses.set(WHOLE_FEED, { until, failures: 1, why: fault.message });
      return fault;
    }
    const failures = (this.pauses.get(what)?.failures ?? 0) + 1;
    const until = now + Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    bounded(this.pauses).set(what, { until, failures, why: fault.message });
    return fault;
  }

  /** One question at a time per key; a fault is not kept, for its pause is. */
  private async cached<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.clock.now();
    const kept = this.kept.get(key);
    if (kept && now < kept.until) return (await kept.answer) as T;
    const answer = ask();
    this.kept.delete(key);
    bounded(this.kept).set(key, { until: now + this.feed.refreshMilliseconds, answer });
    answer.catch(() => {
      if (this.kept.get(key)?.answer === answer) this.kept.delete(key);
    });
    return await answer;
  }

  private memoryOf(region: string): Memory {
    let memory = this.memories.get(region);
    if (!memory) {
      memory = { points: [], source: this.feed.name, issued: [] };
      bounded(this.memories).set(region, memory);
    }
    return memory;
  }
}

/** Makes room for one more. */
function bounded<V>(map: Map<string, V>): Map<string, V> {
  if (map.size >= MOST_KEPT) map.delete(map.keys().next().value!);
  return map;
}

/** A feed's fault is said as it is; a fault of ours is thrown on. */
function faultOf(error: unknown): FeedFault {
  if (error instanceof FeedFault) return error;
  throw error;
}

const iso = (time: number): string => new Date(time).toISOString();

function ageOf(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / MINUTE_MS));
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}
