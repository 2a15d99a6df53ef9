import assert from "node:assert/strict";
import { findBottlenecks } from "../../../runtime/scalability/performance-optimizer/bottlenecks/find";

describe("bottlenecks", () => {
  it("says with what evidence a resource is one", () => {
    const [pool] = findBottlenecks([
      { resource: "database pool", capacity: 10, busy: 9.8, queue: 12, waitSeconds: 0.04, serviceSeconds: 0.015 },
    ]);
    assert.deepEqual(pool!.evidence, ["utilisation 98 % (9.8 of 10)", "queue 12", "waiting 40 ms of 55 ms"]);
    assert.ok(Math.abs(pool!.score - 40 / 55) < 1e-9);
  });

  it("ranks by the share of time that waiting costs", () => {
    const ranked = findBottlenecks([
      { resource: "busy but prompt", capacity: 10, busy: 8.5, waitSeconds: 0.001, serviceSeconds: 0.1 },
      { resource: "idle", capacity: 10, busy: 1 },
      { resource: "queueing", capacity: 2, busy: 2, queue: 6, throughput: 20, serviceSeconds: 0.1 },
    ]);
    assert.deepEqual(
      ranked.map(({ resource }) => resource),
      ["queueing", "busy but prompt"],
    );
  });

  it("fills in by Little's law what was not measured", () => {
    const [one] = findBottlenecks([
      { resource: "workers", capacity: 4, throughput: 39, serviceSeconds: 0.1, waitSeconds: 0.2 },
    ]);
    assert.ok(Math.abs(one!.utilisation! - 0.975) < 1e-9);
    assert.ok(Math.abs(one!.queue! - 7.8) < 1e-9);
    assert.ok(one!.evidence.some((line) => line.includes("by Little's law")));
  });

  it("doubts measurements that contradict each other", () => {
    const [one] = findBottlenecks([
      { resource: "workers", capacity: 4, busy: 4, throughput: 10, serviceSeconds: 0.1, queue: 50, waitSeconds: 0.1 },
    ]);
    assert.deepEqual(one!.doubts, [
      "4 are said to be busy, 1 follow from throughput x service time",
      "50 are said to wait, 1 follow from throughput x waiting time",
    ]);
  });

  it("counts errors as costs", () => {
    const [one] = findBottlenecks([{ resource: "upstream", throughput: 75, errors: 25 }]);
    assert.equal(one!.score, 0.25);
    assert.deepEqual(one!.evidence, ["errors 25 % (25 a second)"]);
  });
});
