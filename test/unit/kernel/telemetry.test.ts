import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { backoffMilliseconds, RESTART_BACKOFF } from "../../../runtime/kernel/lifecycle/backoff";
import { createLogger } from "../../../runtime/kernel/telemetry/logs";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { installSystemMetrics, parseNetDev } from "../../../runtime/kernel/telemetry/system";

describe("logs", () => {
  const lines = (write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] => {
    const written: string[] = [];
    write(createLogger("mno-test", "INFO", { write: (line: string) => void written.push(line) }));
    return written.map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it("are JSON lines with ECS keys and the contract's levels", () => {
    const [info, error, ...more] = lines((log) => {
      log.debug("below the level");
      log.info("started");
      log.error({ err: new Error("broken") }, "failed");
    });
    assert.equal(more.length, 0);
    assert.equal(info?.["log.level"], "INFO");
    assert.equal(info?.["service.name"], "mno-test");
    assert.equal(info?.message, "started");
    assert.match(String(info?.["@timestamp"]), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(error?.["log.level"], "ERROR");
    assert.equal((error?.error as { message: string }).message, "broken");
  });

  it("never hold what is secret, at any depth that configuration has", () => {
    const secret = "hunter2-canary";
    const text = JSON.stringify(
      lines((log) => {
        log.info(
          { token: secret, config: { apiToken: secret }, spec: { spec: { secretEnvironment: { A: secret } } } },
          "x",
        );
        log.info({ headers: { authorization: `Bearer ${secret}` } }, "y");
      }),
    );
    assert.ok(!text.includes(secret), text);
  });
});

describe("system metrics", () => {
  it("read /proc/net/dev, loopback left out", () => {
    const text = [
      "Inter-|   Receive                                                |  Transmit",
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
      "    lo: 9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0",
      "  eth0: 1000 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0",
      " wlan0:  500 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0",
    ].join("\n");
    assert.deepEqual(parseNetDev(text), { receivedBytes: 1500, sentBytes: 230 });
  });

  it("have CPU, memory and disk of this machine, read when asked", async () => {
    const metrics = createMetrics();
    installSystemMetrics(metrics, tmpdir());
    const value = async (name: string, labels: Record<string, string>): Promise<number> => {
      const json = await metrics.registry.getMetricsAsJSON();
      const found = json.find((metric) => metric.name === name)?.values;
      return found?.find((v) => JSON.stringify(v.labels) === JSON.stringify(labels))?.value ?? NaN;
    };
    const total = await value("mno_system_memory_bytes", { state: "total" });
    const free = await value("mno_system_memory_bytes", { state: "free" });
    assert.ok(free > 0 && free < total);
    assert.ok((await value("mno_system_disk_bytes", { state: "total" })) > 0);
    const before = await value("mno_system_cpu_seconds", { mode: "user" });
    assert.ok(before > 0 && (await value("mno_system_cpu_seconds", { mode: "user" })) >= before);
  });
});

describe("restart back-off", () => {
  it("grows to its cap, and stays in the upper half of the exponential", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const whole = Math.min(30_000, 1000 * 2 ** (attempt - 1));
        const delay = backoffMilliseconds(attempt, RESTART_BACKOFF, () => random);
        assert.ok(delay >= whole / 2 && delay <= whole, `${String(delay)} for attempt ${String(attempt)}`);
      }),
    );
  });
});
