import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import { FeedFault, type IntensityFeed } from "./feed";
import { forecastOf } from "./forecast";
import type {
  Intensity,
  IntensityForecast,
  IntensityNow,
  IntensityOrigin,
  IntensityPoint,
  IntensitySeries,
} from "./intensity";
import { Member, type MemberSeries } from "./member";
import type { FeedMemory } from "./memory";
import { DAY_MS, pointAt } from "./series";
import type { ChainWatch, Question } from "./watch";

export interface ChainOptions {
  /** In the order in which they are asked; tables last, for nothing after a table is ever asked. */
  feeds: readonly IntensityFeed[];
  clock: Clock;
  /** How long one question to a feed may take. */
  timeoutMilliseconds: number;
  /** What feeds said before this process began; nothing where there is none. */
  memory?: FeedMemory;
  watch?: ChainWatch;
}

interface Found<T> {
  member: Member;
  answer: T;
  why: string;
}

/**
 * The feeds, one after the other: the first that knows the region and gives figures without a doubt answers. Figures that
 * are doubtful (stale, standing still, not all there) are better than a table's, and are used when no live feed is better.
 */
export class IntensityChain implements Intensity {
  private readonly members: readonly Member[];
  private readonly clock: Clock;
  private readonly watch: ChainWatch | undefined;

  /** Errors: MNO_CONFIG_INVALID when the feeds are of more than one signal. */
  constructor({ feeds, watch, ...options }: ChainOptions) {
    const signals = new Set(feeds.map(({ signal }) => signal));
    if (signals.size > 1) {
      const told = feeds.map(({ name, signal }) => `${name} (${signal})`).join(", ");
      throw new MnoError(
        "MNO_CONFIG_INVALID",
        `MNO_INTENSITY_FEEDS mixes average and marginal intensity, which rank regions in reverse: ${told}`,
      );
    }
    this.clock = options.clock;
    this.watch = watch;
    this.members = feeds.map((feed) => new Member(feed, { ...options, onFailed: () => watch?.failed(feed.name) }));
    for (const feed of feeds) if (feed.forecast) watch?.foretells(feed.name);
  }

  async regions(): Promise<readonly string[]> {
    const all = await Promise.all(this.members.map(({ feed }) => feed.regions().catch(ignoreFault)));
    return [...new Set(all.flat())].sort();
  }

  async now(region: string): Promise<IntensityNow> {
    const now = this.clock.now();
    const found = await this.walk("now", region, (member) =>
      member.feed.table ? member.history(region, now, now + 1) : member.recent(region),
    );
    const { points } = found.answer;
    const point: IntensityPoint = pointAt(points, now) ?? points.at(-1)!;
    return { ...this.originOf(found), region, point };
  }

  async history(region: string, from: number, to: number): Promise<IntensitySeries> {
    requireSpan(from, to);
    const found = await this.walk("history", region, (member) => member.history(region, from, to));
    return { ...this.originOf(found), region, points: found.answer.points };
  }

  async forecast(region: string, from: number, to: number): Promise<IntensityForecast> {
    requireSpan(from, to);
    const found = await this.walk("forecast", region, (member) =>
      forecastOf(member, region, from, to, this.clock.now()),
    );
    const { points, generatedAt, errorShare, by } = found.answer;
    this.watch?.foretold(found.member.feed.name, by);
    return { ...this.originOf(found), region, points, generatedAt, errorShare, by };
  }

  private async walk<T extends MemberSeries>(
    question: Question,
    region: string,
    ask: (member: Member) => Promise<T>,
  ): Promise<Found<T>> {
    const passed: string[] = [];
    const doubted: string[] = [];
    let reserve: { member: Member; answer: T } | undefined;
    const settled = (found: Found<T> | undefined): void =>
      this.watch?.settled({
        question,
        region,
        feed: found?.member.feed.name ?? null,
        passed: doubted,
        why: passed.join("; "),
        asOf: found?.answer.asOf ?? null,
      });
    const pass = (name: string, why: string): void => {
      doubted.push(name);
      passed.push(why);
    };
    for (const member of this.members) {
      const { name, table } = member.feed;
      if (table && reserve) break;
      try {
        if (!(await member.feed.knows(region))) {
          passed.push(`${name} does not know ${region}`);
          continue;
        }
        const answer = await ask(member);
        if (answer.doubt === undefined) {
          const found = { member, answer, why: passed.join("; ") };
          settled(found);
          return found;
        }
        pass(name, `${name}: ${answer.doubt}`);
        reserve ??= { member, answer };
      } catch (error) {
        if (!(error instanceof FeedFault)) throw error;
        pass(name, `${name} ${error.message}`); // it may know the region: who cannot answer cannot say no
      }
    }
    if (reserve) {
      const found = { ...reserve, why: `${passed.join("; ")}; ${reserve.member.feed.name} is used all the same` };
      settled(found);
      return found;
    }
    const told = passed.length === 0 ? "no feed is configured" : passed.join("; ");
    if (doubted.length > 0) {
      settled(undefined);
      throw new MnoError("MNO_INTENSITY_UNAVAILABLE", `No feed has the intensity of ${region}: ${told}`);
    }
    throw new MnoError(
      "MNO_INTENSITY_UNKNOWN_REGION",
      `${told}; MNO_INTENSITY_ZONES can give it a zone that one knows`,
    );
  }

  private originOf({ member, answer, why }: Found<MemberSeries>): IntensityOrigin {
    const { signal, method, table, staleMilliseconds } = member.feed;
    const { source, asOf, notes } = answer;
    const old = table !== undefined && this.clock.now() - asOf > staleMilliseconds;
    const left = notes.length === 0 ? [] : [`${member.feed.name}: ${notes.slice(0, 3).join(", ")}${more(notes)}`];
    const age = table
      ? [`${member.feed.name} is a table whose data end ${ageInDays(this.clock.now() - asOf)} ago`]
      : [];
    const all = [...(why === "" ? [] : [why]), ...left, ...age].join("; ");
    return { signal, source, asOf, method, stale: answer.stale || old, why: all };
  }
}

const more = (notes: readonly string[]): string => (notes.length > 3 ? ` and ${String(notes.length - 3)} more` : "");

const ageInDays = (milliseconds: number): string => `${String(Math.floor(milliseconds / DAY_MS))} days`;

function requireSpan(from: number, to: number): void {
  if (!(from < to)) throw new MnoError("MNO_REQUEST_INVALID", "The time asked for must end after it begins");
}

/** A feed that cannot say its regions now has none to name. */
function ignoreFault(error: unknown): readonly string[] {
  if (error instanceof FeedFault) return [];
  throw error;
}
