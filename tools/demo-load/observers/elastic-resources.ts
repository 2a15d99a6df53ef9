import type { Static } from "@sinclair/typebox";
import type {
  CapacityAnswer,
  DecisionAnswer,
  DecisionList,
} from "../../../runtime/scalability/elastic-resource-manager/schemas";
import { type Newest, type Observer, OBSERVED } from "./observer";

interface Gauge {
  name: string;
  used: number;
  total: number;
}

export interface ElasticResources {
  nodes: number;
  /** CPU in cores, memory in GiB, and GPUs where there are any. */
  gauges: readonly Gauge[];
}

const PREFIX = "/elastic-resource-manager/v1";
const GIB = 1024 ** 3;

/** What the nodes have, and how much of it is taken. */
export const elasticResources: Observer<ElasticResources> = {
  engine: "elastic-resource-manager",
  async look(api) {
    const [capacity, decisions] = await Promise.all([
      api.get(`${PREFIX}/capacity`),
      api.get(`${PREFIX}/decisions?limit=${String(OBSERVED)}`),
    ]);
    const { items } = decisions as Static<typeof DecisionList>;
    const newest = items[0];
    return {
      state: stateFrom(capacity as Static<typeof CapacityAnswer>),
      ...(newest && { newest: newestFrom(newest) }),
      decided: items.map(({ id, time, outcome }) => ({ id, at: time, kind: outcome })),
    };
  },
};

function stateFrom({ nodes, total: { allocatable, free } }: Static<typeof CapacityAnswer>): ElasticResources {
  const gauge = (name: string, all: number, left: number): Gauge => ({
    name,
    used: Math.max(0, all - left),
    total: all,
  });
  const gpus = allocatable.gpus ?? 0;
  return {
    nodes: nodes.length,
    gauges: [
      gauge("cpu", allocatable.cpuCores, free.cpuCores),
      gauge("memory", allocatable.memoryBytes / GIB, free.memoryBytes / GIB),
      ...(gpus > 0 ? [gauge("gpu", gpus, free.gpus ?? 0)] : []),
    ],
  };
}

function newestFrom({ time, outcome, request, chosen, reasons }: Static<typeof DecisionAnswer>): Newest {
  const what = `${String(request.replicas)} × ${String(request.requests.cpuCores)} cores for ${request.tenant}`;
  const where = chosen.length > 0 ? ` on ${[...new Set(chosen)].join(", ")}` : "";
  return { at: time, text: `${outcome} ${what}${where}: ${reasons.join("; ")}` };
}
