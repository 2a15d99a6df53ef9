import type { IntensityPoint, Signal } from "./intensity";

/** Points of a feed as it gave them, in order of time. */
export interface FeedSeries {
  points: readonly IntensityPoint[];
  /** Feed and data, with licence where one asks for it. */
  source: string;
  /** ms since epoch: the date the data are of, where it is not that of the last point. */
  asOf?: number;
}

export interface FeedForecast extends FeedSeries {
  /** ms since epoch. */
  generatedAt: number;
}

/** One source of intensity. What it cannot give it says with a FeedFault; what it gives is judged by its member of the chain. */
export interface IntensityFeed {
  readonly name: string;
  readonly signal: Signal;
  readonly method: string;
  /** Of a table of the past that stands in where no feed answers: the shape of what it foretells. */
  readonly table?: "flat" | "profile";
  /** An intensity of 0 can be true here (curtailment at the margin), and is else a fault. */
  readonly zeroIsReal: boolean;
  /** ms: how often there is something new. */
  readonly refreshMilliseconds: number;
  /** ms: data whose last stretch ended longer ago are stale. */
  readonly staleMilliseconds: number;
  regions(): Promise<readonly string[]>;
  knows(region: string): Promise<boolean>;
  /** What was measured in [from, to); points may be missing. */
  measured(region: string, from: number, to: number, signal: AbortSignal): Promise<FeedSeries>;
  /** The newest forecast for [from, to), or as much of it as there is; absent where the feed has none. */
  forecast?(region: string, from: number, to: number, signal: AbortSignal): Promise<FeedForecast>;
}

/** Why a feed has no answer; the chain goes on to the next one and repeats the message. Never holds a key or a URL. */
export class FeedFault extends Error {
  override readonly name = "FeedFault";

  constructor(
    message: string,
    /** ms: do not ask this feed for anything before that; asked for by the feed, or because asking again cannot help. */
    readonly retryAfterMilliseconds?: number,
    /** Of HTTP, where that is where it comes from. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** A feed's fault is said as it is; a fault of ours is thrown on. */
export function faultOf(error: unknown): FeedFault {
  if (error instanceof FeedFault) return error;
  throw error;
}
