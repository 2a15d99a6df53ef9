import type { Shape } from "../ensemble/transformation";
import { DampedStatistics, DECAYS } from "./damped";
import { type Field, type PipelineSpec, valueAt } from "./fields";

/** Entities whose damped statistics are kept. */
const ENTITIES = 10_000;
/** Numbers are bounded to what sums of squares can hold. */
const LARGEST = 1e12;
/** What stands for an absent category; no text has it. */
const ABSENT = -1;

/** An event as the ensemble takes it. */
export interface Encoded {
  raw: Float64Array;
  /** Whom it is about. */
  entity: string;
}

/**
 * From events to raw rows: the numbers, how many of them were absent, the damped statistics of the entity (how often lately,
 * and with which share of failures), then a code for each category. Codes are hashes, so categories never seen need no place
 * and their number no bound.
 */
export class Pipeline {
  readonly shape: Shape;
  /** Names of the raw columns, in order. */
  readonly columns: readonly string[];
  private readonly numbers: readonly Field[];
  private readonly categories: readonly Field[];
  private readonly damped: DampedStatistics | null;

  constructor(readonly spec: PipelineSpec) {
    this.numbers = spec.fields.filter(({ kind }) => kind === "number");
    this.categories = spec.fields.filter(({ kind }) => kind === "category");
    this.damped = spec.entity === undefined ? null : new DampedStatistics(ENTITIES);
    const dynamics =
      this.damped === null
        ? []
        : DECAYS.flatMap((decay) =>
            ["events", "failures_mean", "failures_deviation"].map((name) => `${name}_${decay}`),
          );
    const numeric = [...this.numbers.map(({ name }) => name), "absent_numbers", ...dynamics];
    this.columns = [...numeric, ...this.categories.map(({ name }) => name)];
    this.shape = { numeric: numeric.length, categorical: this.categories.length };
  }

  /** `time`: of the event, milliseconds since 1970. */
  encode(event: unknown, time: number): Encoded {
    const { numbers, categories, spec } = this;
    const raw = new Float64Array(this.columns.length);
    let absent = 0;
    numbers.forEach(({ path }, index) => {
      const value = Number(valueAt(event, path) ?? Number.NaN);
      if (Number.isFinite(value)) raw[index] = Math.max(-LARGEST, Math.min(LARGEST, value));
      else absent++;
    });
    raw[numbers.length] = absent;
    const entity = spec.entity === undefined ? spec.name : textOf(valueAt(event, spec.entity) ?? "unknown");
    if (this.damped !== null) {
      const outcome = spec.outcome && valueAt(event, spec.outcome.path);
      const isFailure = spec.outcome?.failures.some((failure) => failure === outcome) ?? false;
      this.damped.update(entity, time, isFailure ? 1 : 0, raw, numbers.length + 1);
    }
    categories.forEach(({ path }, index) => {
      const value = valueAt(event, path);
      raw[this.shape.numeric + index] = value === undefined || value === null ? ABSENT : hash(textOf(value));
    });
    return { raw, entity };
  }
}

const textOf = (value: unknown): string =>
  (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 1024);

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
