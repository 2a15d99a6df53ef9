import type { Allocation } from "./allocation";
import type { Capacity } from "./capacity";
import type { Demand } from "./demand";
import { unitsOf } from "./gangs";
import { amountOf, entriesOf, plus } from "./quantities";

/**
 * Allocations that are tried alone, the least harmful first; and for a request of one replica the nodes that are looked at
 * one by one, those with the fewest candidates first.
 */
const MOST_TRIED = 64;
/** Bounds the time of a decision: how often the demand is placed on trial, and how many replicas all trials place. */
const TRIALS = { least: 32, most: 512, replicas: 16_384 } as const;
/** Of them, for what is tried last. */
const RESERVED = 16;

/** How often the demand may still be tried. */
interface Trials {
  left: number;
  fits: () => boolean;
}

/**
 * Allocations to take back so that the demand fits: of lower priority, marked preemptible, whole gangs only; none where it
 * would not fit even so. Least harm is the fewest allocations, then the lowest priority, then the youngest. Exact where one
 * allocation of the first that may help is enough; else the better of one gang and of sets of which none can be spared (the
 * reprieve of kube-scheduler's preemption, in halves): one set for each node where one replica is asked for, else one of all.
 * Where the trials run out, what was not tried by then is not spared.
 *
 * `draft` is used to try things out and left as it was; `fits` says whether the demand fits it, and leaves it as it was.
 * `replicas` are those of the gang, whose members share the trials.
 */
export function chooseVictims(
  draft: Capacity,
  demand: Demand,
  held: Iterable<Allocation>,
  fits: () => boolean,
  replicas = demand.replicas,
): readonly Allocation[] {
  const priority = demand.priority ?? 0;
  const units = unitsOf(held)
    .filter((unit) => unit.every((each) => each.preemptible === true && (each.priority ?? 0) < priority))
    .sort(byHarm);
  const perNode = demand.replicas === 1 ? unitsByNode(units) : [];
  const promising = perNode.filter(([node, those]) => mayFit(draft, demand, node, those));
  // With rules, what is taken back may open other nodes than its own.
  const alone = demand.rules ? units : units.filter((unit) => helpsAlone(draft, demand, unit));
  const most = Math.max(TRIALS.least, Math.min(TRIALS.most, Math.floor(TRIALS.replicas / replicas)));
  const trials = trialsOf(fits, most - RESERVED);
  let best = alone.slice(0, Math.min(MOST_TRIED, most / 4)).find((unit) => without(draft, unit, trials));
  if (best?.length === 1) return best;
  const sets = demand.replicas === 1 ? promising.slice(0, MOST_TRIED).map(([, those]) => those) : [units];
  for (const set of sets) {
    const victims = trials.left > 0 ? minimal(draft, set, trials) : undefined;
    if (victims && (!best || byHarm(victims, best) < 0)) best = victims;
  }
  return best ?? minimal(draft, units, trialsOf(fits, RESERVED)) ?? [];
}

function trialsOf(fits: () => boolean, left: number): Trials {
  const trials = {
    left,
    fits: () => {
      trials.left -= 1;
      return fits();
    },
  };
  return trials;
}

/** Negative where taking `a` back does less harm. */
function byHarm(a: readonly Allocation[], b: readonly Allocation[]): number {
  const highest = (unit: readonly Allocation[]) => Math.max(...unit.map(({ priority = 0 }) => priority));
  const oldest = (unit: readonly Allocation[]) => Math.min(...unit.map(({ createdAt }) => createdAt));
  return a.length - b.length || highest(a) - highest(b) || oldest(b) - oldest(a);
}

/** The units without those that can stay, the most harmful to lose first; undefined where all of them are not enough. */
function minimal(draft: Capacity, units: readonly (readonly Allocation[])[], trials: Trials): Allocation[] | undefined {
  for (const each of units.flat()) draft.give(each);
  const victims = trials.fits() ? spare(leastHarmful(units, draft, trials).toReversed(), draft, trials) : undefined;
  // What is spared is back already.
  for (const each of victims ?? units.flat()) draft.take(each);
  return victims;
}

/**
 * The first units, as few as are enough, which takes few trials: what is not spared for want of trials is among them. All are
 * given when it begins, and those it answers with when it ends.
 */
function leastHarmful(
  units: readonly (readonly Allocation[])[],
  draft: Capacity,
  trials: Trials,
): readonly (readonly Allocation[])[] {
  let [lacking, enough] = [0, units.length];
  while (enough - lacking > 1 && trials.left > 0) {
    const middle = Math.floor((lacking + enough) / 2);
    const rest = units.slice(middle, enough).flat();
    for (const each of rest) draft.take(each);
    if (trials.fits()) enough = middle;
    else {
      for (const each of rest) draft.give(each);
      lacking = middle;
    }
  }
  return units.slice(0, enough);
}

/** Takes back into `draft` all it can, and answers with the rest. The demand fits when it begins and when it ends. */
function spare(units: readonly (readonly Allocation[])[], draft: Capacity, trials: Trials): Allocation[] {
  if (units.length === 0) return [];
  const all = units.flat();
  if (trials.left <= 0) return all;
  for (const each of all) draft.take(each);
  if (trials.fits()) return [];
  for (const each of all) draft.give(each);
  if (units.length === 1) return all;
  const middle = Math.ceil(units.length / 2);
  return [...spare(units.slice(0, middle), draft, trials), ...spare(units.slice(middle), draft, trials)];
}

function without(draft: Capacity, unit: readonly Allocation[], trials: Trials): boolean {
  for (const each of unit) draft.give(each);
  const does = trials.fits();
  for (const each of unit) draft.take(each);
  return does;
}

function unitsByNode(units: readonly (readonly Allocation[])[]): [node: string, units: (readonly Allocation[])[]][] {
  const byNode = new Map<string, (readonly Allocation[])[]>();
  for (const unit of units) {
    for (const node of new Set(unit.flatMap(({ nodes }) => nodes))) {
      const those = byNode.get(node);
      if (those) those.push(unit);
      else byNode.set(node, [unit]);
    }
  }
  return [...byNode].sort(([, a], [, b]) => a.length - b.length);
}

function helpsAlone(draft: Capacity, demand: Demand, unit: readonly Allocation[]): boolean {
  return [...new Set(unit.flatMap(({ nodes }) => nodes))].some((node) => mayFit(draft, demand, node, [unit]));
}

/** By sums alone, which costs little: what is free on the node and what the units hold there is enough for a replica. */
function mayFit(
  { table }: Capacity,
  { amount }: Demand,
  node: string,
  units: readonly (readonly Allocation[])[],
): boolean {
  const index = table.indexOf(node);
  if (index === undefined) return false;
  const most = units.flat().reduce(
    (sum, each) => {
      return plus(sum, each.amount, each.nodes.filter((name) => name === node).length);
    },
    amountOf(table.resources, (resource) => table.free[resource]?.[index] ?? 0),
  );
  const available = new Map(entriesOf(most));
  return entriesOf(amount).every(([resource, needed]) => needed === 0 || needed <= (available.get(resource) ?? 0));
}
