import type { Logger } from "pino";
import { type Clock, within } from "../clock";
import type { Metrics } from "../telemetry/metrics";
import type { AgentContext } from "./agent";

export interface ScopeOptions {
  engine: string;
  log: Logger;
  clock: Clock;
  metrics: Metrics;
}

/** A clean-up that takes longer is left behind, with an error in the log. */
const CLEANUP_MILLISECONDS = 10_000;

/** What an agent starts and acquires for a stretch of time, and what ends it again. */
export class Scope {
  private readonly cleanups: (() => Promise<void>)[] = [];

  private readonly end = new AbortController();
  private readonly signal: AbortSignal;

  /** The stretch ends with `parent`, which `cleanUp` is to follow, or with `cleanUp`. */
  constructor(
    private readonly options: ScopeOptions,
    parent: AbortSignal,
  ) {
    this.signal = AbortSignal.any([parent, this.end.signal]);
  }

  /** What is acquired after the end is given back at once. */
  readonly onStop: AgentContext["onStop"] = (cleanup) => {
    if (this.signal.aborted) void this.bounded("a late clean-up", cleanup);
    else this.cleanups.push(cleanup);
  };

  readonly every: AgentContext["every"] = (name, milliseconds, work) => {
    const { clock, log, metrics, engine } = this.options;
    const failures = metrics.counter("mno_agent_loop_failures_total", "Rounds of a loop that failed", [
      "engine",
      "loop",
    ]);
    const { signal } = this;
    const rounds = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          await work();
        } catch (error) {
          if (signal.aborted) return;
          failures.inc({ engine, loop: name });
          log.warn({ err: error, loop: name }, "a round failed; the next one follows");
        }
        await clock.sleep(milliseconds, signal).catch(() => undefined);
      }
    };
    const running = rounds();
    this.onStop(() => running);
  };

  /** Gives back what was acquired, the last first. What is still acquiring is let come to its end before. */
  async cleanUp(acquiring: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.end.abort(new Error("the agent is stopping"));
    await this.bounded("the start", acquiring);
    for (const cleanup of this.cleanups.splice(0).reverse()) await this.bounded("a clean-up", cleanup);
  }

  private async bounded(what: string, work: () => Promise<void>): Promise<void> {
    const { log, clock } = this.options;
    const late = (): Error => new Error(`${what} took longer than ${String(CLEANUP_MILLISECONDS / 1000)} s`);
    await within(clock, CLEANUP_MILLISECONDS, work, late).catch((error: unknown) =>
      log.error({ err: error }, "stopping failed"),
    );
  }
}
