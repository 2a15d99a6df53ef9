import assert from "node:assert/strict";
import { poolInstruments } from "../../../runtime/kernel/pool/instruments";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { openPool } from "./support";

describe("poolInstruments", () => {
  it("counts what happens in a pool, under its name", async () => {
    const metrics = createMetrics();
    const observer = poolInstruments(metrics, "db");
    const { pool, clock, factory } = openPool({ maximum: 1, observer });
    const lease = await pool.acquire();
    await clock.advance(2000);
    lease.destroy();
    factory.fault = new Error("down");
    await assert.rejects(pool.acquire());
    const text = await metrics.registry.metrics();
    for (const line of [
      'mno_pool_held_seconds_sum{pool="db"} 2',
      'mno_pool_create_seconds_count{pool="db"} 1',
      'mno_pool_create_failures_total{pool="db"} 1',
      'mno_pool_refused_total{pool="db"} 1',
      'mno_pool_destroyed_total{pool="db",reason="broken"} 1',
    ]) {
      assert.ok(text.includes(line), `${line} is not in\n${text}`);
    }
    await pool.close();
  });

  it("counts waits, leaks and destroys that failed", async () => {
    const metrics = createMetrics();
    const { acquired, leaked, destroyFailed } = poolInstruments(metrics, "db");
    acquired(30);
    leaked({ heldMilliseconds: 1, reclaimed: false });
    destroyFailed(new Error("stuck"));
    const text = await metrics.registry.metrics();
    for (const line of [
      'mno_pool_wait_seconds_sum{pool="db"} 0.03',
      'mno_pool_leaks_total{pool="db"} 1',
      'mno_pool_destroy_failures_total{pool="db"} 1',
    ]) {
      assert.ok(text.includes(line), `${line} is not in\n${text}`);
    }
  });
});
