import type { Database, Queryable } from "../../kernel/store/database";
import { addCells, addSeries, bucketsOf, linesOf } from "./cells";
import type { Material } from "./engine";
import type { Filter } from "./filter";
import type { Period } from "./market";
import { MIGRATIONS } from "./migrations";
import type { Coverage, NodePresence } from "./quality";
import type { EnergyRecord, Saving } from "./record";
import { type Presence, rollUp } from "./rollup";
import type { Rules } from "./rules";

/** Closing waits until nobody writes, and writing until nobody closes; the number is arbitrary and constant ("sr01"). */
const PERIOD_LOCK = 0x73723031;

export interface Batch {
  records: readonly EnergyRecord[];
  savings: readonly Saving[];
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Roll-ups, savings, and which events are in them. */
export class RollUpStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("sustainability-reporter", MIGRATIONS);
  }

  /**
   * Adds what is new of the batch, all or nothing; an event that was added before adds nothing. Events of a closed period are
   * noted for its restatement. Returns how many were new, and how many of them late.
   */
  add({ records, savings }: Batch): Promise<{ fresh: number; late: number }> {
    const events = new Map([...records, ...savings].map(({ eventId, hour }) => [eventId, hour]));
    return this.database.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock_shared($1)", [PERIOD_LOCK]);
      const sorted = [...events].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, hour]) => ({ id, hour: timeOf(hour) }));
      const added = await tx.query<{ id: string }>(
        `INSERT INTO sr_events (id, hour) SELECT r.id, r.hour FROM jsonb_to_recordset($1::jsonb) AS r(id text, hour timestamptz)
         ON CONFLICT (id) DO NOTHING RETURNING id`,
        [JSON.stringify(sorted)],
      );
      const fresh = new Set(added.map(({ id }) => id));
      const once = <T extends { eventId: string }>(items: readonly T[]): T[] => [
        ...new Map(items.filter(({ eventId }) => fresh.has(eventId)).map((item) => [item.eventId, item])).values(),
      ];
      const { hours, days, presence } = rollUp(once(records));
      await addSeries(tx, days);
      await addCells(tx, "sr_hours", hours);
      await addCells(tx, "sr_days", days);
      await addPresence(tx, presence);
      await addSavings(tx, once(savings));
      const late = await tx.query<{ event_id: string }>(
        `INSERT INTO sr_late (report_id, event_id)
         SELECT p.id, e.id FROM sr_reports p JOIN sr_events e ON e.hour >= p.period_from AND e.hour < p.period_to
         WHERE e.id IN (SELECT jsonb_array_elements_text($1::jsonb)) ON CONFLICT DO NOTHING RETURNING event_id`,
        [JSON.stringify([...fresh])],
      );
      return { fresh: fresh.size, late: new Set(late.map((row) => row.event_id)).size };
    });
  }

  /** Everything of the period as of one moment. */
  material(period: Period, filter: Filter, rules: Rules): Promise<Material> {
    return this.database.transaction(async (tx) => {
      await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      return materialOf(tx, period, filter, rules);
    });
  }

  /** Runs `work` while nothing is added. */
  exclusively<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock($1)", [PERIOD_LOCK]);
      return work(tx);
    });
  }

  /** Start of the first UTC day with a record; undefined where there is none. */
  async firstRecord(on: Queryable = this.database): Promise<number | undefined> {
    const [row] = await on.query<{ at: Date | null }>("SELECT min(at) AS at FROM sr_days");
    return row?.at?.getTime();
  }

  /** Forgets the ids of events from before `before` (milliseconds): none so old is taken any more. Returns how many. */
  async prune(before: number): Promise<number> {
    const rows = await this.database.query("DELETE FROM sr_events WHERE hour < $1 RETURNING id", [timeOf(before)]);
    return rows.length;
  }
}

export async function materialOf(on: Queryable, period: Period, filter: Filter, rules: Rules): Promise<Material> {
  const range = [timeOf(period.from), timeOf(period.to)];
  const savings = await on.query<{ saving: StoredSaving }>(
    "SELECT saving FROM sr_savings WHERE hour >= $1 AND hour < $2",
    range,
  );
  return {
    period,
    filter,
    rules,
    lines: await linesOf(on, period),
    buckets: await bucketsOf(on, period, filter),
    savings: savings.map(({ saving }) => savingFrom(saving)),
    coverage: await coverageOf(on, range, filter.region),
  };
}

async function coverageOf(on: Queryable, range: readonly string[], region: string | undefined): Promise<Coverage> {
  const parameters = [...range, region ?? null];
  const nodes = await on.query<{ node: string; region: string; milliseconds: number; first: Date; last: Date }>(
    `SELECT node, region, sum(milliseconds)::bigint AS milliseconds, min(first_at) AS first, max(last_at) AS last
     FROM sr_presence WHERE hour >= $1 AND hour < $2 AND ($3::text IS NULL OR region = $3) GROUP BY node, region`,
    parameters,
  );
  const [hours] = await on.query<{ hours: number }>(
    `SELECT count(DISTINCT hour) AS hours FROM sr_presence
     WHERE hour >= $1 AND hour < $2 AND ($3::text IS NULL OR region = $3)`,
    parameters,
  );
  return {
    nodes: nodes.map((row): NodePresence => ({ ...row, first: row.first.getTime(), last: row.last.getTime() })),
    hoursWithRecord: hours?.hours ?? 0,
  };
}

async function addPresence(tx: Queryable, presence: readonly Presence[]): Promise<void> {
  const rows = presence
    .map(({ hour, node, region, milliseconds, first, last }) => ({
      hour: timeOf(hour),
      node,
      region,
      milliseconds,
      first_at: timeOf(first),
      last_at: timeOf(last),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO sr_presence AS old SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(hour timestamptz, node text,
       region text, milliseconds bigint, first_at timestamptz, last_at timestamptz)
     ON CONFLICT (hour, node, region) DO UPDATE SET milliseconds = old.milliseconds + excluded.milliseconds,
       first_at = LEAST(old.first_at, excluded.first_at), last_at = GREATEST(old.last_at, excluded.last_at)`,
    [JSON.stringify(rows)],
  );
}

async function addSavings(tx: Queryable, savings: readonly Saving[]): Promise<void> {
  if (savings.length === 0) return;
  const rows = savings.map((saving) => ({
    event_id: saving.eventId,
    hour: timeOf(saving.hour),
    saving: { ...saving, ...textOf(saving) } satisfies StoredSaving,
  }));
  await tx.query(
    `INSERT INTO sr_savings SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(event_id text, hour timestamptz, saving jsonb)`,
    [JSON.stringify(rows)],
  );
}

type AmountName = "expected" | "measured" | "carbon" | "emitted";
type AmountsText = Record<AmountName, string>;
/** JSON has no BigInt: amounts are text in it. */
type StoredSaving = Omit<Saving, AmountName> & AmountsText;

const textOf = (saving: Saving): AmountsText => ({
  expected: String(saving.expected),
  measured: String(saving.measured),
  carbon: String(saving.carbon),
  emitted: String(saving.emitted),
});

const savingFrom = (stored: StoredSaving): Saving => ({
  ...stored,
  expected: BigInt(stored.expected),
  measured: BigInt(stored.measured),
  carbon: BigInt(stored.carbon),
  emitted: BigInt(stored.emitted),
});
