import { type Clock, within as inTime } from "../clock";
import { type FeedForecast, FeedFault, type FeedSeries, type IntensityFeed, faultOf } from "./feed";
import type { Issued } from "./forecast-judge";
import type { IntensityPoint } from "./intensity";
import type { FeedMemory, Remembered } from "./memory";
import { bounded, Pauses } from "./pauses";
import { judge } from "./plausibility";
import { ageOf, DAY_MS, HOUR_MS, MINUTE_MS, samePoint, within } from "./series";

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
/** A memory that cannot be read now must not hold up every question. */
const RECALL_AGAIN_MS = MINUTE_MS;
/** The feed's forecasts are remembered so far apart. */
export const ISSUED_EVERY_MS = 3 * HOUR_MS;

interface Kept<T> {
  until: number;
  answer: Promise<T>;
}

interface Memory {
  points: IntensityPoint[];
  source: string;
  asOf?: number;
  issued: readonly Issued[];
  /** ms: when to ask again for what an earlier process knew; Infinity once it is in it. */
  recallAt: number;
}

export interface MemberOptions {
  clock: Clock;
  timeoutMilliseconds: number;
  /** Beyond this process; within it alone where there is none. */
  memory?: FeedMemory;
  /** Called for each question to the feed that failed. */
  onFailed?: () => void;
}

/** One feed of the chain with all that stands between it and a figure: time limit, pauses, cache, judge and memory. */
export class Member {
  private readonly kept = new Map<string, Kept<unknown>>();
  private readonly pauses: Pauses;
  private readonly memories = new Map<string, Memory>();

  private readonly clock: Clock;

  constructor(
    readonly feed: IntensityFeed,
    private readonly options: MemberOptions,
  ) {
    this.clock = options.clock;
    this.pauses = new Pauses(options.clock);
  }

  /** What was believed of the region in the last days, and what the feed foretold in them. */
  memory(region: string): { points: readonly IntensityPoint[]; issued: readonly Issued[] } {
    return this.memoryOf(region);
  }

  /** The last day. What is remembered stands in, as stale, while the feed has no answer. Errors: FeedFault. */
  async recent(region: string): Promise<MemberSeries> {
    await this.recall(region);
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
    await this.recall(region);
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
      this.pauses.end(key);
      if ((memory.issued.at(-1)?.at ?? -Infinity) + ISSUED_EVERY_MS <= now && points.length > 0) {
        const issued = { at: now, points };
        memory.issued = [...memory.issued.filter(({ at }) => at > now - MEMORY_MS), issued];
        this.options.memory?.keep(feed.name, region, { points: [], issued: [issued] }, now - MEMORY_MS);
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
    this.pauses.end(key);
    const since = now - MEMORY_MS;
    const known = new Map(memory.points.map((point) => [point.from, point]));
    memory.points = within([...memory.points, ...judged.points], since, Infinity);
    memory.source = given.source;
    const fresh = memory.points.filter((point) => !samePoint(point, known.get(point.from)));
    if (fresh.length > 0) {
      const { name } = this.feed;
      this.options.memory?.keep(name, region, { points: fresh, source: given.source, issued: [] }, since);
    }
    if (given.asOf !== undefined) memory.asOf = given.asOf;
    return { ...given, ...judged };
  }

  /** Asks the feed unless it has a pause, gives it its time, and pauses after a fault, longer after each. */
  private async asked<T>(what: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.pauses.check(what);
    const abort = new AbortController();
    const { timeoutMilliseconds } = this.options;
    const seconds = timeoutMilliseconds / 1000;
    const late = (): Error => new FeedFault(`has not answered within ${String(seconds)} s`);
    try {
      return await inTime(this.clock, timeoutMilliseconds, () => ask(abort.signal), late);
    } catch (error) {
      throw this.paused(what, faultOf(error));
    } finally {
      abort.abort();
    }
  }

  private paused(what: string, fault: FeedFault): FeedFault {
    this.options.onFailed?.();
    return this.pauses.after(what, fault);
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

  /** Brings in, once, what an earlier process knew: without it a feed would be trusted anew after each restart. */
  private async recall(region: string): Promise<void> {
    const { memory: kept, timeoutMilliseconds } = this.options;
    const now = this.clock.now();
    if (!kept || this.feed.table || now < this.memoryOf(region).recallAt) return;
    const since = now - MEMORY_MS;
    const load = (): Promise<Remembered | undefined> => kept.load(this.feed.name, region, since);
    const late = (): Error => new FeedFault("the memory of it has not answered");
    const remembered = await inTime(this.clock, timeoutMilliseconds, load, late).catch(() => undefined);
    const memory = this.memoryOf(region);
    if (memory.recallAt === Infinity) return;
    memory.recallAt = remembered ? Infinity : this.clock.now() + RECALL_AGAIN_MS;
    if (!remembered) return;
    if (memory.points.length === 0 && remembered.source !== undefined) memory.source = remembered.source;
    memory.points = within([...remembered.points, ...memory.points], since, Infinity);
    const known = new Set(memory.issued.map(({ at }) => at));
    memory.issued = [...remembered.issued.filter(({ at }) => !known.has(at)), ...memory.issued];
  }

  private memoryOf(region: string): Memory {
    let memory = this.memories.get(region);
    if (!memory) {
      memory = { points: [], source: this.feed.name, issued: [], recallAt: -Infinity };
      bounded(this.memories).set(region, memory);
    }
    return memory;
  }
}
