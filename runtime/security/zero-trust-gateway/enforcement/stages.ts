import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Tracer } from "../../../kernel/telemetry/traces";
import { type Stage, STAGES } from "./record";
import type { Trail } from "./trail";

export interface StageDependencies {
  /** Milliseconds, monotonic. */
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly log: Logger;
  /** A part that takes longer gave no answer. */
  readonly partMilliseconds: number;
  readonly took: (stage: Stage, milliseconds: number) => void;
}

/** Runs the stages of requests: timed, traced, bounded; whatever a part throws comes out as a refusal. */
export class Stages {
  constructor(private readonly dependencies: StageDependencies) {}

  /** Of a part that answers at once. */
  now<T>(stage: Stage, trail: Trail, work: () => T): T {
    const { clock } = this.dependencies;
    const from = clock.now();
    trail.stage = stage;
    try {
      return work();
    } catch (error) {
      throw this.coded(stage, error);
    } finally {
      this.measure(stage, trail, from);
    }
  }

  /** As `now`, with a span of its own. */
  traced<T>(stage: Stage, trail: Trail, work: () => T): Promise<T> {
    return this.dependencies.tracer.span(SPANS[stage], {}, async () => this.now(stage, trail, work));
  }

  /** Of a part that may have to ask others. */
  async later<T>(stage: Stage, trail: Trail, work: () => Promise<T>): Promise<T> {
    const { clock, tracer, partMilliseconds } = this.dependencies;
    const from = clock.now();
    trail.stage = stage;
    try {
      return await tracer.span(SPANS[stage], {}, () => answered(work(), partMilliseconds));
    } catch (error) {
      throw this.coded(stage, error);
    } finally {
      this.measure(stage, trail, from);
    }
  }

  private measure(stage: Stage, trail: Trail, from: number): void {
    const took = this.dependencies.clock.now() - from;
    trail.timings[stage] = (trail.timings[stage] ?? 0) + took;
    this.dependencies.took(stage, took);
  }

  /** A refusal stays what it is; a fault of a part is one that nobody outside learns more of. */
  private coded(stage: Stage, error: unknown): MnoError {
    if (error instanceof MnoError && (error.status < 500 || error.status === 503)) return error;
    this.dependencies.log.error({ err: error, stage }, "a part of the gateway gave no answer; the request is refused");
    return new MnoError("MNO_ENFORCEMENT_UNAVAILABLE", `The gateway could not ${DOES[stage]}`, { cause: error });
  }
}

/** What a part answers, within the time that it has. A plain timer: three are set and taken back with each request. */
function answered<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer in ${String(milliseconds)} ms`)), milliseconds);
    answer.then(
      (value) => {
        clearTimeout(late);
        resolve(value);
      },
      (error: Error) => {
        clearTimeout(late);
        reject(error);
      },
    );
  });
}

const SPANS = Object.fromEntries(STAGES.map((stage) => [stage, `gateway ${stage}`])) as Record<Stage, string>;

const DOES: Record<Stage, string> = {
  understand: "read the request",
  route: "find the request's route",
  inspect: "inspect the request",
  identify: "find out who asks",
  forgery: "tell whether another site's page asks",
  limit: "count the request",
  risk: "assess the risk",
  policy: "ask the policies",
  content: "read and inspect the content",
  upstream: "reach the upstream",
  renew: "decide anew",
};
