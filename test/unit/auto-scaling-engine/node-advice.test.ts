import assert from "node:assert/strict";
import type { ClusterNode, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import {
  advise,
  HOLD_MILLISECONDS,
  inspect,
  NOTHING_ADVISED,
} from "../../../runtime/scalability/auto-scaling-engine/node-advice";
import { NOW, replica } from "./support";

const GIB = 1024 ** 3;
const node = (name: string, cpuCores = 4, memoryBytes = 8 * GIB): ClusterNode => ({
  name,
  ready: true,
  zone: "a",
  labels: {},
  capacity: { cpuCores, memoryBytes },
  allocatable: { cpuCores, memoryBytes },
});
const workload = (
  name: string,
  cpuCores: number,
  nodes: readonly string[],
  desired = nodes.length,
): WorkloadStatus => ({
  spec: { name, kind: "service", command: ["node"], requests: { cpuCores, memoryBytes: GIB }, replicas: desired },
  generation: 1,
  phase: "ready",
  desiredReplicas: desired,
  readyReplicas: nodes.length,
  replicas: nodes.map((at, index) => replica(`${name}-${String(index)}`, { node: at })),
  endpoints: {},
});
const NODES = [node("n1"), node("n2"), node("n3")];

describe("auto-scaling engine: advice on nodes", () => {
  it("asks for as many nodes as the replicas without room need, and names the shortfall", () => {
    const full = workload("full", 3.5, ["n1", "n2", "n3"]);
    const advice = inspect(NODES, [full, workload("web", 1.5, ["", "", ""], 4)]);
    assert.deepEqual(advice, {
      advice: "add",
      nodes: 2,
      names: [],
      unplacedReplicas: 4,
      workloads: ["web"],
      shortfall: { cpuCores: 6, memoryBytes: 4 * GIB },
      reason: "4 replicas of web have no node with room for them",
    });
  });

  it("does not count replicas that a node has room for", () => {
    assert.equal(inspect([node("n1")], [workload("web", 1, ["n1", ""], 3)]).advice, "none");
  });

  it("says when a replica is larger than any node", () => {
    const { nodes, reason } = inspect([node("n1")], [workload("big", 9, [""])]);
    assert.equal(nodes, 1);
    assert.match(reason, /1 need a larger node than there is/);
  });

  it("names the nodes whose replicas the others have room for, and leaves one", () => {
    const advice = inspect(NODES, [workload("web", 1, ["n1", "n2", "n2"])]);
    assert.deepEqual([advice.advice, advice.nodes, advice.names], ["remove", 2, ["n3", "n1"]]);
    assert.deepEqual(inspect([node("n1")], []).advice, "none");
  });

  it("neither counts nodes that are not ready nor workloads that are suspended", () => {
    const broken = { ...node("n2"), ready: false };
    assert.equal(inspect([node("n1"), broken], [workload("web", 3, ["n1", ""])]).advice, "add");
    assert.equal(inspect([node("n1")], [{ ...workload("web", 9, [], 3), phase: "suspended" }]).advice, "none");
  });

  it("waits until it has been so for long enough, says it once, and says when it is over", () => {
    const pending = [workload("web", 9, [""])];
    const few = [node("n1")];
    let { state, advice } = advise(NOTHING_ADVISED, few, pending, NOW);
    assert.equal(advice, undefined);
    ({ state, advice } = advise(state, few, pending, NOW + HOLD_MILLISECONDS.add - 1));
    assert.equal(advice, undefined);
    ({ state, advice } = advise(state, few, pending, NOW + HOLD_MILLISECONDS.add));
    assert.equal(advice?.advice, "add");
    ({ state, advice } = advise(state, few, pending, NOW + 2 * HOLD_MILLISECONDS.add));
    assert.equal(advice, undefined);
    ({ state, advice } = advise(state, few, [], NOW + 200_000));
    assert.equal(advice, undefined);
    ({ state, advice } = advise(state, few, [], NOW + 200_000 + HOLD_MILLISECONDS.none));
    assert.equal(advice?.advice, "none");
  });

  it("forgets what did not last", () => {
    const pending = [workload("web", 9, [""])];
    let { state } = advise(NOTHING_ADVISED, [node("n1")], pending, NOW);
    ({ state } = advise(state, [node("n1")], [], NOW + 30_000));
    const again = advise(state, [node("n1")], pending, NOW + HOLD_MILLISECONDS.add);
    assert.equal(again.advice, undefined);
  });
});
