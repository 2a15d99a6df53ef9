import type { Capacity } from "../capacity";
import type { Demand } from "../demand";
import { needOf } from "../futures";
import { NodeState } from "../node-state";
import { CPU, GPU, WHOLE_GPU } from "../quantities";
import type { RequestMix } from "../request-mix";
import { fragmentation, lookahead, type WasteFactory } from "../waste";
import { bestFit } from "./best-fit";
import type { Scorer, Strategy } from "./strategy";

/** Of the waste that a placement saves, in nodes' worth, a whole node's best fit is worth this much: it decides near ties. */
const BEST_FIT_WEIGHT = 0.02;

/** Fragmentation gradient descent (FGD): where the request raises the fragmentation least. The mix is learnt. */
export const fragmentationGradient: Strategy = descent("fragmentation-gradient", fragmentation);

/** Where it does least harm to the requests that the learnt mix suggests for the future, the next one and those after it. */
export const fragmentationAware: Strategy = descent("fragmentation-aware", lookahead);

/**
 * The steepest descent of a measure of waste: (before - after), and a little best fit. A share goes to the device where that
 * is steepest too. By best fit while nothing has been learnt.
 */
function descent(name: string, wasteOf: WasteFactory): Strategy {
  return {
    name,
    scorer: (demand, capacity, mix) =>
      steepest(name, wasteOf, demand, capacity, mix) ?? bestFit.scorer(demand, capacity, mix),
  };
}

function steepest(
  name: string,
  wasteOf: WasteFactory,
  demand: Demand,
  { table }: Capacity,
  mix: RequestMix,
): Scorer | undefined {
  const futures = mix.futures();
  const waste = wasteOf(futures, table);
  if (!waste) return undefined;
  const need = needOf(demand);
  const cache = futures.cache(name, table);
  const before = cache.of("before", table);
  const after = cache.of(JSON.stringify(demand.amount), table);
  const [state, trial] = [new NodeState(table), new NodeState(table)];

  const evaluate = (node: number, revision: number): void => {
    state.load(node);
    if (!before.has(node, revision)) before.set(node, revision, waste(state), -1);
    let least = Infinity;
    let device = -1;
    const options = need.gpuMilli > 0 && need.share < WHOLE_GPU ? state.devices : 1;
    for (let option = 0; option < options; option++) {
      if (options > 1 && !isNew(state, need.share, option)) continue;
      trial.copy(state);
      trial.take(need, options > 1 ? option : -1);
      const then = waste(trial);
      if (then < least) [least, device] = [then, option];
    }
    const gain = (before.values[node] as number) - least;
    after.set(node, revision, gain + BEST_FIT_WEIGHT * fullness(trial, table.largest), device);
  };
  const known = (node: number): void => {
    const revision = table.revision[node] as number;
    if (!after.has(node, revision)) evaluate(node, revision);
  };
  return {
    score: (node) => {
      known(node);
      return after.values[node] as number;
    },
    device: (node) => {
      known(node);
      return (table.firstDevice[node] as number) + (after.devices[node] as number);
    },
  };
}

/** Whether the device has the share left, and no earlier one has as much left: equal ones need one look. */
function isNew({ deviceFree }: NodeState, share: number, device: number): boolean {
  const left = deviceFree[device] as number;
  if (left < share) return false;
  for (let each = 0; each < device; each++) if (deviceFree[each] === left) return false;
  return true;
}

/** 1 for a node with nothing left, 0 for the largest one when it is empty: mean over CPU and GPUs. */
function fullness({ free }: NodeState, largest: Float64Array): number {
  const [cpu, gpu] = [largest[CPU] as number, largest[GPU] as number];
  const part = (left: number, most: number): number => (most > 0 ? left / most : 0);
  return 1 - (part(free[CPU] as number, cpu) + part(free[GPU] as number, gpu)) / 2;
}
