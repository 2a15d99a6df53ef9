import { MnoError, type ResourceQuantities } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { Allocation } from "./allocation";
import { Batcher } from "./batcher";
import type { ClusterView } from "./cluster-view";
import { commitApart } from "./commit-apart";
import type { Decision } from "./decision";
import type { Demand } from "./demand";
import { notFound } from "./faults";
import type { AllocationResult, Instruments } from "./instruments";
import type { Ledger } from "./ledger";
import type { Operation, Outcome } from "./operations";
import type { LostNodes } from "./lost-nodes";
import { type Excess, explainExcess, type Quota } from "./quotas";
import { RefusalLog } from "./refusal-log";
import type { AllocationStore, IdempotencyKey } from "./store";

export interface ManagerOptions {
  ledger: Ledger;
  store: AllocationStore;
  view: ClusterView;
  instruments: Instruments;
  tracer: Tracer;
  clock: Clock;
  /** A batch is durable, its events in the outbox. */
  onCommit: () => void;
}

/** A refusal may rest on an old picture of the cluster; it is looked at again, but not more often than this. */
const REFUSAL_REFRESH_MILLISECONDS = 1000;
/** Leases ended in one transaction; bounds how long requests wait behind them. */
const EXPIRED_AT_ONCE = 500;

/** The engine's use cases: what HTTP and the loops call. */
export class ResourceManager {
  private readonly refusals = new RefusalLog();
  private readonly batcher: Batcher<Operation, Outcome>;

  constructor(private readonly options: ManagerOptions) {
    const { ledger, instruments, onCommit } = options;
    this.batcher = new Batcher(async (operations) => {
      const outcomes = await commitApart(operations, (some) => ledger.commit(some));
      instruments.committed(operations.length);
      onCommit();
      return outcomes;
    });
  }

  /**
   * Grants capacity durably, or returns what the key was granted before (`created` false).
   * `others` are the rest of its gang. Errors: MNO_ALLOCATION_OVER_CAPACITY with the decision's id and the nodes' reasons,
   * MNO_ALLOCATION_OVER_QUOTA with what is held, asked for and allowed, MNO_IDEMPOTENCY_KEY_REUSED.
   */
  allocate(
    demand: Demand,
    key: IdempotencyKey | undefined,
    others: readonly Demand[] = [],
  ): Promise<{ allocation: Allocation; created: boolean }> {
    const { clock, instruments, tracer } = this.options;
    const attributes = { "mno.tenant": demand.tenant, "mno.strategy": demand.strategy };
    return tracer.span("allocate", { attributes }, async (span) => {
      const startedAt = clock.now();
      let result: AllocationResult = "failed";
      try {
        const outcome = await this.request(demand, key, others);
        result = outcome.kind === "refused" ? "refused" : outcome.created ? "allocated" : "existing";
        const decisionId = outcome.kind === "refused" ? outcome.decision.id : outcome.allocation.decisionId;
        span.setAttribute("mno.decision.id", decisionId);
        if (outcome.kind === "refused") throw refusalOf(outcome.decision);
        return outcome;
      } finally {
        span.setAttribute("mno.outcome", result);
        instruments.answered(result, demand.strategy, Math.max(0, clock.now() - startedAt) / 1000);
      }
    });
  }

  /** Grants all members or none; as allocate. */
  async allocateGang(
    members: readonly Demand[],
    key: IdempotencyKey | undefined,
  ): Promise<{ allocations: Allocation[]; created: boolean }> {
    const [first, ...others] = members as [Demand];
    const { allocation, created } = await this.allocate(first, key, others);
    return { allocations: await this.gang(allocation.gangId ?? ""), created };
  }

  /** Its members, active or released. Errors: MNO_GANG_NOT_FOUND. */
  async gang(id: string): Promise<Allocation[]> {
    const members = await this.options.store.gang(id);
    if (members.length === 0) throw new MnoError("MNO_GANG_NOT_FOUND", `There is no gang ${id}`);
    return members;
  }

  /** Limits what the tenant may hold; null is as declared. What it holds already stays. */
  async setQuota(tenant: string, quota: Quota | null): Promise<void> {
    await this.submit({ kind: "set-quota", tenant, quota }, "quota-set");
  }

  /** Releases gangs with a replica on a node that is lost. */
  async loseNodes(nodes: LostNodes): Promise<void> {
    const { ledger, clock } = this.options;
    const missing = new Set<string>();
    for (const { gangId, nodes: on } of ledger.active.values()) {
      if (gangId !== undefined) for (const node of on) if (!ledger.capacity.node(node)) missing.add(node);
    }
    const lost = nodes.observe(missing, clock.now());
    if (lost.size > 0) await this.submit({ kind: "lose-nodes", nodes: lost }, "nodes-lost");
  }

  /** Gives the allocation back, with the rest of its gang; giving it back again changes nothing. Errors: MNO_ALLOCATION_NOT_FOUND. */
  async release(id: string): Promise<void> {
    await this.submit({ kind: "release", id, trace: this.options.tracer.carrier() }, "released");
  }

  /** Starts the lease anew from now. Errors: MNO_ALLOCATION_NOT_FOUND, also where it was released or has expired. */
  async renew(id: string, leaseSeconds: number): Promise<Allocation> {
    return (await this.submit({ kind: "renew", id, leaseSeconds }, "renewed")).allocation;
  }

  /** Releases every allocation whose lease has ended. */
  async expire(): Promise<void> {
    const ids = this.options.ledger.due(this.options.clock.now());
    for (let start = 0; start < ids.length; start += EXPIRED_AT_ONCE) {
      await this.submit({ kind: "expire", ids: ids.slice(start, start + EXPIRED_AT_ONCE) }, "expired");
    }
  }

  /** Reads what other processes committed, then the cluster. */
  async refresh(): Promise<void> {
    const { ledger, view, instruments } = this.options;
    await this.submit({ kind: "expire", ids: [] }, "expired");
    await view.refresh();
    instruments.observe(ledger.capacity);
  }

  async allocation(id: string): Promise<Allocation> {
    const [found] = await this.options.store.find([id]);
    if (!found) throw notFound(id);
    return found;
  }

  async decision(id: string): Promise<Decision> {
    const found = this.refusals.get(id) ?? (await this.options.store.decision(id));
    if (found) return found;
    throw new MnoError(
      "MNO_DECISION_NOT_FOUND",
      `There is no decision ${id}; refusals are kept in memory, the latest 1,000 of them`,
    );
  }

  /** Grants and refusals together, newest first. */
  async decisions(limit: number): Promise<Decision[]> {
    const all = [...(await this.options.store.decisions(limit)), ...this.refusals.latest(limit)];
    return all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
  }

  /** Resolves when everything asked for so far has its answer. */
  drain(): Promise<void> {
    return this.batcher.drain();
  }

  private async request(demand: Demand, key: IdempotencyKey | undefined, others: readonly Demand[]): Promise<Answer> {
    const first = await this.commit(demand, key, others);
    if (first.kind === "granted" || first.decision.overQuota) return first;
    const changed = await this.options.view.refreshIfOlderThan(REFUSAL_REFRESH_MILLISECONDS);
    return changed ? this.commit(demand, key, others) : first;
  }

  private commit(demand: Demand, key: IdempotencyKey | undefined, others: readonly Demand[]): Promise<Answer> {
    const { tracer } = this.options;
    const operation: Operation = { kind: "allocate", demand, others, trace: tracer.carrier(), ...(key && { key }) };
    return tracer.span("commit batch", {}, async () => {
      const outcome = await this.submit(operation, "granted", "refused");
      if (outcome.kind === "refused") this.refusals.add(outcome.decision);
      return outcome;
    });
  }

  /** The operation's outcome once it is durable; a failed one is thrown. `kinds` are those that the operation can come to. */
  private async submit<K extends Outcome["kind"]>(
    operation: Operation,
    ...kinds: K[]
  ): Promise<Extract<Outcome, { kind: K }>> {
    const outcome = await this.batcher.submit(operation);
    if (outcome.kind === "failed") throw outcome.error;
    if (!(kinds as string[]).includes(outcome.kind)) {
      throw new Error(`${operation.kind} came to ${outcome.kind}, not to ${kinds.join(" or ")}`);
    }
    return outcome as Extract<Outcome, { kind: K }>;
  }
}

type Answer = Extract<Outcome, { kind: "granted" | "refused" }>;

function refusalOf(decision: Decision): MnoError {
  return decision.overQuota ? overQuota(decision, decision.overQuota) : overCapacity(decision);
}

function overQuota({ id, request }: Decision, excess: Excess[]): MnoError {
  return new MnoError(
    "MNO_ALLOCATION_OVER_QUOTA",
    `${request.replicas} x (${inWords(request.requests)}) is over the quota of ${request.tenant}: ${excess.map(explainExcess).join("; ")}`,
    { extensions: { decisionId: id, tenant: request.tenant, excess } },
  );
}

function overCapacity(decision: Decision): MnoError {
  const { request, nodes, considered, refusals, reasons } = decision;
  const zone = request.zone === null ? "" : ` in zone ${request.zone}`;
  return new MnoError(
    "MNO_ALLOCATION_OVER_CAPACITY",
    `${request.replicas} x (${inWords(request.requests)})${zone} does not fit: ${reasons.join("; ")}`,
    { extensions: { decisionId: decision.id, nodes, considered, refusals } },
  );
}

function inWords({ cpuCores, memoryBytes, gpus, gpuModels, custom = {} }: ResourceQuantities): string {
  const kind = gpuModels ? ` of ${gpuModels.join(" or ")}` : "";
  return [
    `${cpuCores} cores`,
    `${memoryBytes} bytes`,
    ...(gpus === undefined ? [] : [`${gpus} GPUs${kind}`]),
    ...Object.entries(custom).map(([name, count]) => `${count} ${name}`),
  ].join(", ");
}
