import assert from "node:assert/strict";
import { RequestMix } from "../../../runtime/scalability/elastic-resource-manager/request-mix";
import { demand } from "../../support/erm-fixtures";

const counts = (mix: RequestMix) => new Map(mix.shapes.map(({ amount, count }) => [amount.cpuMilli, count]));

describe("the learnt mix of requests", () => {
  it("counts replicas by what they ask for", () => {
    const mix = new RequestMix();
    mix.observe(demand("red", 100, 1, { replicas: 3 }));
    mix.observe(demand("blue", 100, 1));
    mix.observe(demand("blue", 200, 1));
    const seen = counts(mix);
    assert.ok(Math.abs((seen.get(100) ?? 0) - 4) < 0.01);
    assert.ok(Math.abs((seen.get(200) ?? 0) - 1) < 0.01);
  });

  it("tells 128 kinds apart at the most; the rarest gives way", () => {
    const mix = new RequestMix();
    for (let cpu = 1; cpu <= 128; cpu++) mix.observe(demand("red", cpu, 1, { replicas: cpu === 7 ? 1 : 2 }));
    mix.observe(demand("red", 999, 1));
    const seen = counts(mix);
    assert.equal(seen.size, 128);
    assert.ok(seen.has(999));
    assert.ok(!seen.has(7));
  });

  it("forgets slowly: what came 16,384 requests ago counts half", () => {
    const mix = new RequestMix();
    mix.observe(demand("red", 1, 1));
    for (let i = 0; i < 16_384; i++) mix.observe(demand("red", 2, 1));
    const latest = new RequestMix();
    latest.observe(demand("red", 2, 1));
    const before = counts(mix);
    mix.observe(demand("red", 3, 1));
    const after = counts(mix);
    assert.ok(Math.abs((before.get(1) ?? 0) / (after.get(3) ?? 1) - 0.5) < 0.01);
    // A million requests later the numbers are still numbers.
    for (let i = 0; i < 1_000_000; i++) mix.observe(demand("red", 2, 1));
    for (const { count } of mix.shapes) assert.ok(Number.isFinite(count));
    assert.ok((counts(mix).get(1) ?? 0) < 1e-6 * (counts(mix).get(2) ?? 0));
  });

  it("counts a workload that is refused again and again once, until it is granted", () => {
    const mix = new RequestMix();
    const asked = demand("red", 100, 1, { workload: "job" });
    for (let i = 0; i < 5; i++) mix.observe(asked, "refused");
    mix.observe(asked, "granted");
    assert.equal(counts(mix).get(100), 1);
    mix.observe(asked, "granted");
    assert.ok((counts(mix).get(100) ?? 0) > 1.9);
  });

  it("draws futures in which each kind comes as often as it did, and draws anew when the mix has changed", () => {
    const mix = new RequestMix();
    for (let i = 0; i < 100; i++) mix.observe(demand("red", i % 4 === 0 ? 1000 : 100, 1));
    const futures = mix.futures();
    const drawn = futures.sequences.flatMap((sequence) => [...sequence]);
    const large = drawn.filter((need) => futures.needs[need]?.cpuMilli === 1000).length / drawn.length;
    assert.ok(Math.abs(large - 0.25) < 0.03, String(large));
    for (let i = 0; i < 40; i++) mix.observe(demand("red", i % 4 === 0 ? 1000 : 100, 1));
    assert.equal(mix.futures(), futures, "the same mix, the same futures");
    for (let i = 0; i < 100; i++) mix.observe(demand("red", 1000, 1));
    assert.notEqual(mix.futures(), futures);
  });

  it("goes to a worker thread and comes out the same", () => {
    const mix = new RequestMix();
    mix.observe(demand("red", 100, 1, { gpuModels: ["A10"] }));
    mix.observe(demand("red", 200, 1));
    const copy = RequestMix.restore(structuredClone(mix.snapshot()));
    assert.deepEqual(copy.snapshot(), mix.snapshot());
    assert.deepEqual(copy.futures().sequences, mix.futures().sequences);
  });
});
