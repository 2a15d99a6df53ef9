import { type Clock, within } from "../../../kernel/clock";
import type { EventContext } from "../../../kernel/events/codec";
import type { Intensity } from "../../../kernel/intensity/intensity";
import type { Instruments } from "../instruments";
import type { Stored } from "../store";
import { settle } from "./account";
import type { Board } from "./board";
import type { Decision } from "./decision";
import { type Defaults, wattsOf } from "./estimate";
import { finishedEvent } from "./events";
import { type JobRecord, ranSeconds } from "./record";

interface SettlementOptions {
  board: Pick<Board, "save">;
  intensity: Pick<Intensity, "history">;
  instruments: Instruments;
  clock: Clock;
  events: EventContext;
  newDecisionId: () => string;
  defaults: Defaults;
  timeoutMilliseconds: number;
}

/** Closes the accounts of jobs that are over, when the intensity of their time is known. */
export class Settlement {
  constructor(private readonly options: SettlementOptions) {}

  /**
   * Computes what the job emitted and stores it with the event and with what is learned from the run, in one transaction. A job
   * whose history does not come stays open and is tried again: no figure is made up for it.
   */
  async settle({ record, revision }: Stored): Promise<void> {
    const { board, intensity, instruments, clock, events, defaults, timeoutMilliseconds } = this.options;
    const { declaration } = record;
    const region = declaration?.regions[0] ?? record.runs[0]?.region ?? defaults.region;
    const watts = wattsOf(record, defaults);
    const late = (): Error => new Error(`the history of intensity did not come in ${String(timeoutMilliseconds)} ms`);
    const account = await within(clock, timeoutMilliseconds, () => settle(record, watts, region, intensity), late);
    if (!account)
      throw new Error(`the history of intensity has a hole over the runs of ${record.name}; its accounts stay open`);
    const decision = record.decisionId === null ? this.undecided(record) : undefined;
    const settled: JobRecord = { ...record, account, decisionId: record.decisionId ?? decision!.id };
    const event = finishedEvent(settled, events);
    const seconds = ranSeconds(record, record.finishedAt!) - record.runs.length * (declaration?.startupSeconds ?? 0);
    const key = (record.state === "succeeded" && declaration?.recurringKey) || undefined;
    const saved = await board.save({
      record: settled,
      revision,
      ...(decision && { decision }),
      ...(event && { event }),
      ...(key !== undefined && seconds > 0 && { runSeconds: { key, seconds } }),
    });
    if (saved) instruments.settled(settled, account);
  }

  /** Somebody else let it run or deleted it before anything was decided here. */
  private undecided(record: JobRecord): Decision {
    return {
      id: this.options.newDecisionId(),
      job: record.name,
      time: this.options.clock.now(),
      kind: "release",
      trigger: "elsewhere",
      duration: null,
      latestStart: null,
      intensity: [],
      plan: null,
      reason: `it was ${record.runs.length > 0 ? "let run" : "deleted"} by somebody else before anything was decided here`,
    };
  }
}
