import { MnoError, type WorkloadSpec } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Cluster, WorkloadStatus } from "../../../kernel/cluster/cluster";
import { createEvent } from "../../../kernel/events/codec";
import type { Tracer } from "../../../kernel/telemetry/traces";
import { timedId } from "../ids";
import type { Instruments } from "../instruments";
import { recommendFleet } from "../right-sizing/fleet";
import type { UsageHistory } from "../right-sizing/usage-history";
import type { OptimizerStore } from "../store";
import { advise, amounts, confidenceIn, obstacleOf } from "./advise";
import type { Advice } from "./schemas";

interface AdvisorDependencies {
  cluster: Cluster;
  store: OptimizerStore;
  clock: Clock;
  random: () => number;
  tracer: Tracer;
  instruments: Instruments;
  /** Less confidence than this and nothing is advised. */
  leastConfidence: number;
  onIssued: () => void;
}

/** Open advice stays as it is while the new target differs from it by no more than this share. */
const SAME = 0.05;
/** Workloads whose open advice one round looks through. */
const OPEN_AT_MOST = 500;

/** Issues advice for the whole fleet, and carries it out where somebody asks for it. */
export class Advisor {
  constructor(private readonly deps: AdvisorDependencies) {}

  async round(histories: ReadonlyMap<string, UsageHistory>): Promise<void> {
    const { cluster, store, clock, random, leastConfidence } = this.deps;
    const fleet = (await cluster.list()).flatMap((status) => {
      const history = histories.get(status.spec.name);
      if (!history || confidenceIn(history) < leastConfidence) return [];
      return [{ status, history, workload: status.spec.name, replicas: Math.max(1, status.desiredReplicas) }];
    });
    const targets = recommendFleet(fleet);
    for (const [index, { status, history, workload, replicas }] of fleet.entries()) {
      const now = clock.now();
      const id = timedId("adv", now, random);
      const target = targets[index]!;
      const advice = advise({ id, now, spec: status.spec, replicas, history, target, fleet: fleet.length });
      if (advice) await this.issue(advice);
      else await store.supersede(workload);
    }
    // Of what is gone, or no longer known well enough, nothing is advised.
    const advised = new Set(fleet.map(({ workload }) => workload));
    for (const { workload } of await store.listAdvice({ state: "open", limit: OPEN_AT_MOST })) {
      if (!advised.has(workload)) await store.supersede(workload);
    }
  }

  /** Changes the workload's request. Errors: MNO_ADVICE_NOT_FOUND, MNO_ADVICE_NOT_APPLICABLE, those of the cluster. */
  apply(id: string): Promise<Advice> {
    return this.change(id, "open", "applied");
  }

  /** Gives the workload its old request back. Errors: as `apply`. */
  revert(id: string): Promise<Advice> {
    return this.change(id, "applied", "reverted");
  }

  private async issue(advice: Advice): Promise<void> {
    const { store, clock, tracer, instruments, onIssued } = this.deps;
    const [open] = await store.listAdvice({ workload: advice.workload, state: "open", limit: 1 });
    if (open && alike(open.from, advice.from, 0) && alike(open.to, advice.to, SAME)) return;
    const { id, workload, kind, from, to, confidence, reasons } = advice;
    const event = createEvent(
      {
        type: "mno.scalability.advice.issued",
        source: "/mno/performance-optimizer",
        subject: workload,
        data: { adviceId: id, workload, kind, from, to, confidence, reasons },
      },
      { clock, tracer },
    );
    await store.issue(advice, event);
    instruments.advised();
    onIssued();
  }

  private async change(id: string, before: Advice["state"], after: "applied" | "reverted"): Promise<Advice> {
    const { cluster, store, instruments } = this.deps;
    const advice = await store.advice(id);
    if (!advice) throw new MnoError("MNO_ADVICE_NOT_FOUND", `There is no advice ${id}`);
    // Asked for again after a crash or a lost answer: it is done.
    if (advice.state === after) return advice;
    const refuse = (why: string): never => {
      throw new MnoError("MNO_ADVICE_NOT_APPLICABLE", why, { extensions: { patch: advice.patch } });
    };
    if (advice.state !== before) refuse(`Advice ${id} is ${advice.state}; only ${before} advice can be ${after}`);
    const [old, wanted] = after === "applied" ? [advice.from, advice.to] : [advice.to, advice.from];
    const status = await cluster.get(advice.workload);
    if (!status) throw new MnoError("MNO_WORKLOAD_NOT_FOUND", `There is no workload ${advice.workload} any more`);
    // Of today: it may have been given secrets since the advice was issued.
    const obstacle = obstacleOf(status.spec);
    if (obstacle !== null) refuse(obstacle);
    // Already there: a crash came between the change and its record.
    const changes = !alike(amounts(status.spec.requests), wanted, 0);
    if (changes) {
      if (!alike(amounts(status.spec.requests), old, 0)) {
        refuse(
          `${advice.workload} requests ${JSON.stringify(amounts(status.spec.requests))}, not ${JSON.stringify(old)}`,
        );
      }
      // The whole specification is handed back: what another changed since it was read must not be lost.
      const latest = await cluster.get(advice.workload);
      if (latest?.generation !== status.generation) {
        refuse(`${advice.workload} was changed by somebody else meanwhile; ask for it again`);
      }
      await cluster.apply(withRequests(status, wanted));
    }
    if (!(await store.moveAdvice(id, before, after))) {
      const now = await store.advice(id);
      // Asked for twice at once: the other did it.
      if (now?.state === after) return now;
      // Superseded meanwhile: nobody could take back what no record tells of.
      if (changes) await this.takeBack(advice.workload, wanted, old);
      refuse(`Advice ${id} was changed by somebody else meanwhile; ask for it again`);
    }
    instruments.changed(after);
    return { ...advice, state: after };
  }

  /** Undoes a change of requests, and nothing else that came since. */
  private async takeBack(workload: string, changed: Advice["to"], old: Advice["to"]): Promise<void> {
    const status = await this.deps.cluster.get(workload);
    if (!status || obstacleOf(status.spec) !== null || !alike(amounts(status.spec.requests), changed, 0)) return;
    await this.deps.cluster.apply(withRequests(status, old));
  }
}

function withRequests({ spec }: WorkloadStatus, requests: Advice["to"]): WorkloadSpec {
  return { ...spec, requests: { ...spec.requests, ...requests } };
}

function alike(one: Advice["to"], other: Advice["to"], share: number): boolean {
  return (["cpuCores", "memoryBytes"] as const).every(
    (resource) => Math.abs(one[resource] - other[resource]) <= share * Math.abs(one[resource]),
  );
}
