import type { ResourceQuantities } from "../../exports";
import type { ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { EventData } from "../../kernel/events/catalogue";

type Advice = EventData<"mno.scalability.nodes.advised">;

/** How long something has to be so before it is advised: a pending replica costs requests, a node too many only money. */
export const HOLD_MILLISECONDS = { add: 60_000, remove: 600_000, none: 120_000 } as const;

/** What is kept from look to look; plain JSON. Times are milliseconds since the epoch. */
export interface AdviceState {
  /** What was advised last. */
  advised: string;
  /** What the looks since then would advise instead, and since when all of them would. */
  pending?: { key: string; since: number };
}

export const NOTHING_ADVISED: AdviceState = { advised: "none" };

/** What to advise now, with hysteresis: undefined as long as it is what was advised, or has not been so for long enough. */
export function advise(
  state: AdviceState,
  nodes: readonly ClusterNode[],
  workloads: readonly WorkloadStatus[],
  now: number,
): { state: AdviceState; advice: Advice | undefined } {
  const look = inspect(nodes, workloads);
  const key = look.advice === "none" ? "none" : `${look.advice} ${String(look.nodes)}`;
  if (key === state.advised) return { state: { advised: key }, advice: undefined };
  const since = state.pending?.key === key ? state.pending.since : now;
  if (now - since < HOLD_MILLISECONDS[look.advice]) {
    return { state: { advised: state.advised, pending: { key, since } }, advice: undefined };
  }
  return { state: { advised: key }, advice: look };
}

interface Room extends Amount {
  name: string;
  used: boolean;
}
interface Amount {
  cpu: number;
  memory: number;
}

const amount = ({ cpuCores, memoryBytes }: ResourceQuantities): Amount => ({ cpu: cpuCores, memory: memoryBytes });
const fits = (need: Amount, room: Amount): boolean => need.cpu <= room.cpu + 1e-9 && need.memory <= room.memory;
const take = (room: Amount, need: Amount): void => {
  room.cpu -= need.cpu;
  room.memory -= need.memory;
};

/** What one look says, whatever was advised before. */
export function inspect(nodes: readonly ClusterNode[], workloads: readonly WorkloadStatus[]): Advice {
  const usable = nodes.filter(({ ready }) => ready);
  const free: Room[] = usable.map((node) => ({ name: node.name, used: false, ...amount(node.allocatable) }));
  const loads = new Map<string, Amount[]>(usable.map(({ name }) => [name, []]));
  const unplaced: { workload: string; need: Amount }[] = [];
  for (const { spec, replicas, desiredReplicas, phase } of workloads) {
    if (phase === "suspended" || phase === "succeeded" || phase === "failed") continue;
    const need = amount(spec.requests);
    const live = replicas.filter((replica) => !["succeeded", "failed", "stopping"].includes(replica.phase));
    for (const { node } of live) {
      const room = free.find(({ name }) => name === node);
      if (room) take(room, need);
      loads.get(node)?.push(need);
    }
    const homeless = live.filter(({ node }) => node === "").length + Math.max(0, desiredReplicas - live.length);
    for (let index = 0; index < homeless; index += 1) unplaced.push({ workload: spec.name, need });
  }
  // What a node has room for is about to be placed.
  const stuck = unplaced.filter(({ need }) => !place(need, free));
  return stuck.length > 0 ? moreNodes(stuck, usable) : fewerNodes(free, loads);
}

/** Puts what is needed where it leaves the least CPU: the emptier nodes stay empty. */
function place(need: Amount, rooms: readonly Room[]): boolean {
  const [best] = rooms.filter((room) => fits(need, room)).sort((a, b) => a.cpu - b.cpu);
  if (!best) return false;
  take(best, need);
  best.used = true;
  return true;
}

function moreNodes(stuck: readonly { workload: string; need: Amount }[], nodes: readonly ClusterNode[]): Advice {
  const [largest] = nodes.map(({ allocatable }) => amount(allocatable)).sort((a, b) => b.cpu - a.cpu);
  const added: Room[] = [];
  let outsize = 0;
  for (const { need } of stuck) {
    if (place(need, added)) continue;
    const room: Room = { name: "", used: false, ...(largest ?? need) };
    if (!fits(need, room)) outsize += 1;
    else {
      take(room, need);
      added.push(room);
    }
  }
  const workloads = [...new Set(stuck.map(({ workload }) => workload))].sort();
  const shortfall = {
    cpuCores: stuck.reduce((sum, { need }) => sum + need.cpu, 0),
    memoryBytes: stuck.reduce((sum, { need }) => sum + need.memory, 0),
  };
  const larger = outsize === 0 ? "" : `; ${String(outsize)} need a larger node than there is`;
  return {
    advice: "add",
    nodes: added.length + (outsize > 0 ? 1 : 0),
    names: [],
    unplacedReplicas: stuck.length,
    workloads,
    shortfall,
    reason: `${String(stuck.length)} replicas of ${workloads.join(", ")} have no node with room for them${larger}`,
  };
}

/** The nodes, emptiest first, whose replicas the others have room for, while one stays. */
function fewerNodes(free: Room[], loads: ReadonlyMap<string, Amount[]>): Advice {
  const weight = ({ name }: Room): number => (loads.get(name) ?? []).reduce((sum, { cpu }) => sum + cpu, 0);
  let rooms = free;
  const names: string[] = [];
  for (const { name } of [...free].sort((a, b) => weight(a) - weight(b) || (a.name < b.name ? -1 : 1))) {
    // Who has just taken in others' replicas is not emptied as well: each replica moves once at most.
    if (rooms.length <= 1 || rooms.find((room) => room.name === name)?.used === true) continue;
    const others = rooms.filter((room) => room.name !== name).map((room) => ({ ...room }));
    if (!(loads.get(name) ?? []).every((need) => place(need, others))) continue;
    names.push(name);
    rooms = others;
  }
  const none = { names, unplacedReplicas: 0, workloads: [], shortfall: { cpuCores: 0, memoryBytes: 0 } };
  if (names.length === 0)
    return { advice: "none", nodes: 0, ...none, reason: "every replica has a node, and every node is needed" };
  const reason = `all replicas fit on the other ${String(rooms.length)} nodes`;
  return { advice: "remove", nodes: names.length, ...none, reason };
}
