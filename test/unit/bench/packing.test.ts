import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedBestFit, publishedFgd } from "../../../bench/packing/published";
import { replay } from "../../../bench/packing/replay";
import { findTraces, readNodes, readPods, readPublished } from "../../../bench/packing/traces";
import { workload } from "../../../bench/packing/workload";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { RequestMix } from "../../../runtime/scalability/elastic-resource-manager/request-mix";
import type { Strategy } from "../../../runtime/scalability/elastic-resource-manager/strategies";
import { demand } from "../../support/erm-fixtures";

const NODES = `sn,cpu_milli,memory_mib,gpu,model
n0,32000,1024,0,
n1,64000,2048,8,G2
n2,16000,1024,2,P100
`;
const PODS = `name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec
p0,4000,16,1,500,
p1,8000,16,1,1000,G2|P100
p2,2000,16,0,0,
p3,16000,16,4,1000,
`;
const PUBLISHED = `workload,sc_policy,tune,seed,total_gpus,0,130
openb_pod_list_default,05-BestFit,1.3,42,6212,0.2,93.0
openb_pod_list_default,05-BestFit,1.3,43,6212,0.2,94.0
`;

describe("the packing experiment", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-packing-"));
    writeFileSync(join(folder, "node_list_gpu.csv"), NODES);
    writeFileSync(join(folder, "pod_list_small.csv"), PODS);
    writeFileSync(join(folder, "expected_allocation.csv"), PUBLISHED);
  });

  after(() => rmSync(folder, { recursive: true }));

  it("finds the files of a folder by their names, and says what is missing", () => {
    const found = findTraces(folder);
    assert.deepEqual([...found.pods.keys()], ["small"]);
    assert.equal(found.allNodes, found.nodes);
    assert.throws(() => findTraces(join(folder, "nothing")), /no traces in .*nothing: it takes \*node_list\*\.csv/);
  });

  it("reads nodes, pods and published figures", () => {
    const { nodes, pods, published } = findTraces(folder);
    assert.deepEqual(readNodes(nodes)[1], {
      name: "n1",
      zone: "z",
      ready: true,
      allocatable: { cpuMilli: 64_000, memoryBytes: 2 ** 31, gpuMilli: 8000 },
      gpuModel: "G2",
    });
    assert.equal(readNodes(nodes)[0]?.gpuModel, undefined);
    const memoryBytes = 2 ** 24;
    assert.deepEqual(readPods(pods.get("small") ?? ""), [
      { amount: { cpuMilli: 4000, memoryBytes, gpuMilli: 500 } },
      { amount: { cpuMilli: 8000, memoryBytes, gpuMilli: 1000 }, gpuModels: ["G2", "P100"] },
      { amount: { cpuMilli: 2000, memoryBytes } },
      { amount: { cpuMilli: 16_000, memoryBytes, gpuMilli: 4000 } },
    ]);
    assert.equal(
      readPublished(published ?? "")
        .get("default")
        ?.get("BestFit"),
      93.5,
    );
  });

  it("inflates or prunes the trace to 130 % of the GPUs, the same way for the same seed", () => {
    const { nodes, pods } = findTraces(folder);
    const [supply, trace] = [readNodes(nodes), readPods(pods.get("small") ?? "")];
    const asked = (work: readonly (typeof trace)[number][]) =>
      work.reduce((sum, { amount }) => sum + (amount.gpuMilli ?? 0), 0);
    const inflated = workload(trace, supply, 7);
    assert.ok(asked(inflated) <= 13_000 && asked(inflated) > 13_000 - 4000, String(asked(inflated)));
    assert.deepEqual(workload(trace, supply, 7), inflated);
    assert.notDeepEqual(workload(trace, supply, 8), inflated);
    const pruned = workload(Array<typeof trace>(10).fill(trace).flat(), supply, 7);
    assert.ok(asked(pruned) <= 13_000 && pruned.length < 40);
  });

  it("replays through the engine: what fits is placed, what does not is counted and skipped", () => {
    const { nodes, pods } = findTraces(folder);
    const [supply, trace] = [readNodes(nodes), readPods(pods.get("small") ?? "")];
    const four = Array<(typeof trace)[number]>(4).fill(trace[3] as (typeof trace)[number]);
    for (const strategy of ["best-fit", "fragmentation-aware"] as const) {
      const result = replay(supply, [...four, ...trace.slice(0, 3)], strategy);
      assert.equal(result.failed, 2);
      assert.equal(result.gpuPercent, 95, "8 of the large, and 1.5 of 2");
      assert.equal(result.cpuPercent, (100 * (32 + 4 + 8 + 2)) / 112);
    }
  });

  it("scores as the published simulator does, in whole numbers", () => {
    const { nodes, pods } = findTraces(folder);
    const [supply, trace] = [readNodes(nodes), readPods(pods.get("small") ?? "")];
    const capacity = Capacity.of(supply);
    const asked = { ...demand("t", 0, 0), ...(trace[0] as (typeof trace)[number]) };
    const score = (strategy: Strategy) => strategy.scorer(asked, capacity, new RequestMix()).score(1);
    // Leftover 60 of 128 cores and 7.5 of 8 GPUs, half each.
    assert.equal(score(publishedBestFit()), 29);
    // A quarter of the requests asks for no GPU: all 8 are lost to it before, 7.5 after; to two more quarters, which ask for
    // whole ones, the half that is left. A rise of (7500 + 500 + 500) / 4 - 8000 / 4 = 125; 100 / (1 + e^0.125) = 46.9.
    assert.equal(score(publishedFgd(trace)), 46);
  });
});
