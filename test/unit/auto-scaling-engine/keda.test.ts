import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ManualClock } from "../../../runtime/kernel/clock";
import { serveKeda, type Served } from "../../../runtime/scalability/auto-scaling-engine/keda/server";
import { NOW } from "./support";

const PROTO = join(__dirname, "../../../runtime/scalability/auto-scaling-engine/keda/externalscaler.proto");

interface Client {
  [method: string]: (request: object, callback: (error: ServiceError | null, answer: unknown) => void) => unknown;
}

/** A client made from KEDA's proto by gRPC's own loader: it shares no code with what it asks. */
describe("auto-scaling engine: KEDA's external scaler", () => {
  const known = new Map<string, Exclude<Served, undefined>>();
  const changes = new EventEmitter();
  let clock: ManualClock;
  let keda: Awaited<ReturnType<typeof serveKeda>>;
  let client: Client & { close: () => void };

  beforeEach(async () => {
    clock = new ManualClock(NOW);
    known.clear();
    keda = await serveKeda({ served: async (workload) => known.get(workload), clock, changes }, "127.0.0.1", 0);
    const { externalscaler } = loadPackageDefinition(loadSync(PROTO, { longs: Number, defaults: true })) as never as {
      externalscaler: { ExternalScaler: new (address: string, how: object) => typeof client };
    };
    client = new externalscaler.ExternalScaler(`127.0.0.1:${String(keda.port)}`, credentials.createInsecure());
  });
  afterEach(async () => {
    client.close();
    await keda.close();
  });

  const call = (method: string, request: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client[method]?.(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  const ref = { name: "object", namespace: "default", scalerMetadata: { scalerAddress: "mno:9090", workload: "web" } };
  const refused = (code: status) => (error: ServiceError) => error.code === code;

  it("gives the replicas that the engine wants as a metric with target 1", async () => {
    known.set("web", { replicas: 7, time: NOW });
    assert.deepEqual(await call("GetMetricSpec", ref), {
      metricSpecs: [{ metricName: "mno-desired-replicas", targetSize: 1, targetSizeFloat: 1 }],
    });
    assert.deepEqual(await call("GetMetrics", { scaledObjectRef: ref, metricName: "mno-desired-replicas" }), {
      metricValues: [{ metricName: "mno-desired-replicas", metricValue: 7, metricValueFloat: 7 }],
    });
    assert.deepEqual(await call("IsActive", ref), { result: true });
  });

  it("is not active at zero, and goes by the object's name where no workload is named", async () => {
    known.set("object", { replicas: 0, time: NOW });
    assert.deepEqual(await call("IsActive", { name: "object", namespace: "default" }), { result: false });
    assert.deepEqual(await call("GetMetrics", { scaledObjectRef: { name: "object" } }), {
      metricValues: [{ metricName: "mno-desired-replicas", metricValue: 0, metricValueFloat: 0 }],
    });
  });

  it("says nothing rather than something old: the cluster's autoscaler then keeps what it has", async () => {
    await assert.rejects(call("IsActive", ref), refused(status.NOT_FOUND));
    known.set("web", { replicas: null, time: null });
    await assert.rejects(call("GetMetrics", { scaledObjectRef: ref }), refused(status.UNAVAILABLE));
    known.set("web", { replicas: 3, time: NOW - 180_000 });
    assert.deepEqual(await call("IsActive", ref), { result: true });
    known.set("web", { replicas: 3, time: NOW - 180_001 });
    await assert.rejects(call("IsActive", ref), refused(status.UNAVAILABLE));
  });

  it("streams a change of activity at once, and only a change", async () => {
    known.set("web", { replicas: 0, time: NOW });
    const stream = (
      client as never as { StreamIsActive: (of: object) => ClientReadableStream<{ result: boolean }> }
    ).StreamIsActive(ref);
    const results: boolean[] = [];
    stream.on("data", ({ result }: { result: boolean }) => results.push(result));
    stream.on("error", () => undefined);
    await once(stream, "data");
    const listening = async (): Promise<void> => {
      while (changes.listenerCount("changed") === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const replicas of [2, 3, 0]) {
      await listening();
      known.set("web", { replicas, time: NOW });
      const before = results.length;
      changes.emit("changed");
      if (replicas !== 3) while (results.length === before) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(results, [false, true, false]);
    // Another process's decision is found by looking.
    await listening();
    known.set("web", { replicas: 1, time: NOW });
    await clock.advance(5_000);
    while (results.length === 3) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(results, [false, true, false, true]);
    stream.cancel();
  });
});
