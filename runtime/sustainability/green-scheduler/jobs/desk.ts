import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { EventContext } from "../../../kernel/events/codec";
import type { Plan, StartCost } from "../engine";
import type { EndBody, JobBody } from "../requests";
import type { SchedulerStore, Stored } from "../store";
import { contradictions, type Declaration } from "./declaration";
import type { Decision } from "./decision";
import { plannedEvent } from "./events";
import type { Grounds } from "./forecasts";
import { ended } from "./observe";
import type { Planning } from "./planning";
import { isOver, type JobRecord, newRecord, promiseOf } from "./record";

interface DeskOptions {
  store: SchedulerStore;
  planning: Planning;
  clock: Clock;
  events: EventContext;
  region: string;
  newJobId: () => string;
  newDecisionId: () => string;
  onCommit: () => void;
}

/** What callers ask for over HTTP. Each replica answers; the leader looks after what was stored. */
export class Desk {
  constructor(private readonly options: DeskOptions) {}

  /**
   * Plans a job that its caller runs, and keeps it. The same declaration again gives the job that there is.
   * Errors: MNO_GREEN_JOB_INVALID, MNO_GREEN_JOB_CONFLICT, MNO_GREEN_PLAN_UNAVAILABLE.
   */
  async post(body: JobBody): Promise<{ record: JobRecord; created: boolean }> {
    const { store, clock, events, newDecisionId, onCommit } = this.options;
    const now = clock.now();
    const record = this.record(body, now);
    const existing = await this.existing(record, body);
    if (existing) return { record: existing, created: false };
    const { plan, grounds, why, decided } = await this.planOne(record, now);
    if (!plan) throw new MnoError("MNO_GREEN_PLAN_UNAVAILABLE", why);
    const id = newDecisionId();
    const decision: Decision = {
      ...decided,
      id,
      job: record.name,
      time: now,
      kind: "plan",
      trigger: "posted",
      latestStart: plan.latestStart,
      intensity: grounds,
      plan,
      reason: plan.reason,
    };
    const planned = { ...record, plan, plannedAt: now, decisionId: id };
    const event = plannedEvent(planned, plan, id, events);
    const stored = await store.save({ record: planned, revision: 0, decision, ...(event && { event }) });
    if (!stored) throw taken(record.name);
    onCommit();
    return { record: stored.record, created: true };
  }

  /** What would be planned for these jobs, together; nothing is kept. Errors: MNO_GREEN_JOB_INVALID, MNO_GREEN_PLAN_UNAVAILABLE. */
  async preview(bodies: readonly JobBody[]): Promise<{ plans: Plan[]; grounds: Grounds[] }> {
    const { planning, clock, store } = this.options;
    const now = clock.now();
    const records = bodies.map((body) => this.record(body, now));
    const keys = new Set(bodies.flatMap(({ recurringKey }) => recurringKey ?? []));
    const jobs = planning.estimate(records, await store.runTimes([...keys]), now).map(({ job }) => job);
    const grid = planning.grid(jobs, now);
    const forecasts = await planning.forecasts(jobs, grid);
    const { plans, refusals } = planning.plan(jobs, grid, forecasts, now);
    if (refusals.size > 0) {
      const why = [...refusals].map(([name, refusal]) => `${name}: ${refusal}`).join("; ");
      throw new MnoError("MNO_GREEN_PLAN_UNAVAILABLE", why);
    }
    return { plans: jobs.map(({ id }) => plans.get(id)!), grounds: forecasts.map(({ grounds }) => grounds) };
  }

  /** What the job would cost at each start from now on. Errors: MNO_GREEN_JOB_NOT_FOUND, MNO_GREEN_JOB_CONFLICT. */
  async whatIf(name: string): Promise<{ starts: readonly StartCost[]; grounds: Grounds[]; plan: Plan | null }> {
    const { planning, clock, store } = this.options;
    const { record } = await this.find(name);
    if (isOver(record) || !record.declaration) {
      throw new MnoError(
        "MNO_GREEN_JOB_CONFLICT",
        `${name} is ${isOver(record) ? "over" : "not validly declared"}: there is no start to compare`,
      );
    }
    const now = clock.now();
    const { recurringKey } = record.declaration;
    const runTimes = await store.runTimes(recurringKey === null ? [] : [recurringKey]);
    const jobs = planning.estimate([record], runTimes, now).map(({ job }) => job);
    const grid = planning.grid(jobs, now);
    const forecasts = await planning.forecasts(jobs, grid);
    const starts = planning.whatIf(jobs[0]!, grid, forecasts, now);
    return { starts, grounds: forecasts.map(({ grounds }) => grounds), plan: record.plan };
  }

  /** Errors: MNO_GREEN_JOB_NOT_FOUND. */
  async find(name: string): Promise<Stored> {
    const stored = await this.options.store.job(name);
    if (!stored) throw new MnoError("MNO_GREEN_JOB_NOT_FOUND", `There is no job ${name}`);
    return stored;
  }

  /** A caller's job was withdrawn before it ran. Idempotent. Errors: MNO_GREEN_JOB_NOT_FOUND, MNO_GREEN_JOB_CONFLICT. */
  async withdraw(name: string): Promise<void> {
    const stored = await this.callers(name);
    if (!isOver(stored.record)) await this.end(stored, ended(stored.record, "deleted", this.options.clock.now()));
  }

  /** A caller's job is over. Idempotent. Errors: MNO_GREEN_JOB_INVALID, MNO_GREEN_JOB_NOT_FOUND, MNO_GREEN_JOB_CONFLICT. */
  async finish(name: string, { outcome, runs }: EndBody): Promise<JobRecord> {
    const stored = await this.callers(name);
    if (isOver(stored.record)) return stored.record;
    const { record } = stored;
    const times = runs.map(({ from, to, region }) => ({
      from: Date.parse(from),
      to: Date.parse(to),
      region: region ?? record.plan?.region ?? this.options.region,
    }));
    const now = this.options.clock.now();
    const wrong = times.findIndex(
      ({ from, to }, i) => to < from || to > now || from < (times[i - 1]?.to ?? record.submittedAt),
    );
    if (wrong >= 0) {
      const message =
        "must begin after the run before it and the job's submission, and end after it began and not in the future";
      throw invalid([{ field: `/runs/${String(wrong)}`, message }]);
    }
    const finishedAt = times.at(-1)!.to;
    const ran = { ...record, runs: times, promisedGramsPerKwh: promiseOf(record.plan) };
    return this.end(stored, { ...ended(ran, outcome, now), finishedAt });
  }

  private async end(stored: Stored, record: JobRecord): Promise<JobRecord> {
    const saved = await this.options.store.save({ ...stored, record });
    if (!saved) throw new MnoError("MNO_GREEN_JOB_CONFLICT", `${record.name} was changed meanwhile; ask again`);
    return saved.record;
  }

  private async callers(name: string): Promise<Stored> {
    const stored = await this.find(name);
    if (stored.record.origin === "caller") return stored;
    throw new MnoError("MNO_GREEN_JOB_CONFLICT", `${name} is a job of the cluster: delete it there`);
  }

  private async existing(record: JobRecord, { name }: JobBody): Promise<JobRecord | undefined> {
    const before = (await this.options.store.job(name))?.record;
    if (!before || isOver(before)) return undefined;
    if (before.origin === "caller" && before.declarationKey === record.declarationKey) return before;
    throw taken(name);
  }

  private async planOne(record: JobRecord, now: number) {
    const { planning, store } = this.options;
    const key = record.declaration!.recurringKey;
    const [estimated] = planning.estimate([record], await store.runTimes(key === null ? [] : [key]), now);
    const { job } = estimated!;
    const grid = planning.grid([job], now);
    const forecasts = await planning.forecasts([job], grid);
    const { plans, refusals } = planning.plan([job], grid, forecasts, now);
    const grounds = forecasts.map((forecast) => forecast.grounds);
    return { plan: plans.get(job.id), why: refusals.get(job.id) ?? "", grounds, decided: { duration: job.duration } };
  }

  /** Errors: MNO_GREEN_JOB_INVALID. */
  private record(body: JobBody, now: number): JobRecord {
    const { name, tenant, ...declared } = body;
    const declaration: Declaration = {
      releaseAt: body.releaseAt === undefined ? now : Date.parse(body.releaseAt),
      deadline: Date.parse(body.deadline),
      maxDelaySeconds: body.maxDelaySeconds ?? null,
      durationSeconds: body.durationSeconds ?? null,
      interruptible: body.interruptible ?? false,
      checkpointSeconds: body.checkpointSeconds ?? 0,
      startupSeconds: body.startupSeconds ?? 0,
      minChunkSeconds: body.minChunkSeconds ?? 0,
      watts: body.watts,
      regions: body.regions ?? [],
      pinned: body.regions !== undefined,
      carbonBudgetGrams: body.carbonBudgetGrams ?? null,
      recurringKey: body.recurringKey ?? null,
      schedule: null,
      scale: body.scale ?? [],
    };
    const faults = contradictions(declaration, (field) => `/${field}`);
    if (faults.length > 0) throw invalid(faults);
    return newRecord({
      id: this.options.newJobId(),
      name,
      origin: "caller",
      tenant: tenant ?? null,
      submittedAt: now,
      declarationKey: JSON.stringify(declared),
      declaration,
      // Where its caller runs it, and how many cores there are, is the caller's to know.
      cores: 1,
      replicas: 1,
    });
  }
}

const taken = (name: string): MnoError =>
  new MnoError(
    "MNO_GREEN_JOB_CONFLICT",
    `There is a job ${name} that is not over, with another declaration or of the cluster`,
  );

function invalid(faults: { field: string; message: string }[]): MnoError {
  const detail = faults.map(({ field, message }) => `${field} ${message}`).join("; ");
  return new MnoError("MNO_GREEN_JOB_INVALID", detail, { faults });
}
