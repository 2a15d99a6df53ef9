import type { EventData } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { enqueue } from "../../kernel/events/outbox";
import type { Database } from "../../kernel/store/database";
import type { IntensityFigure } from "./expectation";
import { MIGRATIONS } from "./migrations";
import type { Plan, PlanState } from "./plan";
import { DAY, HOUR, type UsageHour } from "./usage";

type Measured = EventData<"mno.sustainability.energy.measured">;
type Advice = EventData<"mno.scalability.advice.issued">;

/** Five weeks: the four that schedules are learned from, and one to be measured in. */
const KEPT = 35 * DAY;
const PLANS_KEPT = 400 * DAY;

/** Energy in one hour. `seconds` of it were measured. */
export interface EnergyRow {
  hour: number;
  seconds: number;
  kwh: number;
  /** Of it, what would have been used idle. */
  idleKwh: number;
}

export interface NodeFacts {
  node: string;
  region: string;
  intensity: IntensityFigure;
  at: number;
}

/** The engine's tables. Times are ms since the epoch. */
export class EnergyStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("energy-optimizer", MIGRATIONS);
  }

  /** One look at what the workloads use. */
  async sample(cores: ReadonlyMap<string, number>, now: number): Promise<void> {
    if (cores.size === 0) return;
    const rows = [...cores].map(([workload, value]) => ({ workload, value }));
    await this.database.query(
      `INSERT INTO eo_usage (workload, hour_ms, samples, sum_cores, most_cores)
       SELECT workload, $2, 1, value, value FROM jsonb_to_recordset($1::jsonb) AS r(workload text, value double precision)
       ON CONFLICT (workload, hour_ms) DO UPDATE SET samples = eo_usage.samples + 1,
         sum_cores = eo_usage.sum_cores + excluded.sum_cores, most_cores = greatest(eo_usage.most_cores, excluded.most_cores)`,
      [JSON.stringify(rows), Math.floor(now / HOUR) * HOUR],
    );
  }

  /** By workload; `sampleSeconds` between two samples says how much of an hour they cover. */
  async usage(sampleSeconds: number): Promise<Map<string, UsageHour[]>> {
    const rows = await this.database.query<
      Record<"hour_ms" | "samples" | "sum_cores" | "most_cores", number> & { workload: string }
    >("SELECT workload, hour_ms, samples, sum_cores, most_cores FROM eo_usage ORDER BY workload, hour_ms");
    const usage = new Map<string, UsageHour[]>();
    for (const { workload, hour_ms, samples, sum_cores, most_cores } of rows) {
      const hours = usage.get(workload) ?? [];
      usage.set(workload, hours);
      const coverage = Math.min(1, (samples * sampleSeconds) / 3600);
      hours.push({ hour: Number(hour_ms), coverage, meanCores: sum_cores / samples, mostCores: most_cores });
    }
    return usage;
  }

  /** Counts the measured stretch, once however often it comes. */
  async measured(data: Measured): Promise<void> {
    const [from, to] = [Date.parse(data.from), Date.parse(data.to)];
    if (to <= from) return;
    const rows = rowsOf(data, from, to);
    await this.database.transaction(async (tx) => {
      const fresh = await tx.query(
        "INSERT INTO eo_windows (node, from_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING node",
        [data.node, from],
      );
      if (fresh.length === 0) return;
      await tx.query(
        `INSERT INTO eo_energy (kind, name, hour_ms, seconds, kwh, idle_kwh)
         SELECT kind, name, hour, seconds, kwh, idle FROM jsonb_to_recordset($1::jsonb)
           AS r(kind text, name text, hour bigint, seconds double precision, kwh double precision, idle double precision)
         ON CONFLICT (kind, name, hour_ms) DO UPDATE SET seconds = eo_energy.seconds + excluded.seconds,
           kwh = eo_energy.kwh + excluded.kwh, idle_kwh = eo_energy.idle_kwh + excluded.idle_kwh`,
        [JSON.stringify(rows)],
      );
      await tx.query(
        `INSERT INTO eo_nodes (node, region, intensity, time_ms) VALUES ($1, $2, $3::jsonb, $4)
         ON CONFLICT (node) DO UPDATE SET region = excluded.region, intensity = excluded.intensity, time_ms = excluded.time_ms
         WHERE eo_nodes.time_ms <= excluded.time_ms`,
        [data.node, data.region, JSON.stringify(data.intensity), to],
      );
    });
  }

  async energy(kind: "node" | "workload", name: string, from: number, to: number): Promise<EnergyRow[]> {
    const rows = await this.database.query<{ hour_ms: number; seconds: number; kwh: number; idle_kwh: number }>(
      "SELECT hour_ms, seconds, kwh, idle_kwh FROM eo_energy WHERE kind = $1 AND name = $2 AND hour_ms >= $3 AND hour_ms < $4 ORDER BY hour_ms",
      [kind, name, from, to],
    );
    return rows.map(({ hour_ms, seconds, kwh, idle_kwh }) => ({
      hour: Number(hour_ms),
      seconds,
      kwh,
      idleKwh: idle_kwh,
    }));
  }

  async nodes(): Promise<NodeFacts[]> {
    const rows = await this.database.query<{
      node: string;
      region: string;
      intensity: IntensityFigure;
      time_ms: number;
    }>("SELECT node, region, intensity, time_ms FROM eo_nodes ORDER BY node");
    return rows.map(({ node, region, intensity, time_ms }) => ({ node, region, intensity, at: Number(time_ms) }));
  }

  async advise(advice: Advice, now: number): Promise<void> {
    await this.database.query(
      `INSERT INTO eo_advice (workload, time_ms, advice) VALUES ($1, $2, $3::jsonb)
       ON CONFLICT (workload) DO UPDATE SET time_ms = excluded.time_ms, advice = excluded.advice`,
      [advice.workload, now, JSON.stringify(advice)],
    );
  }

  async advice(): Promise<Advice[]> {
    return (await this.database.query<{ advice: Advice }>("SELECT advice FROM eo_advice ORDER BY workload")).map(
      ({ advice }) => advice,
    );
  }

  /** Stores a plan with its events; what was merely proposed under its key is superseded. */
  async propose(key: string, plan: Plan, events: readonly CloudEvent[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE eo_plans SET state = 'superseded', plan = jsonb_set(plan, '{state}', '"superseded"') WHERE key = $1 AND state = 'proposed'`,
        [key],
      );
      await tx.query("INSERT INTO eo_plans (id, key, state, time_ms, plan) VALUES ($1, $2, $3, $4, $5::jsonb)", [
        plan.id,
        key,
        plan.state,
        Date.parse(plan.createdAt),
        JSON.stringify(plan),
      ]);
      await enqueue(tx, events);
    });
  }

  /** false where it is in another state by now: somebody else was first. */
  async save(plan: Plan, from: PlanState, events: readonly CloudEvent[] = []): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.query(
        "UPDATE eo_plans SET state = $3, plan = $4::jsonb WHERE id = $1 AND state = $2 RETURNING id",
        [plan.id, from, plan.state, JSON.stringify(plan)],
      );
      if (rows.length > 0) await enqueue(tx, events);
      return rows.length > 0;
    });
  }

  async plan(id: string): Promise<Plan | undefined> {
    return (await this.database.query<{ plan: Plan }>("SELECT plan FROM eo_plans WHERE id = $1", [id]))[0]?.plan;
  }

  /** Newest first. */
  async plans(filter: { key?: string; states?: readonly PlanState[]; limit: number }): Promise<Plan[]> {
    const rows = await this.database.query<{ plan: Plan }>(
      `SELECT plan FROM eo_plans WHERE ($1::text IS NULL OR key = $1)
         AND ($2::jsonb IS NULL OR state IN (SELECT jsonb_array_elements_text($2::jsonb))) ORDER BY id DESC LIMIT $3`,
      [filter.key ?? null, filter.states ? JSON.stringify(filter.states) : null, filter.limit],
    );
    return rows.map(({ plan }) => plan);
  }

  async prune(now: number): Promise<void> {
    for (const [table, column] of [
      ["eo_usage", "hour_ms"],
      ["eo_windows", "from_ms"],
      ["eo_energy", "hour_ms"],
      ["eo_nodes", "time_ms"],
      ["eo_advice", "time_ms"],
    ] as const) {
      await this.database.query(`DELETE FROM ${table} WHERE ${column} < $1`, [now - KEPT]);
    }
    await this.database.query(
      "DELETE FROM eo_plans WHERE time_ms < $1 AND state NOT IN ('proposed', 'approved', 'applied')",
      [now - PLANS_KEPT],
    );
  }
}

/** The stretch cut at the full hours, energy in proportion to time; a workload's parts of one node together. */
function rowsOf({ node, energyKwh, parts }: Measured, from: number, to: number) {
  const workloads = new Map<string, { kwh: number; idle: number }>();
  for (const { workload, energyKwh: kwh, idleKwh } of parts) {
    if (workload === null) continue;
    const sum = workloads.get(workload) ?? { kwh: 0, idle: 0 };
    workloads.set(workload, { kwh: sum.kwh + kwh, idle: sum.idle + idleKwh });
  }
  const idle = parts.reduce((sum, part) => sum + part.idleKwh, 0);
  const whole = [
    { kind: "node", name: node, kwh: energyKwh, idle },
    ...[...workloads].map(([name, amounts]) => ({ kind: "workload", name, ...amounts })),
  ];
  const rows = [];
  for (let hour = Math.floor(from / HOUR) * HOUR; hour < to; hour += HOUR) {
    const span = Math.min(to, hour + HOUR) - Math.max(from, hour);
    const share = span / (to - from);
    for (const { kind, name, kwh, idle: spare } of whole) {
      rows.push({ kind, name, hour, seconds: span / 1000, kwh: kwh * share, idle: spare * share });
    }
  }
  return rows;
}
