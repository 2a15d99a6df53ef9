import type { Cluster, ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Clock } from "../../kernel/clock";
import type { PowerModel } from "../../kernel/energy/power-model";
import { MnoError } from "../../exports";
import { CONSOLIDATION_OPTIONS, consolidate } from "./consolidate";
import type { Declarations } from "./declared";
import { fleetItems, fleetNodes } from "./fleet-of";
import { findIdle, type IdleFinding } from "./idle";
import { modelOf } from "./node-models";
import { consolidationKey } from "./plan";
import type { Proposer } from "./proposer";
import { readPowerLimits } from "./powercap-files";
import {
  type FleetFacts,
  proposeConsolidation,
  proposePowerCap,
  proposeRightSize,
  proposeSleep,
  type SleepFacts,
} from "./proposals";
import { activeOf } from "./sleep";
import type { EnergyRow, EnergyStore, NodeFacts } from "./store";
import { DAY, type UsageHour } from "./usage";

/** Measurements older than this say nothing about now. */
const FRESH = 2 * 3_600_000;

export interface PlannerDependencies {
  cluster: Cluster;
  store: EnergyStore;
  clock: Clock;
  sampleSeconds: number;
  lifetimeHours: number;
  powercapFolder: string;
  declared: Declarations;
  proposer: Proposer;
}

/** Looks at everything and proposes. It changes nothing in the cluster. */
export class Planner {
  constructor(private readonly deps: PlannerDependencies) {}

  /** What is idle, and what nobody can tell; and where a declared schedule cannot be followed. */
  async idle(): Promise<Map<string, IdleFinding & { scheduleFault: string | null }>> {
    const { cluster, store, clock, sampleSeconds, declared } = this.deps;
    const [workloads, usage] = await Promise.all([cluster.list(), store.usage(sampleSeconds)]);
    return new Map(
      workloads.map((status) => {
        const finding = findingOf(status, usage.get(status.spec.name) ?? [], clock.now());
        return [status.spec.name, { ...finding, scheduleFault: declared.of(status.spec).fault ?? null }];
      }),
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
    this.deps.declared.keep(new Set(workloads.map(({ spec }) => spec.name)));
    await this.sleeps(workloads, usage, fresh, now);
    for (const region of new Set([...fresh.values()].map((fact) => fact.region))) {
      const emptied = await this.emptied(region);
      const members = nodes.filter(({ name, ready }) =>
        fresh.has(name) ? fresh.get(name)?.region === region : !ready && emptied.has(name),
      );
      await this.consolidations(workloads, members, fresh, emptied, now);
    }
    if (cluster.kind === "local") await this.caps(nodes, fresh, now);
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
      const { schedule, fault } = declared.of(status.spec);
      if (!facts || fault !== undefined) continue;
      const hours = usage.get(name) ?? [];
      const energy = (await store.energy("workload", name, now - 28 * DAY, now)).map(activeOf);
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
      if (proposal) await this.deps.proposer.propose(proposal);
    }
  }

  private async consolidations(
    workloads: readonly WorkloadStatus[],
    nodes: readonly ClusterNode[],
    fresh: ReadonlyMap<string, NodeFacts>,
    emptied: ReadonlySet<string>,
    now: number,
  ): Promise<void> {
    const measured = nodes.map(({ name }) => fresh.get(name)).find((fact) => fact !== undefined);
    if (nodes.length < 2 || !measured) return;
    const { store, lifetimeHours } = this.deps;
    const models = new Map<string, PowerModel>();
    let uncertainty = 0;
    for (const node of nodes) {
      const known = modelOf(node, await store.energy("node", node.name, now - 7 * DAY, now));
      models.set(node.name, known.model);
      uncertainty = Math.max(uncertainty, known.uncertainty);
    }
    const { region, intensity } = measured;
    const facts: FleetFacts = {
      region,
      intensity,
      uncertainty,
      method: `power models: ${[...new Set([...models.values()].map(({ name }) => name))].join(", ")}`,
    };
    const fleet = fleetNodes(nodes, models, emptied);
    const planWith = (requests?: Parameters<typeof fleetItems>[2]) => {
      const { items, rules, reserve } = fleetItems(workloads, fleet, requests);
      return consolidate(fleet, items, rules, { ...CONSOLIDATION_OPTIONS, lifetimeHours, reserve });
    };
    const plan = planWith();
    const proposal = proposeConsolidation(plan, facts);
    if (proposal) await this.deps.proposer.propose(proposal);
    for (const advice of await store.advice()) {
      if (!workloads.some(({ spec }) => spec.name === advice.workload && differs(spec.requests, advice.to))) continue;
      const better = proposeRightSize(advice, plan, planWith(new Map([[advice.workload, advice.to]])), facts);
      if (better) await this.deps.proposer.propose(better);
    }
  }

  /** Nodes of the region that plans have emptied, and that were not taken back. */
  private async emptied(region: string): Promise<Set<string>> {
    const plans = await this.deps.store.plans({
      key: consolidationKey(region),
      states: ["applied", "kept"],
      limit: 1000,
    });
    return new Set(plans.flatMap(({ emptied }) => emptied));
  }

  private async caps(nodes: readonly ClusterNode[], fresh: ReadonlyMap<string, NodeFacts>, now: number): Promise<void> {
    const [node] = nodes;
    const facts = node && fresh.get(node.name);
    if (!facts) return;
    const watts = (await this.deps.store.energy("node", node.name, now - 28 * DAY, now)).flatMap(wattsOf);
    for (const limit of await readPowerLimits(this.deps.powercapFolder)) {
      const proposal = proposePowerCap(limit, node, watts, facts);
      if (proposal) await this.deps.proposer.propose(proposal);
    }
  }
}

const wattsOf = ({ seconds, kwh }: EnergyRow): number[] => (seconds >= 2880 ? [(kwh * 3_600_000) / seconds] : []);

function findingOf({ spec, desiredReplicas }: WorkloadStatus, usage: readonly UsageHour[], now: number): IdleFinding {
  return findIdle(usage, spec.requests.cpuCores * Math.max(1, desiredReplicas), now);
}

const differs = (a: { cpuCores: number; memoryBytes: number }, b: typeof a): boolean =>
  a.cpuCores !== b.cpuCores || a.memoryBytes !== b.memoryBytes;
