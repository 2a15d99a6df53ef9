import { best } from "./candidates";
import { sortedBy } from "./effort";
import { improve } from "./improve";
import { type Place, placeOf } from "./outlook";
import { hold, isLate, type Placed, soonestOf } from "./placed";
import { planOf, unplaced } from "./report";
import { type Task, taskOf } from "./task";
import type { Job, Plan, PlanningContext } from "./types";

/** A job before it has a place. */
type Asked = Pick<Placed, "task" | "places">;

/**
 * A plan for every job, in the order given. First each job gets the soonest room there is (those without slack first, then by
 * the last safe start), so that no deadline depends on what is saved. Then jobs with slack move to where all together emit
 * least: each to where it is best for itself where there are cores enough, else by prices for the cores and a search (see
 * `improve`). So no deadline is missed that this order can keep, no step holds more than its cores, a job without slack
 * stays, and all together are expected to emit no more than at their soonest starts; a single job too where it asks for that
 * (`neverAboveSoonest`) or cores are not scarce. Pure: the context is not changed.
 *
 * Throws RangeError for series that do not fit the grid and jobs that make no sense.
 */
export function planAll(jobs: readonly Job[], context: PlanningContext): Plan[] {
  const { grid, now } = context;
  const known = new Map(context.regions.map((outlook) => [outlook.region, placeOf(outlook, grid)]));
  const listOf = listsOf(known);
  const limited = [...known.values()].filter(({ room }) => room.limited);
  const all = jobs.map((job): Asked => {
    return { task: taskOf(job, now), places: listOf(job.runningIn === undefined ? job.regions : [job.runningIn]) };
  });
  if (limited.length === 0) return all.map(planAlone);
  const placed = placeSoonest(all);
  const movers = placed
    .filter((one) => one !== undefined)
    .filter(({ task, late }) => task.latest > task.soonest || late);
  improve(movers, limited);
  return all.map(({ task, places }, i) => {
    const one = placed[i];
    return one ? planOf(one) : unplaced(task, places.length > 0);
  });
}

/** The places of regions that are known, the same list for the same regions. */
function listsOf(known: ReadonlyMap<string, Place>): (regions: readonly string[]) => readonly Place[] {
  const lists = new Map<string, readonly Place[]>();
  return (regions) => {
    const key = regions.join("\n");
    const made = lists.get(key);
    if (made) return made;
    const list = regions.flatMap((region) => known.get(region) ?? []);
    lists.set(key, list);
    return list;
  };
}

/** There is room for all: it runs where it is best for itself. */
function planAlone({ task, places }: Asked): Plan {
  const baseline = soonestOf(task, places);
  if (!baseline) return unplaced(task, places.length > 0);
  const late = isLate(task, baseline);
  const found = task.latest > task.soonest ? best(task, places) : undefined;
  const chosen = found && found.cost < baseline.cost * (1 - 1e-9) ? found : baseline;
  return planOf({ task, places, baseline, chosen, late, wanted: null, idealCost: 0 });
}

/** Each in the soonest room there is; undefined where the grid has none. */
function placeSoonest(all: readonly Asked[]): (Placed | undefined)[] {
  const placed = new Array<Placed | undefined>(all.length);
  const settle = (i: number, mayBeLate: boolean): boolean => {
    const { task, places } = all[i]!;
    const baseline = soonestOf(task, places);
    const late = baseline !== undefined && isLate(task, baseline);
    if (!baseline || (late && !mayBeLate)) return false;
    hold(task, baseline, 1);
    placed[i] = { task, places, baseline, chosen: baseline, late, wanted: null, idealCost: 0 };
    return true;
  };
  const indices = all.map((_, i) => i);
  const order = sortedBy(indices, (i) => urgency(all[i]!.task));
  // Who is late anyway takes no place from those who need not be.
  const rest = order.filter((i) => !settle(i, false));
  for (const i of rest) settle(i, true);
  return placed;
}

/** Those without slack first. */
function urgency({ latest, soonest }: Task): number {
  return latest > soonest ? latest : latest - Number.MAX_SAFE_INTEGER;
}
