import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "../../../runtime/kernel/clock";
import {
  FeedFault,
  type FeedForecast,
  type FeedSeries,
  type IntensityFeed,
} from "../../../runtime/kernel/intensity/feed";
import type { Fetch } from "../../../runtime/kernel/intensity/http";
import type { IntensityPoint } from "../../../runtime/kernel/intensity/intensity";
import { HOUR_MS, MINUTE_MS } from "../../../runtime/kernel/intensity/series";

/** The moment around which the answers in this folder lie. */
export const NOW = Date.parse("2026-11-23T12:10:00Z");

export const answer = (file: string): string => readFileSync(join(__dirname, file), "utf8");

export interface Asked {
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
}

type Reply = string | { status: number; headers?: Record<string, string>; body?: string } | Error;

/** A fetch that answers by the path's end; each reply of a list once, the last for ever. */
export function answering(replies: Record<string, Reply | Reply[]>): { fetch: Fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  const fetch: Fetch = async (url, init) => {
    asked.push({ path: url.pathname, query: url.searchParams, headers: init.headers as Record<string, string> });
    const key = Object.keys(replies).find((end) => url.pathname.endsWith(end));
    const list = key === undefined ? undefined : replies[key];
    const reply = Array.isArray(list) ? (list.length > 1 ? list.shift() : list[0]) : list;
    if (reply === undefined) return new Response("not here", { status: 404 });
    if (reply instanceof Error) throw reply;
    if (typeof reply === "string") return new Response(reply, { status: 200 });
    return new Response(reply.body ?? "", { status: reply.status, headers: reply.headers ?? {} });
  };
  return { fetch, asked };
}

/** Hours from `from` on, each with the next value. */
export function hours(from: number, values: readonly number[], estimated = false): IntensityPoint[] {
  return values.map((gramsPerKwh, i) => ({
    from: from + i * HOUR_MS,
    to: from + (i + 1) * HOUR_MS,
    gramsPerKwh,
    estimated,
  }));
}

/** A day of hours up to the last full one before `now`, around 200 g/kWh and never the same twice. */
export function day(now = NOW): IntensityPoint[] {
  const end = Math.floor(now / HOUR_MS) * HOUR_MS;
  return hours(
    end - 24 * HOUR_MS,
    Array.from({ length: 24 }, (_, i) => 200 + 3 * i),
  );
}

/** A feed that says what the test lets it. */
export class FakeFeed implements IntensityFeed {
  readonly method = "as the test says";
  readonly refreshMilliseconds = 5 * MINUTE_MS;
  readonly staleMilliseconds = 2 * HOUR_MS;
  readonly zeroIsReal = false;
  signal: "average" | "marginal" = "average";
  asked = 0;
  /** That of the last question. */
  signalled: AbortSignal | undefined;
  /** What it answers, or throws; `never` does not answer at all. */
  says: readonly IntensityPoint[] | Error | "never" = [];
  forecast?: (region: string, from: number, to: number) => Promise<FeedForecast>;

  constructor(
    readonly name: string,
    private readonly known = ["ES"],
  ) {}

  regions(): Promise<readonly string[]> {
    return Promise.resolve(this.known);
  }

  knows(region: string): Promise<boolean> {
    return Promise.resolve(this.known.includes(region));
  }

  measured(_region: string, _from: number, _to: number, signal: AbortSignal): Promise<FeedSeries> {
    this.asked += 1;
    this.signalled = signal;
    if (this.says === "never") return new Promise(() => undefined);
    if (this.says instanceof Error) return Promise.reject(this.says);
    return Promise.resolve({ points: this.says, source: `data of ${this.name}` });
  }
}

export const clockAt = (now = NOW): ManualClock => new ManualClock(now);

/** What `work` fails with, which must be a feed's fault. */
export async function faultOf(work: () => Promise<unknown>): Promise<FeedFault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FeedFault) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
