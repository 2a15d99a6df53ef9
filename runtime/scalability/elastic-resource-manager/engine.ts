import type { Capacity, NodeSupply } from "./capacity";
import { type Decision, type NodeFault, summarize, type Verdict } from "./decision";
import { type Amount, quantitiesOf } from "./quantities";
import type { Demand, StrategyName } from "./demand";
import { STRATEGIES } from "./strategies";

export interface PlacementOptions {
  /** RFC 3339, UTC: the decisions' time. */
  time: string;
  /** The id of the decision on the next request served. */
  nextId: () => string;
  /** Tenants' weights in dominant resource fairness; 1 where absent. */
  weights?: Readonly<Record<string, number>>;
}

/**
 * Decides one batch. Pure: `state` is left as it was, and the answer, in the order of the requests, says what to take.
 *
 * Requests are served in order of arrival, except that a place in the line held by a request of a strategy with an order of
 * its own (dominant resource fairness) goes to whichever of its requests that strategy serves next. So neither kind
 * overtakes the other as a whole.
 */
export function place(state: Capacity, demands: readonly Demand[], options: PlacementOptions): Decision[] {
  const draft = state.fork();
  const decisions = new Array<Decision>(demands.length);
  const waiting = new Map<StrategyName, number[]>();
  demands.forEach((demand, index) => {
    const line = waiting.get(demand.strategy);
    if (line) line.push(index);
    else waiting.set(demand.strategy, [index]);
  });
  for (const { strategy } of demands) {
    const line = waiting.get(strategy) as number[];
    const [index] = line.splice(turn(strategy, line, demands, draft, options), 1) as [number];
    decisions[index] = decide(draft, demands[index] as Demand, options);
  }
  return decisions;
}

/** Which of the waiting requests of one strategy is served next. */
function turn(
  strategy: StrategyName,
  line: readonly number[],
  demands: readonly Demand[],
  draft: Capacity,
  options: PlacementOptions,
): number {
  const { next } = STRATEGIES[strategy];
  if (!next || line.length === 1) return 0;
  return next(
    line.map((index) => demands[index] as Demand),
    draft,
    options.weights ?? {},
  );
}

/** Decides one request and takes what it grants from `draft`. */
function decide(draft: Capacity, demand: Demand, options: PlacementOptions): Decision {
  const before = draft.totals().free;
  const attempt = draft.fork();
  const chosen: string[] = [];
  let verdicts: Verdict[] = [];
  let refused = false;
  for (let replica = 0; replica < demand.replicas && !refused; replica++) {
    const seen = judge(attempt, demand);
    const best = highest(seen);
    refused = best === undefined;
    if (replica === 0 || refused) verdicts = seen;
    if (!best) break;
    chosen.push(best.node.name);
    attempt.take({ ...demand, nodes: [best.node.name] });
  }
  const placed = chosen.length;
  if (refused) chosen.length = 0;
  else draft.take({ ...demand, nodes: chosen });
  return {
    id: options.nextId(),
    time: options.time,
    request: {
      tenant: demand.tenant,
      workload: demand.workload,
      replicas: demand.replicas,
      requests: quantitiesOf(demand.amount),
      zone: demand.zone,
      leaseSeconds: demand.leaseSeconds,
    },
    strategy: demand.strategy,
    outcome: refused ? "refused" : "allocated",
    ...summarize(verdicts, demand),
    chosen,
    capacity: { before: quantitiesOf(before), after: quantitiesOf(draft.totals().free) },
    reasons: refused ? whyRefused(demand, placed, verdicts) : whyChosen(demand, chosen, verdicts),
  };
}

function judge(capacity: Capacity, demand: Demand): Verdict[] {
  const score = STRATEGIES[demand.strategy].scorer(demand, capacity);
  const verdicts: Verdict[] = [];
  for (const node of capacity.nodes) {
    const free = capacity.freeOn(node);
    const fault = faultOf(node, free, demand);
    verdicts.push(fault ? { node, free, fault } : { node, free, score: score(node) });
  }
  return verdicts;
}

function faultOf(node: NodeSupply, free: Amount, { zone, amount }: Demand): NodeFault | undefined {
  if (!node.ready) return "not-ready";
  if (zone !== null && node.zone !== zone) return "other-zone";
  // What is not asked for cannot be missing, not even where what runs has outgrown the node.
  const cpu = amount.cpuMilli > 0 && amount.cpuMilli > free.cpuMilli;
  const memory = amount.memoryBytes > 0 && amount.memoryBytes > free.memoryBytes;
  if (cpu && memory) return "cpu-and-memory";
  return cpu ? "cpu" : memory ? "memory" : undefined;
}

function highest(verdicts: readonly Verdict[]): Verdict | undefined {
  let best: Verdict | undefined;
  for (const verdict of verdicts) {
    if (verdict.score !== undefined && (best?.score === undefined || verdict.score > best.score)) best = verdict;
  }
  return best;
}

function whyChosen(demand: Demand, chosen: readonly string[], verdicts: readonly Verdict[]): string[] {
  const fitting = verdicts.filter((verdict) => verdict.score !== undefined).length;
  const used = new Set(chosen).size;
  return [
    `${fitting} of ${verdicts.length} nodes fit`,
    demand.replicas === 1
      ? `${demand.strategy} scores ${chosen[0]} highest`
      : `${demand.strategy} puts ${demand.replicas} replicas on ${used} ${used === 1 ? "node" : "nodes"}`,
  ];
}

function whyRefused(demand: Demand, placed: number, verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return ["the cluster has no nodes"];
  return [
    `replica ${placed + 1} of ${demand.replicas} fits on none of ${verdicts.length} nodes`,
    ...(placed > 0 ? [`the other ${placed} would have fitted; replicas are placed all or none`] : []),
  ];
}
