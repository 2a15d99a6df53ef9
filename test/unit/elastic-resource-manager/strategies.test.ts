import assert from "node:assert/strict";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand, StrategyName } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import { RequestMix } from "../../../runtime/scalability/elastic-resource-manager/request-mix";
import { claim, demand, node, numbered } from "../../support/erm-fixtures";

const gpuNode = (name: string, cpuMilli: number, gpus: number) =>
  node(name, 0, 0, { allocatable: { cpuMilli, memoryBytes: 1000, ...(gpus > 0 && { gpuMilli: gpus * 1000 }) } });

const asking = (cpuMilli: number, gpuMilli: number, strategy: StrategyName = "best-fit"): Demand =>
  demand("red", 0, 0, { amount: { cpuMilli, memoryBytes: 1, ...(gpuMilli > 0 && { gpuMilli }) }, strategy });

function learnt(...demands: Demand[]): RequestMix {
  const mix = new RequestMix();
  for (const each of demands) mix.observe(each);
  return mix;
}

const decide = (capacity: Capacity, asked: Demand, mix = new RequestMix()) =>
  place(capacity, [asked], { ...numbered(), mix })[0];

describe("kube-scheduler's scores", () => {
  const capacity = Capacity.of([node("a", 4000, 10_000), node("b", 8000, 20_000)]);
  capacity.take(claim("x", null, 1000, 3000, ["a"]));

  it("least-allocated is the mean of what would be free, in whole hundredths", () => {
    // a: CPU (4000 - 2500) * 100 / 4000 = 37, memory (10000 - 4001) * 100 / 10000 = 59; b: 81 and 94.
    const decision = decide(capacity, demand("red", 1500, 1001, { strategy: "least-allocated" }));
    assert.deepEqual(
      decision?.nodes.map(({ score }) => score),
      [48, 87],
    );
    assert.deepEqual(decision.chosen, ["b"]);
  });

  it("most-allocated is the mean of what would be used", () => {
    // a: CPU 2500 * 100 / 4000 = 62, memory 40; b: 18 and 5.
    const decision = decide(capacity, demand("red", 1500, 1001, { strategy: "most-allocated" }));
    assert.deepEqual(
      decision?.nodes.map(({ score }) => score),
      [51, 11],
    );
    assert.deepEqual(decision.chosen, ["a"]);
  });

  it("counts GPUs where they are asked for, and no resource that the node has none of", () => {
    const mixed = Capacity.of([gpuNode("a", 1000, 4)]);
    const score = (asked: Demand) => decide(mixed, asked)?.nodes[0]?.score;
    assert.equal(score(asking(500, 0, "most-allocated")), 25, "(50 + 0) / 2");
    assert.equal(score(asking(500, 3000, "most-allocated")), 41, "(50 + 0 + 75) / 3");
  });
});

for (const strategy of ["fragmentation-gradient", "fragmentation-aware"] as const) {
  describe(`the strategy ${strategy}`, () => {
    it("places by best fit while nothing is known", () => {
      const capacity = Capacity.of([gpuNode("a", 8000, 0), gpuNode("b", 2000, 0)]);
      assert.deepEqual(decide(capacity, asking(1000, 0, strategy))?.chosen, ["b"]);
    });

    it("keeps the CPU beside free GPUs for those who will ask for both", () => {
      const capacity = Capacity.of([gpuNode("cpu-only", 64_000, 0), gpuNode("gpu", 16_000, 2)]);
      const mix = learnt(...Array<Demand>(20).fill(asking(8000, 1000)), asking(8000, 0));
      assert.deepEqual(decide(capacity, asking(8000, 0, strategy), mix)?.chosen, ["cpu-only"]);
      assert.deepEqual(decide(capacity, asking(8000, 0))?.chosen, ["gpu"], "best fit does not");
    });

    it("leaves on a GPU what others will ask for", () => {
      // Best fit puts the share of 300 on the GPU with 400 left; nobody asks for 100, but halves come, so 700 + 300 is better.
      const capacity = Capacity.of([gpuNode("a", 64_000, 2)]);
      capacity.take({
        ...claim("x", null, 0, 0, ["a"]),
        amount: { cpuMilli: 0, memoryBytes: 0, gpuMilli: 600 },
        devices: [[0]],
      });
      capacity.take({
        ...claim("x", null, 0, 0, ["a"]),
        amount: { cpuMilli: 0, memoryBytes: 0, gpuMilli: 300 },
        devices: [[1]],
      });
      const mix = learnt(...Array<Demand>(20).fill(asking(100, 400)));
      assert.deepEqual(decide(capacity, asking(100, 300))?.devices, [[0]]);
      assert.deepEqual(decide(capacity, asking(100, 300, strategy), mix)?.devices, [[1]]);
    });

    it("does not break up whole nodes for small requests when large ones are asked for", () => {
      const capacity = Capacity.of([gpuNode("a", 96_000, 8), gpuNode("b", 96_000, 8)]);
      capacity.take({
        ...claim("x", null, 0, 0, ["b"]),
        amount: { cpuMilli: 1000, memoryBytes: 0, gpuMilli: 3000 },
        devices: [[0, 1, 2]],
      });
      const mix = learnt(...Array<Demand>(10).fill(asking(8000, 8000)), ...Array<Demand>(10).fill(asking(1000, 1000)));
      assert.deepEqual(decide(capacity, asking(1000, 1000, strategy), mix)?.chosen, ["b"]);
    });

    it("decides the same with what it kept from earlier decisions as without", () => {
      const nodes = Array.from({ length: 12 }, (_, i) =>
        gpuNode(`n${String(i).padStart(2, "0")}`, 16_000 + 8000 * (i % 3), i % 5),
      );
      const shapes = [asking(1000, 300), asking(4000, 1000), asking(2000, 0), asking(8000, 2000), asking(1000, 650)];
      const capacity = Capacity.of(nodes);
      const mix = learnt(...shapes);
      for (let i = 0; i < 60; i++) {
        const asked = { ...(shapes[(i * 7) % 5] as Demand), strategy };
        const fresh = RequestMix.restore(mix.snapshot());
        const [warm, cold] = [
          decide(capacity, asked, mix),
          decide(Capacity.restore(capacity.snapshot()), asked, fresh),
        ];
        assert.deepEqual(warm?.nodes, cold?.nodes);
        assert.deepEqual(warm?.devices, cold?.devices);
        if (warm?.outcome !== "allocated") continue;
        capacity.take({
          ...claim("red", null, 0, 0, warm.chosen),
          amount: asked.amount,
          ...(warm.devices && { devices: warm.devices }),
        });
        if (i % 10 === 0) capacity.setNodes(nodes.slice(0, 12 - i / 20));
      }
    });
  });
}
