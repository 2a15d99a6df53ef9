import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { EventData } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { isUnavailable } from "../../kernel/events/dispatcher";
import type { Instruments } from "./instruments";
import { energyRecord, type EnergyRecord, jobSaving, planSaving, type Saving } from "./record";
import type { RollUpStore } from "./store";

export const CONSUMED = [
  "mno.sustainability.energy.measured",
  "mno.sustainability.job.finished",
  "mno.sustainability.saving.measured",
] as const;

interface Waiting {
  record?: EnergyRecord;
  saving?: Saving;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

export interface IntakeDependencies {
  store: Pick<RollUpStore, "add">;
  clock: Clock;
  instruments: Pick<Instruments, "added">;
  /** Events from longer ago are refused: whether they came before is no longer known. */
  memoryMilliseconds: number;
}

/** Takes events one by one and adds those that wait together in one transaction: each resolves when its own is stored. */
export class Intake {
  private waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly deps: IntakeDependencies) {}

  /** Errors: MNO_ENERGY_RECORD_INVALID, and what the store says. */
  async take(event: CloudEvent): Promise<void> {
    const part = partOf(event);
    const hour = (part.record ?? part.saving).hour;
    if (hour < this.deps.clock.now() - this.deps.memoryMilliseconds) {
      throw new MnoError(
        "MNO_ENERGY_RECORD_INVALID",
        `The event ${event.id} is of ${new Date(hour).toISOString()}; ids are kept for ` +
          `${this.deps.memoryMilliseconds / 86_400_000} days (MNO_SR_EVENT_MEMORY_DAYS), so it might be counted twice`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ ...part, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // What the bus hands over in this turn goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      await this.add(this.waiting.splice(0));
    }
    this.running = false;
  }

  private async add(batch: readonly Waiting[]): Promise<void> {
    try {
      const added = await this.deps.store.add({
        records: batch.flatMap(({ record }) => record ?? []),
        savings: batch.flatMap(({ saving }) => saving ?? []),
      });
      this.deps.instruments.added({ ...added, repeated: batch.length - added.fresh });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error)) for (const { reject } of batch) reject(error);
      // One that the store refuses must not take the others to the dead letters with it.
      else for (const one of batch) await this.add([one]);
    }
  }
}

type Part = { record: EnergyRecord; saving?: undefined } | { record?: undefined; saving: Saving };

function partOf({ id, type, data }: CloudEvent): Part {
  switch (type as (typeof CONSUMED)[number]) {
    case "mno.sustainability.energy.measured":
      return { record: energyRecord(id, data as EventData<"mno.sustainability.energy.measured">) };
    case "mno.sustainability.job.finished":
      return { saving: jobSaving(id, data as EventData<"mno.sustainability.job.finished">) };
    case "mno.sustainability.saving.measured":
      return { saving: planSaving(id, data as EventData<"mno.sustainability.saving.measured">) };
  }
}
