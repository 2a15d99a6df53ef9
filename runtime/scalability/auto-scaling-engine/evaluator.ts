import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Cluster } from "../../kernel/cluster/cluster";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { createEvent } from "../../kernel/events/codec";
import { type Tracer } from "../../kernel/telemetry/traces";
import { recordScale } from "./behavior";
import { inParallel, Serialiser } from "./concurrency";
import type { Decision, Trigger } from "./decision";
import { evaluate, refuse, wake } from "./engine";
import type { Evaluation, EvaluationInput } from "./evaluation";
import type { Forecaster } from "./forecaster";
import { decisionId } from "./ids";
import type { Instruments } from "./instruments";
import type { MetricsSource } from "./metrics-source";
import { obstacleOf, readMetrics } from "./observe";
import type { CalculatorOptions } from "./replica-calculator";
import type { ScalerStore } from "./store";

interface EvaluatorDependencies {
  store: ScalerStore;
  source: MetricsSource;
  forecaster: Forecaster;
  cluster: Cluster;
  clock: Clock;
  random: () => number;
  tracer: Tracer;
  log: Logger;
  instruments: Instruments;
  options: CalculatorOptions;
  /** A change is durable, its event in the outbox. */
  onScaled: () => void;
  /** A decision on the workload, for the cluster's own autoscaler to take, was stored. */
  onServed: (workload: string) => void;
}

/** How often a wake request is tried while other processes evaluate the same workload. */
const WAKE_ATTEMPTS = 5;

/** Workloads evaluated at once in one round. */
const PARALLEL = 8;

/** Observe, decide, act, record, for one workload at a time: the evaluations of one workload never overlap. */
export class Evaluator {
  private readonly turns = new Serialiser();
  /** Wake requests that have not had their turn yet: who asks meanwhile waits for the same one. */
  private readonly waking = new Map<string, Promise<Decision>>();

  constructor(private readonly deps: EvaluatorDependencies) {}

  /**
   * Evaluates the workload once and scales it where it has to be, unless the signal of the leader's term has said meanwhile
   * that it is over. Errors: MNO_SCALER_NOT_FOUND; MNO_AGENT_UNAVAILABLE when the term ended before; whatever the cluster or
   * the store throws. A change that was not made is a decision too ("skipped", with the reason) before it is thrown.
   */
  evaluate(workload: string, trigger: Trigger, signal?: AbortSignal): Promise<Decision> {
    return this.turns.run(workload, () =>
      this.deps.tracer.span(`evaluate ${workload}`, { attributes: { "mno.workload": workload } }, async (span) => {
        const done = this.deps.instruments.evaluationTimer();
        try {
          const decision = await this.turn(workload, trigger, signal);
          span.setAttribute("mno.decision.id", decision.id);
          return decision;
        } finally {
          done();
        }
      }),
    );
  }

  /**
   * Has a workload without replicas start its first one; resolves when that is asked for, not when it is ready. Calls made
   * at the same time share one decision. Errors: as `evaluate`.
   */
  wake(workload: string): Promise<Decision> {
    const pending = this.waking.get(workload);
    if (pending) return pending;
    const decision = this.evaluate(workload, "wake").finally(() => this.waking.delete(workload));
    this.waking.set(workload, decision);
    return decision;
  }

  /** Runs the work when no evaluation of the workload is under way, and lets none begin before it is done. */
  inTurn<T>(workload: string, work: () => Promise<T>): Promise<T> {
    return this.turns.run(workload, work);
  }

  /** Evaluates every scaler while the leader's term lasts; one that fails does not keep the others from their turn. */
  async round(signal: AbortSignal): Promise<void> {
    const { store, source, forecaster, instruments, log } = this.deps;
    const scalers = new Set((await store.list()).map((spec) => spec.workload));
    source.retain(scalers);
    forecaster.retain(scalers);
    instruments.retain(scalers);
    const pending = (await store.pending()).map((decision) => decision.workload);
    const orphans = new Set(pending.filter((workload) => !scalers.has(workload)));
    const workloads = [...scalers, ...orphans];
    const faults: unknown[] = [];
    await inParallel(workloads, PARALLEL, async (workload) => {
      if (signal.aborted) return;
      try {
        if (scalers.has(workload)) await this.evaluate(workload, "interval", signal);
        else await this.inTurn(workload, () => this.settlePending(workload));
      } catch (error) {
        if (error instanceof MnoError && error.code === "MNO_SCALER_NOT_FOUND") return; // deleted since it was listed
        log.warn({ err: error, workload }, "the evaluation failed");
        faults.push(error);
      }
    });
    if (faults.length > 0)
      throw new AggregateError(faults, `${String(faults.length)} of ${String(workloads.length)} evaluations failed`);
  }

  /** Resolves when no evaluation is under way. */
  async idle(): Promise<void> {
    await this.turns.idle();
  }

  private async turn(workload: string, trigger: Trigger, signal?: AbortSignal, attempt = 1): Promise<Decision> {
    const { store, clock, random, cluster, options, instruments } = this.deps;
    await this.settlePending(workload);
    const state = await store.load(workload);
    if (!state) throw new MnoError("MNO_SCALER_NOT_FOUND", `There is no scaler for workload ${workload}`);
    const status = await cluster.get(workload);
    const readings = status && trigger !== "wake" ? await readMetrics(status, state.spec, this.deps) : [];
    const now = clock.now();
    const observed: EvaluationInput = {
      id: decisionId(now, random),
      trigger,
      now,
      spec: state.spec,
      current: status?.desiredReplicas ?? 0,
      replicas: status?.replicas ?? [],
      requests: status?.spec.requests ?? { cpuCores: 0, memoryBytes: 0 },
      readings,
      history: state.history,
      options,
    };
    const obstacle = obstacleOf(status, workload);
    const { decision, history } = await this.decide(observed, obstacle);
    const scales = decision.action === "scaled";
    const change = decision.desiredReplicas - decision.inputs.currentReplicas;
    const left = scales ? recordScale(state.spec, history, change, now) : history;
    const claimed = await store.claim(state, left, decision);
    if (!claimed) {
      // Somebody waits for the first replica: another process's turn is no answer to him.
      if (trigger === "wake" && attempt < WAKE_ATTEMPTS) return this.turn(workload, trigger, signal, attempt + 1);
      const lost = refuse(
        observed,
        "the scaler was changed, deleted or evaluated by another process meanwhile",
      ).decision;
      await store.addDecision(lost);
      instruments.decided(lost);
      return lost;
    }
    if (scales) await this.scale(decision, signal);
    else instruments.decided(decision);
    if (state.spec.act === "serve") this.deps.onServed(workload);
    return decision;
  }

  private async decide(observed: EvaluationInput, obstacle: string | undefined): Promise<Evaluation> {
    if (obstacle !== undefined) return refuse(observed, obstacle);
    if (observed.trigger === "wake") return wake(observed);
    const prediction = await this.deps.forecaster.forecast(observed);
    return evaluate(prediction ? { ...observed, prediction } : observed);
  }

  /** Carries out the pending decision. */
  private async scale(decision: Decision, signal?: AbortSignal): Promise<void> {
    const { cluster, tracer, log } = this.deps;
    const { workload, id, desiredReplicas } = decision;
    const attributes = {
      "mno.workload": workload,
      "mno.decision.id": id,
      "mno.replicas.from": decision.inputs.currentReplicas,
      "mno.replicas.to": desiredReplicas,
    };
    await tracer.span(`scale ${workload}`, { attributes }, async () => {
      try {
        if (signal?.aborted) throw new MnoError("MNO_AGENT_UNAVAILABLE", "the leader's term ended before");
        await cluster.scale(workload, desiredReplicas);
      } catch (error) {
        const why = `scaling to ${String(desiredReplicas)} failed: ${error instanceof Error ? error.message : String(error)}`;
        // The call may have had its effect and lost its answer only.
        const carriedOut = await this.settle(decision, why).catch((fault: unknown) => {
          log.warn(
            { err: fault, workload, decisionId: id },
            "what became of the change is left to the next evaluation",
          );
          return false;
        });
        if (carriedOut) return;
        throw error;
      }
      await this.confirm(decision);
    });
  }

  /** Finds out what became of changes that were begun and neither confirmed nor withdrawn, be it before a crash. */
  private async settlePending(workload: string): Promise<void> {
    for (const decision of await this.deps.store.pending(workload)) {
      const why = `scaling to ${String(decision.desiredReplicas)} was not confirmed, and the workload has another number`;
      await this.settle(decision, why);
    }
  }

  /** A pending change was carried out if the workload has its number; resolves to whether it was. */
  private async settle(decision: Decision, why: string): Promise<boolean> {
    const { store, cluster, instruments } = this.deps;
    const status = await cluster.get(decision.workload);
    if (status?.desiredReplicas === decision.desiredReplicas) {
      await this.confirm(decision);
      return true;
    }
    const failed: Decision = {
      ...decision,
      action: "skipped",
      desiredReplicas: decision.inputs.currentReplicas,
      reasons: [...decision.reasons, why],
    };
    if (await store.withdraw(failed)) instruments.decided(failed);
    return false;
  }

  private async confirm(decision: Decision): Promise<void> {
    const { store, instruments, log, onScaled } = this.deps;
    const { workload, id, desiredReplicas, inputs, reasons } = decision;
    if (!(await store.confirm(decision, this.eventOf(decision)))) return;
    onScaled();
    instruments.decided(decision);
    log.info(
      { workload, decisionId: id, from: inputs.currentReplicas, to: desiredReplicas, reasons },
      "workload was scaled",
    );
  }

  private eventOf({ workload, id, desiredReplicas, inputs, reasons }: Decision): CloudEvent {
    return createEvent(
      {
        type: "mno.scalability.workload.scaled",
        source: "/mno/auto-scaling-engine",
        subject: workload,
        data: {
          workload,
          decisionId: id,
          fromReplicas: inputs.currentReplicas,
          toReplicas: desiredReplicas,
          reason: reasons.join("; "),
        },
      },
      { ...this.deps, id: () => `${id}.scaled` },
    );
  }
}
