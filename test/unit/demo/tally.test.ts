import assert from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "../../../tools/demo-load/histogram";
import { ReplicaTrack } from "../../../tools/demo-load/replicas";
import { summarise } from "../../../tools/demo-load/summary";
import { Tally } from "../../../tools/demo-load/tally";

describe("demo load: histogram", () => {
  it("is within 1 % above the exact nearest-rank percentile", () => {
    const latencies = fc.array(fc.double({ min: 0.1, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(latencies, fc.constantFrom(0, 0.5, 0.95, 0.99, 1), (values, fraction) => {
        const histogram = new Histogram();
        values.forEach((value) => histogram.record(value));
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1] ?? NaN;
        const found = histogram.percentile(fraction) ?? NaN;
        assert.ok(found >= exact * (1 - 1e-9) && found <= exact * 1.0101, `${String(found)} for ${String(exact)}`);
        assert.equal(histogram.count, values.length);
      }),
    );
  });

  it("has no percentile of nothing", () => {
    assert.equal(new Histogram().percentile(0.5), undefined);
  });
});

describe("demo load: tally", () => {
  it("reports each second apart and the run together", () => {
    const tally = new Tally(15);
    tally.offered = 4;
    tally.succeed(10);
    tally.succeed(20);
    tally.fail("HTTP 503");
    const first = tally.second();
    assert.deepEqual([first.offered, first.served, first.failed, first.shed], [4, 2, 1, 0]);
    assert.ok(Math.abs((first.p50Ms ?? 0) - 10) < 0.11 && Math.abs((first.p99Ms ?? 0) - 20) < 0.21);
    assert.equal(tally.inFlight, 1);

    tally.offered += 1;
    tally.shed += 1;
    assert.deepEqual(tally.second(), { offered: 1, served: 0, failed: 0, shed: 1 });
    assert.equal(tally.failedFraction, 0.5);
    assert.equal(tally.latency.count, 2);
    const { p50Ms: _p50, p99Ms: _p99, ...totals } = tally.totals();
    assert.deepEqual(totals, { offered: 5, ok: 2, failed: 1, shed: 1, late: 1 });
  });
});

describe("demo load: replicas", () => {
  it("adds up replica-seconds, changes of direction and the highest number", () => {
    const track = new ReplicaTrack();
    track.add({ atSeconds: 1, ready: 1, desired: 1 });
    track.add({ atSeconds: 2, ready: 1, desired: 4 });
    track.add({ atSeconds: 4, ready: 4, desired: 4 });
    track.add({ atSeconds: 9, ready: 4, desired: 2 });
    track.add({ atSeconds: 10, ready: 2, desired: 2 });
    assert.equal(track.replicaSeconds, 1 + 2 + 20 + 4);
    assert.deepEqual([track.scaleUps, track.scaleDowns, track.highest], [1, 1, 4]);
  });
});

describe("demo load: summary", () => {
  const none = { counts: new Map<string, number>(), atLeast: false };
  const decided = {
    "elastic-resource-manager": none,
    "auto-scaling-engine": {
      counts: new Map([
        ["scaled up", 1],
        ["kept", 12],
      ]),
      atLeast: true,
    },
    "global-load-balancer": {
      counts: new Map([
        ["requests", 1000],
        ["retry sent", 2],
      ]),
      atLeast: false,
    },
    "resource-pool-manager": none,
    "performance-optimizer": none,
  };
  const tally = new Tally(15);
  tally.offered = 1000;
  for (let count = 0; count < 980; count += 1) tally.succeed(10);
  for (let count = 0; count < 15; count += 1) tally.fail("HTTP 503");
  tally.shed = 5;

  it("accounts for every request and names what failed", () => {
    const track = new ReplicaTrack();
    track.add({ atSeconds: 0, ready: 3, desired: 3 });
    track.add({ atSeconds: 10, ready: 1, desired: 1 });
    const settled = "back at the minimum of 1 16 s after the load";
    const text = summarise({ tally, sloMs: 15, replicas: track, settled, decided });
    assert.match(text, /1,000 offered, 980 ok/);
    assert.match(text, /15 failed \(HTTP 503: 15\), 5 shed by the client/);
    assert.match(text, /2\.00 % \(at most 1 % is a pass\)/);
    assert.match(text, /p50 10\.\d ms, p95 10\.\d ms, p99 10\.\d ms/);
    assert.match(text, /3 at the most, 1 at the end; back at the minimum/);
    assert.match(text, /SLO of 15 ms +missed by 2\.00 % \(0 late, 20 not served\)/);
    assert.match(text, /auto-scaling-engine +at least 12 kept, 1 scaled up$/m);
    assert.match(text, /global-load-balancer +1,000 requests, 2 retry sent$/m);
    assert.match(text, /resource-pool-manager +nothing during the run$/m);
    assert.match(text, /0 up, 1 down/);
    assert.match(text, /replica-seconds +30$/m);
  });

  it("says so when nothing is known about replicas", () => {
    assert.match(
      summarise({ tally, sloMs: 15, replicas: new ReplicaTrack(), settled: "", decided }),
      /replicas +unknown: the auto-scaling engine did not answer/,
    );
  });
});
