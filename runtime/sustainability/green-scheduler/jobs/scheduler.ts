import type { Logger } from "pino";
import { GREEN_ANNOTATIONS } from "../../../exports";
import type { Cluster } from "../../../kernel/cluster/cluster";
import type { EventContext } from "../../../kernel/events/codec";
import type { Instruments } from "../instruments";
import type { Stored } from "../store";
import type { Board, View } from "./board";
import { freeCores, labelledRegions } from "./capacity";
import { type Decision, samePlan } from "./decision";
import { latestSafeStart } from "./estimate";
import { plannedEvent } from "./events";
import type { Grounds } from "./forecasts";
import { Novelty } from "./novelty";
import type { Estimated, Planned, Planning } from "./planning";
import type { JobRecord } from "./record";
import type { Settlement } from "./settlement";
import { type Step, stepOf } from "./step";

interface SchedulerOptions {
  board: Board;
  planning: Planning;
  settlement: Settlement;
  cluster: Pick<Cluster, "resume" | "suspend" | "renew">;
  instruments: Instruments;
  log: Logger;
  events: EventContext;
  newDecisionId: () => string;
  region: string;
  /** What acting may take: a job is let run so long before its deadline demands it. */
  marginMilliseconds: number;
  graceMilliseconds: number;
}

/** One leader's rounds: look, plan where something is new, act, settle. */
export class Scheduler {
  private readonly novelty = new Novelty();
  private grounds: Grounds[] = [];

  constructor(private readonly options: SchedulerOptions) {}

  /** Errors: AggregateError with all that failed, after the rest was done. */
  async round(signal: AbortSignal): Promise<void> {
    const { board, instruments, settlement } = this.options;
    const view = await board.look();
    instruments.observed([...view.open, ...view.over].map(({ record }) => record.state));
    const attempt = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => void view.faults.push(error));
    const estimated = this.options.planning.estimate(
      view.open.map(({ record }) => record),
      view.runTimes,
      view.now,
    );
    await attempt(this.plan(view, estimated));
    const jobs = new Map(estimated.map((one) => [one.record.id, one]));
    for (const stored of view.open) {
      if (signal.aborted) return;
      if (stored.record.origin === "cluster") await attempt(this.act(stored, jobs.get(stored.record.id), view));
    }
    for (const name of view.recurring) {
      if (signal.aborted) return;
      await attempt(this.renew(name));
    }
    for (const stored of view.over) {
      if (signal.aborted) return;
      await attempt(settlement.settle(stored));
    }
    const { faults } = view;
    if (faults.length > 0) throw new AggregateError(faults, `${String(faults.length)} steps of the round failed`);
  }

  /** Plans all jobs anew where there is something new, and keeps what came of it on the stored records of the view. */
  private async plan(view: View, estimated: readonly Estimated[]): Promise<void> {
    const { planning, instruments, region } = this.options;
    const { now } = view;
    // What a caller runs is his from its first slot on; what may not run yet for days is planned when it comes near.
    const plannable = estimated.filter(
      ({ record, job }) =>
        planning.isNear(job, now) && (record.origin === "cluster" || (record.plan?.slots[0]?.from ?? Infinity) > now),
    );
    if (plannable.length === 0) return;
    const grid = planning.grid(
      plannable.map(({ job }) => job),
      now,
    );
    const forecasts = await planning.forecasts(
      plannable.map(({ job }) => job),
      grid,
    );
    this.grounds = forecasts.map(({ grounds }) => grounds);
    instruments.trusting(this.grounds.filter(({ trusted }) => !trusted).length);
    const trigger = this.novelty.of(plannable, forecasts, now);
    if (trigger === undefined) return;
    const begun = performance.now();
    const [own, callers] = (["cluster", "caller"] as const).map((origin) =>
      plannable.filter(({ record }) => record.origin === origin).map(({ job }) => job),
    );
    const names = new Set(own!.map(({ id }) => id));
    const free = freeCores(view.nodes, view.workloads, names, region);
    const room = view.nodes.length > 0 ? free : undefined;
    const results = [planning.plan(own!, grid, forecasts, now, room), planning.plan(callers!, grid, forecasts, now)];
    instruments.planning((performance.now() - begun) / 1000);
    const byId = new Map(view.open.map((stored) => [stored.record.id, stored]));
    const faults: unknown[] = [];
    for (const one of plannable) {
      const result = results[one.record.origin === "cluster" ? 0 : 1]!;
      const keeping = this.keep(byId.get(one.record.id)!, one, result, trigger, now);
      await keeping.catch((error: unknown) => faults.push(error));
    }
    view.faults.push(...faults);
    // What could not be kept is planned again.
    if (faults.length > 0) this.novelty.forget();
    else this.novelty.remember(plannable, forecasts, now);
  }

  private async keep(
    stored: Stored,
    { record, job }: Estimated,
    result: Planned,
    trigger: string,
    now: number,
  ): Promise<void> {
    const { events, newDecisionId, instruments, log } = this.options;
    // It runs to its end whatever a plan says.
    if (record.state === "running" && !job.interruptible) return;
    const plan = result.plans.get(job.id);
    const refusal = result.refusals.get(job.id);
    if (
      plan ? record.unplannableSince === null && samePlan(record.plan, plan, now) : record.unplannableSince !== null
    ) {
      return;
    }
    const latestStart = this.latestStart({ record, job }, now);
    const decision: Decision = {
      id: newDecisionId(),
      job: record.name,
      time: now,
      kind: "plan",
      trigger,
      duration: job.duration,
      latestStart,
      intensity: this.grounds.filter(({ region }) => job.regions.includes(region)),
      plan: plan ?? record.plan,
      reason:
        plan?.reason ??
        `${refusal ?? "it was not planned"}; ${record.plan ? "the plan before stays" : "it waits a little for intensity"}, and its deadline is kept`,
    };
    const next = plan
      ? { ...record, plan, plannedAt: now, decisionId: decision.id, unplannableSince: null }
      : { ...record, decisionId: record.decisionId ?? decision.id, unplannableSince: now };
    stored.record = next;
    const event = plannedEvent(next, plan, decision.id, events);
    if (plan) instruments.planned(plan.outcome);
    else log.warn({ workload: record.name, decision: decision.id }, decision.reason);
    await this.save(stored, { decision, ...(event && { event }) });
  }

  private async act(stored: Stored, estimated: Estimated | undefined, view: View): Promise<void> {
    const { now } = view;
    const { cluster, instruments, log, graceMilliseconds } = this.options;
    const { record } = stored;
    const latestStart = estimated ? this.latestStart({ record, job: estimated.job }, now) : -Infinity;
    const step = stepOf({ record, now, latestStart, graceMilliseconds });
    if (step.do === "release") return this.release(stored, step, estimated, latestStart, view);
    if (step.do === "nothing") return;
    await cluster.suspend(record.name);
    instruments.paused();
    log.info({ workload: record.name, decision: record.decisionId }, `the job is suspended: ${step.why}`);
  }

  /** Holds a recurring job that is over for its next run; the next look finds it waiting. */
  private async renew(name: string): Promise<void> {
    const { cluster, log } = this.options;
    await cluster.renew?.(name);
    log.info({ workload: name }, "the recurring job is held for its next run");
  }

  private async release(
    stored: Stored,
    step: Step & { do: "release" },
    estimated: Estimated | undefined,
    latestStart: number,
    { now, nodes }: View,
  ): Promise<void> {
    const { cluster, instruments, log, newDecisionId } = this.options;
    const { record } = stored;
    let id = step.grounds === "plan" ? record.decisionId : record.releaseId;
    const faults: unknown[] = [];
    if (id === null) {
      id = newDecisionId();
      const decision: Decision = {
        id,
        job: record.name,
        time: now,
        kind: "release",
        trigger: step.grounds,
        duration: estimated?.job.duration ?? null,
        latestStart: estimated ? latestStart : null,
        intensity: this.grounds.filter(({ region }) => estimated?.job.regions.includes(region)),
        plan: record.plan,
        reason: step.why,
      };
      stored.record = { ...record, releaseId: id, decisionId: id };
      // A job's deadline does not wait for the store.
      await this.save(stored, { decision }).catch((error: unknown) => faults.push(error));
    }
    const annotations: Record<string, string> = { [GREEN_ANNOTATIONS.decision]: id };
    if (step.grounds === "invalid") annotations[GREEN_ANNOTATIONS.fault] = step.why;
    const region = placeOf(record, nodes);
    await cluster.resume(record.name, { annotations, ...(region !== undefined && { region }) });
    instruments.released(step.grounds);
    const fields = { workload: record.name, decision: id, grounds: step.grounds };
    if (step.grounds === "plan") log.info(fields, `the job is released: ${step.why}`);
    else log.warn(fields, `the job is released: ${step.why}`);
    if (faults.length > 0) throw faults[0];
  }

  private latestStart({ record, job }: Estimated, now: number): number {
    const { declaration } = record;
    return declaration ? latestSafeStart(record, declaration, job, this.options.marginMilliseconds, now) : -Infinity;
  }

  /** The revision moves with each save, so that a second change of the same round is not taken for somebody else's. */
  private async save(stored: Stored, change: Pick<Parameters<Board["save"]>[0], "decision" | "event">): Promise<void> {
    if (await this.options.board.save({ ...stored, ...change })) stored.revision += 1;
  }
}

/** The region that the cluster has to keep the job in; undefined where it may run anywhere, or stays where it ran before. */
function placeOf({ declaration, plan, runs }: JobRecord, nodes: View["nodes"]): string | undefined {
  if (!declaration?.pinned || runs.length > 0) return undefined;
  const labelled = new Set(labelledRegions(nodes).values());
  return [plan?.region, ...declaration.regions].find((region) => region !== undefined && labelled.has(region));
}
