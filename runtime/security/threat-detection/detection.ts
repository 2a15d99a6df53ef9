import type { Finding } from "./alerts/alert";
import { AlertBudget, type BudgetState, type Method } from "./budget/alert-budget";
import { finish } from "./detectors/detector";
import { Committee, type Rows } from "./ensemble/committee";
import { FAMILIES } from "./ensemble/families";
import { StreamingEnsemble } from "./ensemble/streaming";
import { contributionsOf } from "./explain";
import type { Artifact } from "./models/artifact";
import { Pipeline } from "./pipeline/pipeline";
import type { PipelineSpec } from "./pipeline/fields";
import { seeded } from "../../kernel/random";

export interface Scored {
  entity: string;
  strangeness: number;
  /** Conformal, among held-out events; 1 while nothing is known. */
  pValue: number;
  finding: Finding | null;
  raw: Float64Array;
}

export interface DetectionOptions {
  alertsPerDay: number;
  method: Method;
  random: () => number;
  now: number;
  budget?: BudgetState | undefined;
}

/** Strangeness over the threshold from which an alert is high, and critical. */
const SEVERITY = { high: 1.5, critical: 2.5 };

/** One pipeline's stream: encodes, scores, judges by the budget, explains, learns. Pure state: no clock, no I/O. */
export class Detection {
  readonly pipeline: Pipeline;
  readonly budget: AlertBudget;
  private readonly ensemble: StreamingEnsemble;

  constructor(spec: PipelineSpec, options: DetectionOptions) {
    this.pipeline = new Pipeline(spec);
    const { shape } = this.pipeline;
    this.ensemble = new StreamingEnsemble(shape, FAMILIES, options.random);
    this.budget = new AlertBudget(options.alertsPerDay, options.method, options.now, options.budget);
  }

  /** `time`: of the event; `now`: of the budget. */
  take(event: unknown, eventId: string, time: number, now: number): Scored {
    const { pipeline, ensemble, budget } = this;
    const { raw, entity } = pipeline.encode(event, time);
    const strangeness = ensemble.score(raw);
    const { committee } = ensemble;
    const surprises = committee?.surprises.slice();
    const threshold = budget.threshold;
    // Scores of a committee that knows little would set the threshold too high.
    const isExtreme = ensemble.isMature && budget.judge(strangeness, now);
    if (!ensemble.isMature) budget.count(now);
    const pValue = committee?.calibration.pValue(strangeness) ?? 1;
    const finding =
      isExtreme && committee !== null && surprises !== undefined
        ? this.findingOf(committee, surprises, { raw, entity, eventId, time, strangeness, pValue, threshold })
        : null;
    ensemble.learn(raw, 0, strangeness);
    return { entity, strangeness, pValue, finding, raw };
  }

  /** An analyst said that the row is ordinary after all. */
  accept(raw: Float64Array): void {
    this.ensemble.accept(raw);
  }

  /** What was learned, to go on from after a restart or to make a model of; null before there is anything. */
  snapshot(seed: number): Artifact | null {
    const { learning, heldOut } = this.ensemble.rows();
    if (learning.count === 0 || heldOut.count === 0) return null;
    const { columns, shape } = this.pipeline;
    return { columns, numeric: shape.numeric, seed, learning, heldOut };
  }

  /** Goes on from the rows of a model; false where they are of other columns. */
  restore(artifact: Artifact): boolean {
    if (artifact.columns.join() !== this.pipeline.columns.join() || artifact.numeric !== this.pipeline.shape.numeric)
      return false;
    const { shape } = this.pipeline;
    const random = seeded(artifact.seed);
    const work = Committee.assemble(shape, FAMILIES, artifact.learning, artifact.heldOut, random);
    this.ensemble.restore(finish(work), artifact.learning, artifact.heldOut);
    return true;
  }

  get shifts(): number {
    return this.ensemble.shifts;
  }

  private findingOf(
    committee: Committee,
    surprises: Float64Array,
    at: {
      raw: Float64Array;
      entity: string;
      eventId: string;
      time: number;
      strangeness: number;
      pValue: number;
      threshold: number;
    },
  ): Finding {
    const { pipeline } = this;
    const ordinary: Rows = this.ensemble.rows().learning;
    const contributions = contributionsOf(committee, pipeline.shape, pipeline.columns, at.raw, ordinary);
    const leading = contributions
      .slice(0, 3)
      .map(({ feature, value, usual }) => `${feature} is ${value}, usually ${usual}`);
    const over = at.strangeness / at.threshold;
    return {
      detector: `anomaly:${pipeline.spec.name}`,
      entity: at.entity,
      title: `Unusual ${pipeline.spec.name}`,
      why:
        `Strangeness ${at.strangeness.toFixed(2)} is over ${at.threshold.toFixed(2)}, which ` +
        `${(100 * this.budget.risk).toPrecision(2)} % of events are` +
        (leading.length > 0 ? `: ${leading.join("; ")}` : ""),
      severity: over >= SEVERITY.critical ? 5 : over >= SEVERITY.high ? 4 : 3,
      score: at.strangeness,
      threshold: at.threshold,
      contributions,
      members: Object.fromEntries(committee.names.map((name, member) => [name, surprises[member]!])),
      technique: null,
      eventId: at.eventId,
      time: at.time,
      raw: at.raw,
    };
  }
}
