import { isDeepStrictEqual } from "node:util";
import type { Cluster, ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Clock } from "../../kernel/clock";
import { calibrate } from "../../kernel/energy/calibrated";
import { ccfPower } from "../../kernel/energy/curve";
import type { PowerModel } from "../../kernel/energy/power-model";
import { createEvent } from "../../kernel/events/codec";
import type { Tracer } from "../../kernel/telemetry/traces";
import { MnoError } from "../../exports";
import { consolidate } from "./consolidate";
import { fleetItems, fleetNodes } from "./fleet-of";
import { findIdle, type IdleFinding } from "./idle";
import { planId } from "./ids";
import { times } from "./expectation";
import type { Instruments } from "./instruments";
import { realisation } from "./realisation";
import { keyOf, type Plan, type Proposal } from "./plan";
import { readPowerLimits } from "./powercap-files";
import {
  type FleetFacts,
  proposeConsolidation,
  proposePowerCap,
  proposeRightSize,
  proposeSleep,
  type SleepFacts,
} from "./proposals";
import type { SleepSchedule } from "./schedule";
import type { EnergyRow, EnergyStore, NodeFacts } from "./store";
import { DAY, type UsageHour } from "./usage";

/** Measurements older than this say nothing about now. */
const FRESH = 2 * 3_600_000;
/** Of power from a table that knows nothing of the node but its cores: half of the 95 % interval. */
const TABLE_UNCERTAINTY = 0.5;

export interface PlannerDependencies {
  cluster: Cluster;
  store: EnergyStore;
  clock: Clock;
  random: () => number;
  tracer: Tracer;
  instruments: Instruments;
  sampleSeconds: number;
  powercapFolder: string;
  declared: ReadonlyMap<string, SleepSchedule>;
  onProposed: () => void;
}

/** Looks at everything and proposes. It changes nothing in the cluster. */
export class Planner {
  constructor(private readonly deps: PlannerDependencies) {}

  /** What is idle, and what nobody can tell. */
  async idle(): Promise<Map<string, IdleFinding>> {
    const { cluster, store, clock, sampleSeconds } = this.deps;
    const [workloads, usage] = await Promise.all([cluster.list(), store.usage(sampleSeconds)]);
    return new Map(
      workloads.map((status) => [status.spec.name, findingOf(status, usage.get(status.spec.name) ?? [], clock.now())]),
    );
  }

  async round(): Promise<void> {
    const { cluster, store, clock, sampleSeconds } = this.deps;
    const now = clock.now();
    const [workloads, nodes, usage, facts] = await Promise.all([
      cluster.list(),
      cluster.nodes(),
      store.usage(sampleSeconds),
      store.nodes(),
    ]);
    const fresh = new Map(facts.filter(({ at }) => now - at <= FRESH).map((fact) => [fact.node, fact]));
    await this.sleeps(workloads, usage, fresh, now);
    for (const region of new Set([...fresh.values()].map((fact) => fact.region))) {
      const members = nodes.filter(({ name }) => fresh.get(name)?.region === region);
      await this.consolidations(workloads, members, fresh, now);
    }
    if (cluster.kind === "local") await this.caps(nodes, fresh, now);
  }

  /** Stores the proposal and tells of it, unless there is one like it, or one that is being carried out. */
  async propose(proposal: Proposal): Promise<Plan | undefined> {
    const { store, clock, random, tracer, instruments, onProposed } = this.deps;
    const key = keyOf(proposal);
    const [open] = await store.plans({ key, states: ["proposed", "approved", "applied", "kept"], limit: 1 });
    const expected = await this.learned(proposal);
    if (open && (open.state !== "proposed" || alike(open, { ...proposal, expected }))) return undefined;
    const [refused] = await store.plans({ key, states: ["rejected", "undone", "rolled-back"], limit: 1 });
    const month = clock.now() - 30 * DAY;
    if (refused && Date.parse(refused.createdAt) > month) return undefined;
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

  /** The freshest measured node. Errors: MNO_ENERGY_NOT_MEASURED. */
  async anyMeasured(): Promise<NodeFacts> {
    const facts = (await this.deps.store.nodes()).toSorted((a, b) => b.at - a.at)[0];
    if (facts) return facts;
    throw new MnoError(
      "MNO_ENERGY_NOT_MEASURED",
      "The carbon monitor has measured no node yet: there is no intensity to count by",
    );
  }

  /** What plans of the kind came to so far corrects what the next one promises. */
  private async learned({ kind, expected }: Proposal): Promise<Plan["expected"]> {
    const over = await this.deps.store.plans({ states: ["kept", "rolled-back"], limit: 1000 });
    const judged = over.flatMap((plan) => (plan.kind === kind && plan.measured ? [plan.measured] : []));
    if (judged.length === 0) return expected;
    const share = realisation(judged);
    return {
      ...expected,
      kwh: times(expected.kwh, share),
      gramsCo2e: times(expected.gramsCo2e, share),
      method: `${expected.method}; times ${share.toFixed(2)}: what ${judged.length} plan(s) of the kind came to`,
    };
  }

  private async sleeps(
    workloads: readonly WorkloadStatus[],
    usage: ReadonlyMap<string, readonly UsageHour[]>,
    fresh: ReadonlyMap<string, NodeFacts>,
    now: number,
  ): Promise<void> {
    const { store, declared } = this.deps;
    for (const status of workloads) {
      const { name } = status.spec;
      const nodes = [...new Set(status.replicas.map(({ node }) => node))].sort();
      const facts = fresh.get(nodes[0] ?? "");
      if (!facts) continue;
      const hours = usage.get(name) ?? [];
      const energy = (await store.energy("workload", name, now - 28 * DAY, now)).map(activeOf);
      const schedule = declared.get(name);
      const input: SleepFacts = {
        status,
        finding: findingOf(status, hours, now),
        usage: hours,
        energy,
        nodes,
        now,
        ...facts,
        ...(schedule && { declared: schedule }),
      };
      const proposal = proposeSleep(input);
      if (proposal) await this.propose(proposal);
    }
  }

  private async consolidations(
    workloads: readonly WorkloadStatus[],
    nodes: readonly ClusterNode[],
    fresh: ReadonlyMap<string, NodeFacts>,
    now: number,
  ): Promise<void> {
    if (nodes.length < 2) return;
    const { store } = this.deps;
    const models = new Map<string, PowerModel>();
    let uncertainty = 0;
    for (const node of nodes) {
      const known = await this.modelOf(node, now);
      models.set(node.name, known.model);
      uncertainty = Math.max(uncertainty, known.uncertainty);
    }
    const { region, intensity } = fresh.get((nodes[0] as ClusterNode).name) as NodeFacts;
    const facts: FleetFacts = {
      region,
      intensity,
      uncertainty,
      method: `power models: ${[...new Set([...models.values()].map(({ name }) => name))].join(", ")}`,
    };
    const fleet = fleetNodes(nodes, models);
    const planWith = (requests?: Parameters<typeof fleetItems>[2]) => {
      const { items, rules } = fleetItems(workloads, fleet, requests);
      return consolidate(fleet, items, rules);
    };
    const plan = planWith();
    const proposal = proposeConsolidation(plan, facts);
    if (proposal) await this.propose(proposal);
    for (const advice of await store.advice()) {
      if (!workloads.some(({ spec }) => spec.name === advice.workload && differs(spec.requests, advice.to))) continue;
      const better = proposeRightSize(advice, plan, planWith(new Map([[advice.workload, advice.to]])), facts);
      if (better) await this.propose(better);
    }
  }

  private async caps(nodes: readonly ClusterNode[], fresh: ReadonlyMap<string, NodeFacts>, now: number): Promise<void> {
    const [node] = nodes;
    const facts = node && fresh.get(node.name);
    if (!facts) return;
    const watts = (await this.deps.store.energy("node", node.name, now - 28 * DAY, now)).flatMap(wattsOf);
    for (const limit of await readPowerLimits(this.deps.powercapFolder)) {
      const proposal = proposePowerCap(limit, node, watts, facts);
      if (proposal) await this.propose(proposal);
    }
  }

  /** The table's curve, brought to the node's measured hours: idle energy is what the monitor says a bare node uses. */
  private async modelOf(
    { name, capacity }: ClusterNode,
    now: number,
  ): Promise<{ model: PowerModel; uncertainty: number }> {
    const prior = ccfPower(undefined, capacity.cpuCores);
    const hours = await this.deps.store.energy("node", name, now - 7 * DAY, now);
    const idle = hours.flatMap(({ seconds, idleKwh }) =>
      seconds > 0 && idleKwh > 0 ? [{ utilisation: 0, watts: (idleKwh * 3_600_000) / seconds }] : [],
    );
    const fitted = calibrate(idle, `energy of ${name} as the carbon monitor measured it`, prior);
    if (!fitted) return { model: prior, uncertainty: TABLE_UNCERTAINTY };
    return { model: fitted, uncertainty: (fitted.uncertaintyPercent ?? TABLE_UNCERTAINTY * 100) / 100 };
  }
}

export const activeOf = ({ hour, kwh, idleKwh }: EnergyRow) => ({ hour, activeKwh: Math.max(0, kwh - idleKwh) });

const wattsOf = ({ seconds, kwh }: EnergyRow): number[] => (seconds >= 2880 ? [(kwh * 3_600_000) / seconds] : []);

function findingOf({ spec, desiredReplicas }: WorkloadStatus, usage: readonly UsageHour[], now: number): IdleFinding {
  return findIdle(usage, spec.requests.cpuCores * Math.max(1, desiredReplicas), now);
}

const differs = (a: { cpuCores: number; memoryBytes: number }, b: typeof a): boolean =>
  a.cpuCores !== b.cpuCores || a.memoryBytes !== b.memoryBytes;

/** The same action, and nearly the same saving: not worth another plan. */
function alike(plan: Plan, proposal: Proposal): boolean {
  const [a, b] = [plan.expected.kwh.value, proposal.expected.kwh.value];
  return isDeepStrictEqual(plan.action, proposal.action) && Math.abs(a - b) <= 0.1 * Math.max(a, b);
}
