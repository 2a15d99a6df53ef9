import { needOf } from "../../runtime/scalability/elastic-resource-manager/futures";
import { NodeState } from "../../runtime/scalability/elastic-resource-manager/node-state";
import { CPU, GPU, WHOLE_GPU } from "../../runtime/scalability/elastic-resource-manager/quantities";
import { ScoreCache } from "../../runtime/scalability/elastic-resource-manager/score-cache";
import type { Scorer, Strategy } from "../../runtime/scalability/elastic-resource-manager/strategies";
import type { PodRequest } from "./traces";

/**
 * The published policies as the simulator of the FGD paper scores them, for the validation rows: in whole numbers from 0 to
 * 100, where the first node by name wins among equals. Formulas after hkust-adsl/kubernetes-scheduler-simulator.
 */

const MOST_CPU_MILLI = 128_000;
const MOST_GPU_MILLI = 8 * WHOLE_GPU;

/** Mean of leftover / largest, over CPU and GPU. Of two nodes whose scores differ by less than 1 the first is taken. */
export function publishedBestFit(): Strategy {
  return {
    name: "published best fit",
    scorer: ({ amount: { cpuMilli, gpuMilli = 0 } }, { table: { free } }) => ({
      score: (node) => {
        const cpu = ((free[CPU]?.[node] ?? 0) - cpuMilli) / MOST_CPU_MILLI;
        const gpu = ((free[GPU]?.[node] ?? 0) - gpuMilli) / MOST_GPU_MILLI;
        return Math.floor((1 - (cpu * 0.5 + gpu * 0.5)) * 100);
      },
    }),
  };
}

interface Typical {
  cpuMilli: number;
  gpuMilli: number;
  share: number;
  models: readonly string[] | undefined;
  popularity: number;
}

/** FGD with what the paper gives it: the mix of the whole trace, future included; of its most frequent requests 95 %. */
export function publishedFgd(trace: readonly PodRequest[]): Strategy {
  const typical = typicalOf(trace);
  // The mix never changes, so what was computed of a node is good until the node changes.
  const cache = new ScoreCache();
  return {
    name: "published FGD",
    scorer: ({ amount }, { table }): Scorer => {
      const { gpuMilli = 0 } = amount;
      const state = new NodeState(table);
      // The paper knows no memory; the engine has looked at it before.
      const need = needOf({ amount });
      const evaluate = (node: number): { score: number; device: number } => {
        const model = table.supplies[node]?.gpuModel;
        state.load(node);
        const before = fragmentation(state, model, typical);
        let best = { score: -1, device: -1 };
        const options = gpuMilli > 0 && gpuMilli < WHOLE_GPU ? state.devices : 1;
        for (let option = 0; option < options; option++) {
          state.load(node);
          if (options > 1 && (state.deviceFree[option] as number) < gpuMilli) continue;
          state.take(need, options > 1 ? option : -1);
          const descent = (before - fragmentation(state, model, typical)) / 1000;
          const score = Math.floor(100 / (1 + Math.exp(-descent)));
          if (score > best.score) best = { score, device: option };
        }
        return best;
      };
      const known = cache.of(JSON.stringify(amount), table);
      const look = (node: number): void => {
        const revision = table.revision[node] as number;
        if (known.has(node, revision)) return;
        const { score, device } = evaluate(node);
        known.set(node, revision, score, device);
      };
      return {
        score: (node) => {
          look(node);
          return known.values[node] as number;
        },
        device: (node) => (table.firstDevice[node] as number) + (known.devices[node] as number),
      };
    },
  };
}

/** Milli-GPUs of the node that the typical requests cannot use, on average. */
function fragmentation(state: NodeState, model: string | undefined, typical: readonly Typical[]): number {
  const free = state.free[GPU] as number;
  if (free === 0) return 0;
  let sum = 0;
  for (const { cpuMilli, gpuMilli, share, models, popularity } of typical) {
    let fitting = 0;
    let tooSmall = 0;
    for (let device = 0; device < state.devices; device++) {
      const left = state.deviceFree[device] as number;
      if (left < share) tooSmall += left;
      else fitting += 1;
    }
    const fits =
      gpuMilli > 0 &&
      fitting >= Math.ceil(gpuMilli / WHOLE_GPU) &&
      cpuMilli <= (state.free[CPU] as number) &&
      (!models || (model !== undefined && models.includes(model)));
    sum += popularity * (fits ? tooSmall : free);
  }
  return sum;
}

function typicalOf(trace: readonly PodRequest[]): Typical[] {
  const counts = new Map<string, Typical>();
  for (const { amount, gpuModels } of trace) {
    const { cpuMilli, gpuMilli = 0 } = amount;
    const key = JSON.stringify([cpuMilli, gpuMilli, gpuModels]);
    const known = counts.get(key) ?? {
      cpuMilli,
      gpuMilli,
      share: Math.min(gpuMilli, WHOLE_GPU),
      models: gpuModels,
      popularity: 0,
    };
    known.popularity += 1;
    counts.set(key, known);
  }
  const kept: Typical[] = [];
  let covered = 0;
  for (const each of [...counts.values()].sort((a, b) => b.popularity - a.popularity)) {
    if (covered >= 0.95 * trace.length) break;
    kept.push(each);
    covered += each.popularity;
  }
  return kept.map((each) => ({ ...each, popularity: each.popularity / covered }));
}
