import type { Allocation } from "./allocation";
import type { Capacity } from "./capacity";
import type { Decision } from "./decision";
import type { Demand, StrategyName } from "./demand";
import type { Quota } from "./quotas";
import type { RequestMix } from "./request-mix";
import { Round } from "./round";
import { STRATEGIES, type Strategy } from "./strategies";

export interface PlacementOptions {
  /** RFC 3339, UTC: the decisions' time. */
  time: string;
  /** The id of the decision on the next request served. */
  nextId: () => string;
  /** Tenants' weights in dominant resource fairness; 1 where absent. */
  weights?: Readonly<Record<string, number>>;
  /** What has been asked for so far; strategies that look ahead know nothing where absent. It is only read. */
  mix?: RequestMix;
  /** Used in place of the strategies of the same names. */
  strategies?: Partial<Record<StrategyName, Strategy>>;
  /** The most that a tenant may hold; undefined is no limit. */
  quotas?: (tenant: string) => Quota | undefined;
  /** Active allocations by id: what may be preempted is among them. */
  held?: ReadonlyMap<string, Allocation>;
}

/** Decides one batch of single requests: see placeGangs. */
export function place(state: Capacity, demands: readonly Demand[], options: PlacementOptions): Decision[] {
  const decisions = placeGangs(
    state,
    demands.map((demand) => [demand]),
    options,
  );
  return decisions.map(([decision]) => decision as Decision);
}

/**
 * Decides one batch. Pure: `state` is left as it was, and the answer, in the order of the requests, says what to take and
 * what to give back. Members of a gang, one or more, are granted all or none: one decision each, or one refusal.
 *
 * Higher priorities are served first; a gang has the lowest priority of its members. Within a priority, requests are
 * served in order of arrival, except that a place in the line held by a request of a strategy with an order of its own
 * (dominant resource fairness) goes to whichever of its requests of that priority the strategy serves next. So neither kind
 * overtakes the other as a whole. A gang's strategy and tenant are, for that, those of its first member.
 */
export function placeGangs(
  state: Capacity,
  gangs: readonly (readonly Demand[])[],
  options: PlacementOptions,
): Decision[][] {
  const round = new Round(state.fork(), options);
  const decisions = new Array<Decision[]>(gangs.length);
  for (const line of byPriority(gangs)) {
    const waiting = new Map<StrategyName, number[]>();
    for (const index of line) {
      const { strategy } = firstOf(gangs[index]);
      const those = waiting.get(strategy);
      if (those) those.push(index);
      else waiting.set(strategy, [index]);
    }
    for (const place of line) {
      const { strategy } = firstOf(gangs[place]);
      const those = waiting.get(strategy) as number[];
      const [index] = those.splice(turn(strategy, those, gangs, round.capacity, options), 1) as [number];
      decisions[index] = round.decideGang(gangs[index] as readonly Demand[]);
    }
  }
  return decisions;
}

/** Indices of the gangs by priority, the highest first; in order of arrival within each. */
function byPriority(gangs: readonly (readonly Demand[])[]): number[][] {
  const lines = new Map<number, number[]>();
  gangs.forEach((members, index) => {
    const priority = Math.min(...members.map((member) => member.priority ?? 0));
    const line = lines.get(priority);
    if (line) line.push(index);
    else lines.set(priority, [index]);
  });
  return [...lines].sort(([a], [b]) => b - a).map(([, line]) => line);
}

/** Which of the waiting requests of one strategy is served next. */
function turn(
  strategy: StrategyName,
  line: readonly number[],
  gangs: readonly (readonly Demand[])[],
  draft: Capacity,
  { weights = {}, strategies }: PlacementOptions,
): number {
  const { next } = strategies?.[strategy] ?? STRATEGIES[strategy];
  if (!next || line.length === 1) return 0;
  return next(
    line.map((index) => firstOf(gangs[index])),
    draft,
    weights,
  );
}

function firstOf(members: readonly Demand[] | undefined): Demand {
  return members?.[0] as Demand;
}
