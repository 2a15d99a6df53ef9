import assert from "node:assert/strict";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { Instruments } from "../../../runtime/scalability/resource-pool-manager/instruments";
import type { PoolState } from "../../../runtime/scalability/resource-pool-manager/store";

const state = (name: string): PoolState => ({
  definition: { name, kind: "slots", slots: ["1"], leaseSeconds: 60, leakAfterSeconds: null },
  leased: 0,
  leases: 0,
  free: 1,
  waiting: 0,
  exhaustedSince: null,
});

describe("the metrics of the resource pool manager", () => {
  it("keep no series of a pool that was removed", async () => {
    const metrics = createMetrics();
    const instruments = new Instruments(metrics);
    instruments.leasesExpired("gone", 2);
    instruments.leasesExpired("kept", 3);
    instruments.observe([state("gone"), state("kept")]);
    assert.match(await metrics.registry.metrics(), /mno_rpm_leases_expired_total\{pool="gone"\} 2/);
    instruments.observe([state("kept")]);
    const text = await metrics.registry.metrics();
    assert.doesNotMatch(text, /pool="gone"/);
    assert.match(text, /mno_rpm_leases_expired_total\{pool="kept"\} 3/);
  });
});
