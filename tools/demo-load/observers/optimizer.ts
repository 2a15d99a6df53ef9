import type { Advice } from "../../../runtime/scalability/performance-optimizer/advice/schemas";
import type { Bottleneck } from "../../../runtime/scalability/performance-optimizer/bottlenecks/schemas";
import { type Newest, type Observer, OBSERVED } from "./observer";

export interface Optimizer {
  /** The worst, where there is any. */
  bottleneck?: Pick<Bottleneck, "resource" | "score" | "evidence">;
}

const PREFIX = "/performance-optimizer/v1";
const MIB = 1024 ** 2;

/** What ought to be changed, and what holds things up at the moment. */
export const optimizer: Observer<Optimizer> = {
  engine: "performance-optimizer",
  async look(api) {
    const [advice, bottlenecks] = await Promise.all([
      api.get(`${PREFIX}/advice?limit=${String(OBSERVED)}`),
      api.get(`${PREFIX}/bottlenecks`),
    ]);
    const { items } = advice as { items: Advice[] };
    const worst = (bottlenecks as { items: Bottleneck[] }).items[0];
    const newest = items.find(({ state }) => state === "open") ?? items[0];
    return {
      state: worst ? { bottleneck: { resource: worst.resource, score: worst.score, evidence: worst.evidence } } : {},
      ...(newest && { newest: newestFrom(newest) }),
      decided: items.map(({ id, time, kind }) => ({ id, at: time, kind: `${kind} advice` })),
    };
  },
};

function newestFrom({ time, workload, from, to, confidence, state }: Advice): Newest {
  const show = ({ cpuCores, memoryBytes }: Advice["from"]): string =>
    `${String(Number(cpuCores.toPrecision(2)))} cores ${(memoryBytes / MIB).toFixed(0)} MiB`;
  const sure = `${(confidence * 100).toFixed(0)} % sure`;
  return { at: time, text: `${workload}: ${show(from)} → ${show(to)}, ${sure}${state === "open" ? "" : `, ${state}`}` };
}
