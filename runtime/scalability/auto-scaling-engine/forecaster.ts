import type { ReplicaStatus } from "../../kernel/cluster/cluster";
import type { Database } from "../../kernel/store/database";
import type { EvaluationInput } from "./evaluation";
import { doubt } from "./plausibility";
import { createPredictor, type Predictor, type PredictorSnapshot, restorePredictor } from "./prediction/predictor";
import { goalOf, type MetricReading } from "./proposals";
import { liveReplicas } from "./replica-calculator";
import { metricName } from "./spec";

/** What was learnt is kept this often: a crash loses no more of the seasons. */
const KEEP_MILLISECONDS = 120_000;

interface Known {
  predictor: Predictor;
  /** What it was made for: another metric or knob begins anew, or goes on otherwise. */
  metric: string;
  missRate: number;
  keptAt: number;
}

/** The predictors of all workloads that have one: fed at each evaluation, kept in the database, restored after a restart. */
export class Forecaster {
  private readonly known = new Map<string, Known>();

  constructor(private readonly database: Database) {}

  /** Takes in what the first metric says now, and forecasts the moment at which a replica asked for now takes load. */
  async forecast(input: Omit<EvaluationInput, "prediction">): Promise<EvaluationInput["prediction"]> {
    const { spec, readings, requests, replicas, now, history, options } = input;
    const [metric] = spec.metrics;
    if (!spec.prediction || spec.prediction.mode === "off" || !metric) return undefined;
    const targetPerReplica = goalOf(metric, requests);
    if (!(targetPerReplica > 0)) return undefined;
    const known = await this.of(spec.workload, metricName(metric), spec.prediction.missRate, now);
    const demand = demandOf(readings[0], replicas);
    const scratch = { believed: {}, doubted: {} };
    const isBelieved =
      demand !== undefined &&
      doubt(known.metric, demand, targetPerReplica, options.mostGrowth, history.memory ?? {}, scratch) === undefined;
    if (isBelieved) known.predictor.observe({ time: measuredAt(readings[0], now), demand });
    if (now - known.keptAt >= KEEP_MILLISECONDS) {
      known.keptAt = now;
      await this.keep(spec.workload, known);
    }
    const forecast = known.predictor.forecast(now + spec.prediction.leadSeconds * 1000, targetPerReplica);
    return { forecast, targetPerReplica };
  }

  /** Keeps what all have learnt; to be called when this process stops evaluating. */
  async close(): Promise<void> {
    for (const [workload, known] of this.known) await this.keep(workload, known);
    this.known.clear();
  }

  /** Drops what is in memory of all workloads but these. */
  retain(workloads: ReadonlySet<string>): void {
    for (const workload of this.known.keys()) if (!workloads.has(workload)) this.forget(workload);
  }

  forget(workload: string): void {
    this.known.delete(workload);
  }

  private async of(workload: string, metric: string, missRate: number, now: number): Promise<Known> {
    const known = this.known.get(workload);
    if (known?.metric === metric && known.missRate === missRate) return known;
    const [row] = await this.database.query<{ metric: string; snapshot: PredictorSnapshot }>(
      "SELECT metric, snapshot FROM ase_predictors WHERE workload = $1",
      [workload],
    );
    const predictor =
      row?.metric === metric ? restorePredictor(row.snapshot, { missRate }) : createPredictor({ missRate });
    const made: Known = { predictor, metric, missRate, keptAt: now };
    this.known.set(workload, made);
    return made;
  }

  /** As long as there is a scaler. */
  private async keep(workload: string, { metric, predictor }: Known): Promise<void> {
    await this.database.query(
      `INSERT INTO ase_predictors (workload, metric, snapshot)
       SELECT workload, $2::text, $3::jsonb FROM ase_scalers WHERE workload = $1
       ON CONFLICT (workload) DO UPDATE SET metric = excluded.metric, snapshot = excluded.snapshot`,
      [workload, metric, JSON.stringify(predictor.snapshot())],
    );
  }
}

/** The load on all replicas together; those that say nothing are taken to carry what the others do on average. */
function demandOf(reading: MetricReading | undefined, replicas: readonly ReplicaStatus[]): number | undefined {
  if (!reading || "error" in reading) return undefined;
  const isHonest = (value: number): boolean => Number.isFinite(value) && value >= 0;
  if ("value" in reading) return isHonest(reading.value) ? reading.value : undefined;
  const values = [...reading.values.values()].filter(isHonest);
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  return (sum / values.length) * Math.max(values.length, liveReplicas(replicas).length);
}

/**
 * When the newest value was measured: now, unless its source says otherwise. A time to come cannot be: what is measured later
 * would be older than it.
 */
function measuredAt(reading: MetricReading | undefined, now: number): number {
  if (!reading || "error" in reading) return now;
  if ("value" in reading) return Math.min(now, reading.time ?? now);
  const times = [...(reading.times?.values() ?? [])].map(({ time }) => time);
  return times.length === 0 ? now : Math.min(now, Math.max(...times));
}
