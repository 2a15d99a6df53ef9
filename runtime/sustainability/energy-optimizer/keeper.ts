import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Cluster } from "../../kernel/cluster/cluster";
import type { Instruments } from "./instruments";
import type { Action, Plan, PlanState } from "./plan";
import { writePowerLimit } from "./powercap-files";
import { wantsSleep } from "./schedule";
import type { EnergyStore } from "./store";
import { DAY } from "./usage";

export interface KeeperDependencies {
  cluster: Cluster;
  store: EnergyStore;
  clock: Clock;
  instruments: Instruments;
  mode: "advise" | "apply";
  /** POSTs to this runtime; rejects unless it was done. */
  post: (path: string) => Promise<void>;
}

/** Carries out what was approved, and takes it back. In mode `advise` nothing is ever carried out. */
export class Keeper {
  constructor(private readonly deps: KeeperDependencies) {}

  /** Errors: MNO_ENERGY_PLAN_NOT_FOUND. */
  async get(id: string): Promise<Plan> {
    const plan = await this.deps.store.plan(id);
    if (plan) return plan;
    throw new MnoError("MNO_ENERGY_PLAN_NOT_FOUND", `There is no plan ${id}`);
  }

  /**
   * Lets the plan be carried out: at once in mode `apply`, where the engine can; a dry run else. Errors: MNO_ENERGY_PLAN_NOT_FOUND,
   * MNO_ENERGY_PLAN_CONFLICT, and whatever its action fails with: the plan then stays as it was.
   */
  async approve(id: string): Promise<Plan> {
    const plan = await this.in(id, ["proposed"], "approved");
    const { mode } = this.deps;
    const now = this.time();
    if (mode === "advise") {
      const note = `dry run (MNO_EO_MODE is advise): would ${describe(plan.action)}`;
      return this.move(plan, { state: "approved", approvedAt: now, note });
    }
    if (plan.action.do === "steps") {
      const note = "to be carried out by hand, step by step; POST …/done when it is";
      return this.move(plan, { state: "approved", approvedAt: now, note });
    }
    await this.carryOut(plan.action, true);
    return this.move(plan, { state: "applied", approvedAt: now, appliedAt: now, note: describe(plan.action) });
  }

  /** An operator has carried out an approved plan; from now on it is measured. Errors: as `approve`. */
  async done(id: string): Promise<Plan> {
    const plan = await this.in(id, ["approved"], "done");
    if (plan.action.do !== "steps") {
      throw new MnoError(
        "MNO_ENERGY_PLAN_CONFLICT",
        `Plan ${id} is carried out by the engine, in mode apply, and not by hand`,
      );
    }
    return this.move(plan, { state: "applied", appliedAt: this.time(), note: "carried out by hand" });
  }

  /** Errors: as `approve`. */
  async reject(id: string): Promise<Plan> {
    const plan = await this.in(id, ["proposed", "approved"], "rejected");
    return this.move(plan, { state: "rejected", note: "not proposed again for 30 days" });
  }

  /** Takes back what was done; for a reason (a breach of an objective, a saving that was missed) it is a rollback. Errors: as `approve`. */
  async undo(id: string, reason?: string): Promise<Plan> {
    const plan = await this.in(id, ["approved", "applied", "kept"], "undone");
    if (plan.state !== "approved") await this.takeBack(plan);
    const byHand = plan.action.do === "steps" && plan.state !== "approved" ? `; by hand: ${plan.undo}` : "";
    const awake = plan.action.do === "sleep" ? { action: { ...plan.action, asleep: null } } : {};
    const state = reason === undefined ? "undone" : "rolled-back";
    return this.move(plan, { ...awake, state, note: `${reason ?? "undone on request"}${byHand}` });
  }

  /** Brings every sleeping plan's workload to where its schedule wants it. One that fails is tried again in the next round. */
  async enforce(): Promise<unknown[]> {
    const faults: unknown[] = [];
    for (const plan of await this.deps.store.plans({ states: ["applied", "kept"], limit: 1000 })) {
      if (plan.action.do !== "sleep") continue;
      await this.enforceOne(plan, plan.action).catch((error: unknown) => void faults.push(error));
    }
    return faults;
  }

  /** Wakes the workload now; its plan leaves it alone until the present stretch of sleep is over, or a day. Errors: MNO_ENERGY_PLAN_NOT_FOUND. */
  async wake(workload: string): Promise<Plan> {
    const plans = await this.deps.store.plans({ key: `sleep/${workload}/`, states: ["applied", "kept"], limit: 1 });
    const [plan] = plans;
    if (!plan || plan.action.do !== "sleep") {
      throw new MnoError("MNO_ENERGY_PLAN_NOT_FOUND", `No plan of this engine has put ${workload} to sleep`);
    }
    if (!plan.action.asleep) return plan;
    await this.scaleUp(workload, plan.action.asleep.replicas);
    return this.move(plan, {
      action: { ...plan.action, asleep: null, wokenAt: this.time() },
      note: "woken on request",
    });
  }

  private async enforceOne(plan: Plan, action: Extract<Action, { do: "sleep" }>): Promise<void> {
    const { cluster, clock, mode } = this.deps;
    const [workload] = plan.workloads as [string];
    // What was put to sleep before the mode became advise is woken.
    const sleep = mode === "apply" && wantsSleep(action.schedule, clock.now());
    const status = await cluster.get(workload);
    if (!status) return;
    if (!sleep) {
      if (action.asleep) await this.scaleUp(workload, action.asleep.replicas);
      if (action.asleep || action.wokenAt) {
        await this.move(plan, { action: { ...action, asleep: null, wokenAt: null }, note: "awake by schedule" });
      }
      return;
    }
    if (action.asleep) {
      // Somebody else brought it back: that is a wake request as good as any.
      if (status.desiredReplicas > 0) {
        await this.move(plan, {
          action: { ...action, asleep: null, wokenAt: this.time() },
          note: "woken by somebody else",
        });
      }
      return;
    }
    // Whose replicas are an autoscaler's by now is left to that.
    const woken = action.wokenAt !== null && clock.now() - Date.parse(action.wokenAt) < DAY;
    if (woken || status.spec.scaledBy !== undefined || status.desiredReplicas === 0) return;
    const asleep = { since: this.time(), replicas: status.desiredReplicas };
    // First what to bring back, then the deed: a crash in between leaves a workload that is awake, and is found so.
    await this.move(plan, { action: { ...action, asleep, wokenAt: null }, note: "asleep by schedule" });
    await cluster.scale(workload, 0);
  }

  private async carryOut(action: Action, forward: boolean): Promise<void> {
    if (action.do === "cap") {
      const { file, fromWatts, toWatts } = action;
      await (forward ? writePowerLimit(file, fromWatts, toWatts) : writePowerLimit(file, toWatts, fromWatts));
    }
    if (action.do === "request") await this.deps.post(forward ? action.applyPath : action.undoPath);
  }

  private async takeBack({ action, workloads: [workload] }: Plan): Promise<void> {
    if (action.do === "sleep" && action.asleep && workload !== undefined) {
      await this.scaleUp(workload, action.asleep.replicas);
    } else {
      await this.carryOut(action, false);
    }
  }

  /** Never down: more may be wanted by now. */
  private async scaleUp(workload: string, replicas: number): Promise<void> {
    const status = await this.deps.cluster.get(workload);
    if (status && status.spec.scaledBy === undefined && status.desiredReplicas < replicas) {
      await this.deps.cluster.scale(workload, replicas);
    }
  }

  private async in(id: string, states: readonly PlanState[], wanted: string): Promise<Plan> {
    const plan = await this.get(id);
    if (states.includes(plan.state)) return plan;
    throw new MnoError(
      "MNO_ENERGY_PLAN_CONFLICT",
      `Plan ${id} is ${plan.state}; only one that is ${states.join(" or ")} can be ${wanted}`,
    );
  }

  private async move(plan: Plan, changes: Partial<Plan>): Promise<Plan> {
    const moved = { ...plan, ...changes };
    if (!(await this.deps.store.save(moved, plan.state))) {
      throw new MnoError("MNO_ENERGY_PLAN_CONFLICT", `Plan ${plan.id} was changed by somebody else meanwhile`);
    }
    if (moved.state !== plan.state) this.deps.instruments.moved(moved);
    return moved;
  }

  private time(): string {
    return new Date(this.deps.clock.now()).toISOString();
  }
}

function describe(action: Action): string {
  switch (action.do) {
    case "sleep":
      return "scale to 0 in the hours of the schedule, and back after them";
    case "cap":
      return `write ${action.toWatts.toFixed(1)} W into ${action.file} (now ${action.fromWatts} W)`;
    case "request":
      return `POST ${action.applyPath}`;
    case "steps":
      return action.steps.join("; ");
  }
}
