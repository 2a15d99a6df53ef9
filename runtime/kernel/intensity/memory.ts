import type { Logger } from "pino";
import type { Database, Migration } from "../store/database";
import type { Issued } from "./forecast-judge";
import type { IntensityPoint } from "./intensity";

/** What a feed measured of a region, and what it foretold: all that it is judged by. */
export interface Remembered {
  points: readonly IntensityPoint[];
  /** Of the points; absent where there are none. */
  source?: string;
  issued: readonly Issued[];
}

/** Keeps what feeds said of the last days beyond the end of the process, so that a restart does not make a bad one trusted. */
export interface FeedMemory {
  /** What began after `since` (ms). What cannot be read now is nothing; the next answer asks again. */
  load(feed: string, region: string, since: number): Promise<Remembered | undefined>;
  /** Takes what is new, and forgets what began before `since`. Does not wait, and does not fail: it is kept in the process. */
  keep(feed: string, region: string, fresh: Remembered, since: number): void;
}

/** Times are ms since the epoch. Of several processes the first one's forecast of a slot is kept. */
const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-feed-memory",
    sql: `
      CREATE TABLE intensity_measured (
        feed text COLLATE "C" NOT NULL,
        region text COLLATE "C" NOT NULL,
        from_ms bigint NOT NULL,
        to_ms bigint NOT NULL,
        grams_per_kwh double precision NOT NULL,
        estimated boolean NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (feed, region, from_ms)
      );
      CREATE TABLE intensity_issued (
        feed text COLLATE "C" NOT NULL,
        region text COLLATE "C" NOT NULL,
        slot bigint NOT NULL,
        at_ms bigint NOT NULL,
        points jsonb NOT NULL,
        PRIMARY KEY (feed, region, slot)
      );
    `,
  },
];

interface MeasuredRow {
  from_ms: number;
  to_ms: number;
  grams_per_kwh: number;
  estimated: boolean;
  source: string;
}

/** The tables are made when the first live feed speaks: a process with tables alone has nothing to remember. */
export class DatabaseFeedMemory implements FeedMemory {
  private ready: Promise<void> | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    /** ms: forecasts are kept so far apart. */
    private readonly slotMilliseconds: number,
  ) {}

  async load(feed: string, region: string, since: number): Promise<Remembered | undefined> {
    try {
      await this.prepared();
      const rows = await this.database.query<MeasuredRow>(
        `SELECT from_ms, to_ms, grams_per_kwh, estimated, source FROM intensity_measured
         WHERE feed = $1 AND region = $2 AND from_ms >= $3 ORDER BY from_ms`,
        [feed, region, since],
      );
      const issued = await this.database.query<{ at_ms: number; points: IntensityPoint[] }>(
        `SELECT at_ms, points FROM intensity_issued WHERE feed = $1 AND region = $2 AND at_ms >= $3 ORDER BY at_ms`,
        [feed, region, since],
      );
      const source = rows.at(-1)?.source;
      return {
        points: rows.map(({ from_ms: from, to_ms: to, grams_per_kwh: gramsPerKwh, estimated }) => ({
          from,
          to,
          gramsPerKwh,
          estimated,
        })),
        issued: issued.map(({ at_ms: at, points }) => ({ at, points })),
        ...(source === undefined ? {} : { source }),
      };
    } catch (err) {
      this.log.warn({ err, feed, region }, "what the feed said before could not be read; it is not judged by it yet");
      return undefined;
    }
  }

  keep(feed: string, region: string, fresh: Remembered, since: number): void {
    this.writing = this.writing
      .then(() => this.write(feed, region, fresh, since))
      .catch((err: unknown) => {
        this.log.warn({ err, feed, region }, "what the feed said could not be kept for after a restart");
      });
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.writing;
  }

  private async write(feed: string, region: string, { points, source, issued }: Remembered, since: number) {
    await this.prepared();
    await this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO intensity_measured SELECT $1, $2, r.*, $4 FROM jsonb_to_recordset($3::jsonb)
           AS r("from" bigint, "to" bigint, "gramsPerKwh" double precision, estimated boolean) ORDER BY r."from"
         ON CONFLICT (feed, region, from_ms) DO UPDATE SET to_ms = excluded.to_ms, grams_per_kwh = excluded.grams_per_kwh,
           estimated = excluded.estimated, source = excluded.source`,
        [feed, region, JSON.stringify(points), source ?? feed],
      );
      for (const { at, points: foretold } of issued) {
        await tx.query(`INSERT INTO intensity_issued VALUES ($1, $2, $3, $4, $5::jsonb) ON CONFLICT DO NOTHING`, [
          feed,
          region,
          Math.floor(at / this.slotMilliseconds),
          at,
          JSON.stringify(foretold),
        ]);
      }
      await tx.query("DELETE FROM intensity_measured WHERE feed = $1 AND region = $2 AND from_ms < $3", [
        feed,
        region,
        since,
      ]);
      await tx.query("DELETE FROM intensity_issued WHERE feed = $1 AND region = $2 AND at_ms < $3", [
        feed,
        region,
        since,
      ]);
    });
  }

  private prepared(): Promise<void> {
    this.ready ??= this.database.migrate("intensity", MIGRATIONS).catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    });
    return this.ready;
  }
}
