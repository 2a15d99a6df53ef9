import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import { timedId } from "../ids";
import type { Instruments } from "../instruments";
import type { OptimizerStore } from "../store";
import { begin, end, nextArm, observe, valueOf } from "./experiment";
import type { KnobClient } from "./knob-client";
import type { Experiment, ExperimentInput } from "./schemas";
import { validateExperiment } from "./validate";

interface RunnerDependencies {
  store: OptimizerStore;
  client: KnobClient;
  clock: Clock;
  random: () => number;
  log: Logger;
  instruments: Instruments;
}

/** Experiments that are carried on at the same time: a knob that does not answer takes seconds, which others need not wait. */
const AT_ONCE = 16;

/**
 * Carries experiments out. All that matters is in the store before it is done: a knob that an earlier process may have
 * turned is turned back first, and a knob that cannot be turned back is tried again until it can.
 */
export class ExperimentRunner {
  /** End of the present window of each experiment that this process began. */
  private windows = new Map<string, number>();

  constructor(private readonly deps: RunnerDependencies) {}

  /** Errors: MNO_KNOB_INVALID, MNO_EXPERIMENT_CONFLICT. */
  async start(input: ExperimentInput): Promise<Experiment> {
    validateExperiment(input);
    const { store, clock, random } = this.deps;
    const now = clock.now();
    const experiment = begin(timedId("exp", now, random), input, now);
    if (await store.addExperiment(experiment)) return experiment;
    throw new MnoError(
      "MNO_EXPERIMENT_CONFLICT",
      `${input.knob.url} has an experiment that is not over; stop it first`,
    );
  }

  /** Ends a running experiment and turns its knob back. Errors: MNO_EXPERIMENT_NOT_FOUND. */
  async stop(id: string): Promise<Experiment> {
    const { store, clock } = this.deps;
    const experiment = await store.experiment(id);
    if (!experiment) throw new MnoError("MNO_EXPERIMENT_NOT_FOUND", `There is no experiment ${id}`);
    if (experiment.state !== "running") return experiment;
    const stopped = end(experiment, "stopped", "it was stopped on request", clock.now());
    return (await store.saveExperiment(stopped, "running")) ? stopped : await this.stop(id);
  }

  /** Forgets what an earlier term began: what it left running is turned back in the next round. */
  reset(): void {
    this.windows = new Map();
  }

  /** `signal` is the term's: once it is aborted another replica may turn the knobs, and none is turned here any more. */
  async round(signal: AbortSignal): Promise<void> {
    const open = (await this.deps.store.openExperiments()).values();
    const faults: unknown[] = [];
    const work = async (): Promise<void> => {
      // The workers share the iterator: each takes the next one.
      for (const { experiment, begun } of open) {
        try {
          if (experiment.state === "running") await this.advance(experiment, begun, signal);
          else await this.finish(experiment, signal);
        } catch (error) {
          if (!signal.aborted) faults.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (faults.length > 1)
      throw new AggregateError(faults, `${String(faults.length)} experiments could not be carried on`);
    if (faults.length > 0) throw faults[0];
  }

  private async advance(experiment: Experiment, begun: boolean, signal: AbortSignal): Promise<void> {
    const { store, client, clock } = this.deps;
    const { id, input } = experiment;
    const until = this.windows.get(id);
    if (begun && until === undefined) {
      return await this.conclude(experiment, "interrupted", "the process that ran it ended in the middle", signal);
    }
    if (until !== undefined && clock.now() < until) return;
    try {
      let next = experiment;
      if (until === undefined) await store.beginExperiment(id);
      else {
        next = observe(experiment, await client.measure(input.measureUrl), clock.now());
        if (!(await store.saveExperiment(next, "running"))) return; // stopped meanwhile
        if (next.state !== "running") return await this.finish(next, signal);
      }
      signal.throwIfAborted();
      await client.set(input.knob.url, valueOf(next, nextArm(next)));
      await client.measure(input.measureUrl); // what was measured before belongs to the other value
      signal.throwIfAborted();
      this.windows.set(id, clock.now() + input.windowSeconds * 1000);
    } catch (error) {
      if (!(error instanceof MnoError) || error.code !== "MNO_KNOB_UNREACHABLE") throw error;
      await this.conclude(experiment, "failed", error.message, signal);
    }
  }

  private async conclude(
    experiment: Experiment,
    outcome: "interrupted" | "failed",
    why: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, clock } = this.deps;
    const ended = end(experiment, outcome, why, clock.now());
    if (await store.saveExperiment(ended, "running")) await this.finish(ended, signal);
  }

  /** Sets the knob for the last time. */
  private async finish(experiment: Experiment, signal: AbortSignal): Promise<void> {
    const { store, client, log, instruments } = this.deps;
    const { knob } = experiment.input;
    this.windows.delete(experiment.id);
    signal.throwIfAborted();
    try {
      await client.set(knob.url, valueOf(experiment, experiment.state === "keeping" ? "candidate" : "baseline"));
    } catch (error) {
      log.error({ err: error, experiment: experiment.id, knob: knob.name }, "the knob could not be set; trying again");
      return;
    }
    if (!(await store.saveExperiment({ ...experiment, state: "done" }, experiment.state))) return;
    instruments.experimentEnded(experiment.outcome!);
    log.info(
      { experiment: experiment.id, outcome: experiment.outcome, reasons: experiment.reasons },
      "experiment over",
    );
  }
}
