import { fromMicrograms, toMicrograms } from "../../kernel/energy/exact";
import type { EventType } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { createEvent } from "../../kernel/events/codec";
import { enqueue } from "../../kernel/events/outbox";
import type { AgentContext } from "../../kernel/lifecycle/agent";
import type { Queryable } from "../../kernel/store/database";
import { alerts } from "./alert-store";
import { type Budget, linesPassed, periodOf } from "./budgets";
import type { Filter } from "./filter";
import type { Instruments } from "./instruments";
import { type IntensityLine, sideOf } from "./intensity-lines";
import { type EnergyRecord, intensityInEvent, measuredEvent } from "./record";
import type { EnergyStore } from "./store";

type Context = Pick<AgentContext, "clock" | "tracer" | "outbox">;

/** Makes a record durable together with the events that follow from it: all or nothing. */
export class Recorder {
  constructor(
    private readonly context: Context,
    private readonly store: EnergyStore,
    private readonly instruments: Instruments,
    private readonly budgets: readonly Budget[],
    private readonly lines: readonly IntensityLine[],
  ) {}

  async write(record: EnergyRecord): Promise<void> {
    const used = new Map<string, number>();
    await this.store.transaction(async (tx) => {
      used.clear();
      // Tried again after a commit whose answer was lost: its events went with it.
      if (!(await this.store.add(tx, record))) return;
      await enqueue(tx, [
        this.event("mno.sustainability.energy.measured", record, "measured", record.node, measuredEvent(record)),
        ...(await this.budgetEvents(tx, record, used)),
        ...(await this.lineEvents(tx, record)),
      ]);
    });
    for (const [budget, percent] of used) this.instruments.budget(budget, percent);
    this.instruments.recorded(record);
    this.context.outbox.nudge();
  }

  private async budgetEvents(tx: Queryable, record: EnergyRecord, used: Map<string, number>): Promise<CloudEvent[]> {
    const time = Date.parse(record.from);
    const sumOf = async (filter: Filter): Promise<bigint> =>
      (await this.store.sums(undefined, filter, tx)).reduce((sum, { carbon }) => sum + carbon, 0n);
    const events: CloudEvent[] = [];
    for (const budget of this.budgets) {
      const use = await alerts.addUse(tx, budget, time, carbonUnder(budget, record), sumOf);
      const usedGramsCo2e = fromMicrograms(use.used);
      used.set(budget.name, (100 * usedGramsCo2e) / budget.limitGramsCo2e);
      const passed = linesPassed(budget, usedGramsCo2e, use.reported);
      if (passed.length === 0) continue;
      await alerts.setReported(tx, budget, time, [...use.reported, ...passed]);
      const { start, end } = periodOf(budget.period, time);
      for (const percent of passed) {
        const id = `${encodeURIComponent(budget.name)}.${String(percent)}`;
        events.push(
          this.event("mno.sustainability.budget.crossed", record, id, budget.name, {
            budget: budget.name,
            periodStart: new Date(start).toISOString(),
            periodEnd: new Date(end).toISOString(),
            limitGramsCo2e: budget.limitGramsCo2e,
            usedGramsCo2e,
            percent,
          }),
        );
      }
    }
    return events;
  }

  /** The first look at a line is no crossing. */
  private async lineEvents(tx: Queryable, record: EnergyRecord): Promise<CloudEvent[]> {
    const { region, intensity } = record;
    const events: CloudEvent[] = [];
    for (const line of this.lines.filter((one) => one.region === undefined || one.region === region)) {
      const { gramsPerKwh } = line;
      const before = await alerts.side(tx, region, gramsPerKwh);
      const direction = sideOf(line, intensity.gramsPerKwh, before);
      if (direction === before) continue;
      await alerts.setSide(tx, region, gramsPerKwh, direction);
      if (before === undefined) continue;
      events.push(
        this.event("mno.sustainability.intensity.crossed", record, `line.${String(gramsPerKwh)}`, region, {
          region,
          lineGramsPerKwh: gramsPerKwh,
          direction,
          intensity: intensityInEvent(intensity),
        }),
      );
    }
    return events;
  }

  private event<T extends EventType>(
    type: T,
    record: EnergyRecord,
    suffix: string,
    subject: string,
    data: CloudEvent<T>["data"],
  ): CloudEvent<T> {
    return createEvent(
      { type, source: "/mno/carbon-monitor", subject, data },
      { ...this.context, id: () => `${record.id}.${suffix}` },
    );
  }
}

/** Operational carbon of the parts that the budget is about, in 1e-6 g. */
function carbonUnder({ workload, tenant, region }: Budget, record: EnergyRecord): bigint {
  if (region !== undefined && region !== record.region) return 0n;
  return record.parts
    .filter((part) => workload === undefined || part.workload === workload)
    .filter((part) => tenant === undefined || part.tenant === tenant)
    .reduce((sum, part) => sum + toMicrograms(part.gramsCo2e), 0n);
}
