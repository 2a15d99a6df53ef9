import type { Cluster, ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Clock } from "../../kernel/clock";
import type { PowerModel } from "../../kernel/energy/power-model";
import { MnoError } from "../../exports";
import { consolidate } from "./consolidate";
import { fleetItems, fleetNodes } from "./fleet-of";
import { findIdle, type IdleFinding } from "./idle";
import { modelOf } from "./node-models";
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
import type { SleepSchedule } from "./schedule";
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
  powercapFolder: string;
  declared: ReadonlyMap<string, SleepSchedule>;
  proposer: Proposer;
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
      if (proposal) await this.deps.proposer.propose(proposal);
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
      const known = modelOf(node, await store.energy("node", node.name, now - 7 * DAY, now));
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
    if (proposal) await this.deps.proposer.propose(proposal);
    for (const advice of await store.advice()) {
      if (!workloads.some(({ spec }) => spec.name === advice.workload && differs(spec.requests, advice.to))) continue;
      const better = proposeRightSize(advice, plan, planWith(new Map([[advice.workload, advice.to]])), facts);
      if (better) await this.deps.proposer.propose(better);
    }
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
