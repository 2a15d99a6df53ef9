import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../kernel/clock";
import { createEvent } from "../../kernel/events/codec";
import type { Tracer } from "../../kernel/telemetry/traces";
import { times } from "./expectation";
import { planId } from "./ids";
import type { Instruments } from "./instruments";
import { keyOf, type Plan, type PlanState, type Proposal } from "./plan";
import { realisation } from "./realisation";
import type { EnergyStore } from "./store";
import { DAY } from "./usage";

/** Not proposed again for so long after somebody said no, or it did not hold. */
const REFUSED = 30 * DAY;
const LEAST_SHARE = 0.01;

export interface ProposerDependencies {
  store: EnergyStore;
  clock: Clock;
  random: () => number;
  tracer: Tracer;
  instruments: Instruments;
  onProposed: () => void;
}

/** Makes plans of proposals: once each, corrected by what earlier plans of the kind came to. */
export class Proposer {
  constructor(private readonly deps: ProposerDependencies) {}

  /** Stores the proposal and tells of it, unless there is one like it, or one that is being carried out. */
  async propose(proposal: Proposal): Promise<Plan | undefined> {
    const { store, clock, random, tracer, instruments, onProposed } = this.deps;
    const key = keyOf(proposal);
    const [open] = await store.plans({ key, states: openStates(proposal), limit: 1 });
    const expected = await this.learned(proposal);
    if (open && (open.state !== "proposed" || alike(open, { ...proposal, expected }))) return undefined;
    const [refused] = await store.plans({ key, states: ["rejected", "undone", "rolled-back"], limit: 1 });
    if (refused && Date.parse(refused.createdAt) > clock.now() - REFUSED && !redeclared(refused, proposal))
      return undefined;
    const plan: Plan = {
      ...proposal,
      expected,
      id: planId(clock.now(), random),
      state: "proposed",
      createdAt: new Date(clock.now()).toISOString(),
      approvedAt: null,
      appliedAt: null,
      measured: null,
      note: "waits for approval",
    };
    const { kind, workloads, nodes, risk, reasons } = plan;
    const data = {
      planId: plan.id,
      kind,
      workloads,
      nodes,
      energyKwh: Math.max(0, expected.kwh.value),
      gramsCo2e: Math.max(0, expected.gramsCo2e.value),
      risk,
      reasons,
    };
    const event = createEvent(
      { type: "mno.sustainability.plan.proposed", source: "/mno/energy-optimizer", subject: plan.id, data },
      { clock, tracer },
    );
    await store.propose(key, plan, [event]);
    instruments.proposed(plan);
    onProposed();
    return plan;
  }

  /**
   * What plans of the kind came to so far corrects what the next one promises. Each is compared with what it would have
   * promised uncorrected: or the correction would correct itself away.
   */
  private async learned({ kind, expected }: Proposal): Promise<Plan["expected"]> {
    const over = await this.deps.store.plans({ states: ["kept", "rolled-back"], limit: 1000 });
    const judged = over.flatMap((plan) => {
      const factor = plan.expected.realisation;
      if (plan.kind !== kind || !plan.measured || factor <= 0) return [];
      return [{ expectedKwh: plan.measured.expectedKwh / factor, savedKwh: plan.measured.savedKwh }];
    });
    if (judged.length === 0) return expected;
    // Where plans came to nothing at all, a little is promised still: or no later plan could be compared with it.
    const share = Math.max(LEAST_SHARE, realisation(judged));
    return {
      ...expected,
      kwh: times(expected.kwh, share),
      gramsCo2e: times(expected.gramsCo2e, share),
      realisation: share,
      method: `${expected.method}; times ${share.toFixed(2)}: what ${judged.length} plan(s) of the kind came to`,
    };
  }
}

/** Somebody has declared another schedule since: that is not what was refused. */
const redeclared = ({ action: before }: Plan, { action }: Proposal): boolean =>
  before.do === "sleep" &&
  action.do === "sleep" &&
  action.schedule.by === "declared" &&
  !isDeepStrictEqual(before.schedule, action.schedule);

/** A kept plan stands in the way of the next where it goes on acting; nodes once emptied, or a new size, are only the new start. */
const openStates = ({ kind }: Proposal): PlanState[] =>
  kind === "consolidate" || kind === "right-size"
    ? ["proposed", "approved", "applied"]
    : ["proposed", "approved", "applied", "kept"];

/** The same action, and nearly the same saving: not worth another plan. */
function alike(plan: Plan, proposal: Proposal): boolean {
  const [a, b] = [plan.expected.kwh.value, proposal.expected.kwh.value];
  return isDeepStrictEqual(plan.action, proposal.action) && Math.abs(a - b) <= 0.1 * Math.max(a, b);
}
