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
  /** Workloads that were looked up, in order. */
  const looked: string[] = [];
  /** When set, looking up fails with it. */
  let broken: Error | undefined;
  const changes = new EventEmitter();
  let clock: ManualClock;
  let keda: Awaited<ReturnType<typeof serveKeda>>;
  let client: Client & { close: () => void };

  beforeEach(async () => {
    clock = new ManualClock(NOW);
    known.clear();
    looked.length = 0;
    broken = undefined;
    const served = async (workload: string): Promise<Served> => {
      looked.push(workload);
      if (broken) throw broken;
      return known.get(workload);
    };
    keda = await serveKeda({ served, clock, changes }, "127.0.0.1", 0);
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

  /** Resolves when it holds; it must need no passing of time. */
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  const listening = (): Promise<void> => until(() => changes.listenerCount("changed") > 0);
  const follow = (of: object = ref) => {
    const stream = (
      client as never as { StreamIsActive: (of: object) => ClientReadableStream<{ result: boolean }> }
    ).StreamIsActive(of);
    const results: boolean[] = [];
    const faults: ServiceError[] = [];
    stream.on("data", ({ result }: { result: boolean }) => results.push(result));
    stream.on("error", (error: ServiceError) => faults.push(error));
    return { stream, results, faults };
  };

  it("streams a change of activity at once, and only a change", async () => {
    known.set("web", { replicas: 0, time: NOW });
    const { stream, results } = follow();
    await once(stream, "data");
    for (const replicas of [2, 3, 0]) {
      await listening();
      known.set("web", { replicas, time: NOW });
      const before = results.length;
      changes.emit("changed", "web");
      if (replicas !== 3) await until(() => results.length > before);
    }
    assert.deepEqual(results, [false, true, false]);
    // Another process's decision is found by looking.
    await listening();
    known.set("web", { replicas: 1, time: NOW });
    await clock.advance(5_000);
    await until(() => results.length > 3);
    assert.deepEqual(results, [false, true, false, true]);
    stream.cancel();
  });

  it("goes on with a stream once a fault that passes is over: a failing database, an old decision", async () => {
    known.set("web", { replicas: 0, time: NOW });
    const { stream, results, faults } = follow();
    await once(stream, "data");
    const change = async (): Promise<void> => {
      await listening();
      const before = looked.length;
      changes.emit("changed", "web");
      await until(() => looked.length > before);
    };
    broken = new Error("the database is gone");
    await change();
    broken = undefined;
    known.set("web", { replicas: 2, time: NOW - 180_001 });
    await change();
    known.set("web", { replicas: 2, time: NOW });
    await change();
    await until(() => results.length > 1);
    assert.deepEqual([results, faults], [[false, true], []]);
    stream.cancel();
  });

  it("ends a stream whose scaler is gone with a status", async () => {
    known.set("web", { replicas: 1, time: NOW });
    const { stream, results, faults } = follow();
    await once(stream, "data");
    await listening();
    known.delete("web");
    changes.emit("changed", "web");
    await until(() => faults.length > 0);
    assert.equal(faults[0]?.code, status.NOT_FOUND);
    assert.match(faults[0].details, /there is no scaler with act "serve" for workload web/);
    assert.deepEqual(results, [true]);
    assert.equal(changes.listenerCount("changed"), 0);
  });

  it("looks again at decisions on a stream's own workload only", async () => {
    known.set("web", { replicas: 1, time: NOW });
    const { stream } = follow();
    await once(stream, "data");
    await listening();
    for (let turn = 0; turn < 50; turn += 1) {
      changes.emit("changed", "other");
      await new Promise((resolve) => setImmediate(resolve));
    }
    changes.emit("changed", "web");
    await until(() => looked.length > 1);
    await listening();
    assert.deepEqual(looked, ["web", "web"]);
    stream.cancel();
    await until(() => changes.listenerCount("changed") === 0);
  });

  it("takes 256 streams at once, and one more when one has ended", async () => {
    known.set("web", { replicas: 1, time: NOW });
    const streams = Array.from({ length: 256 }, () => follow());
    await until(() => streams.every(({ results }) => results.length === 1));
    const refusedOne = follow();
    await until(() => refusedOne.faults.length > 0);
    assert.equal(refusedOne.faults[0]?.code, status.RESOURCE_EXHAUSTED);
    await until(() => changes.listenerCount("changed") === 256);
    streams[0]?.stream.cancel();
    await until(() => changes.listenerCount("changed") === 255);
    const another = follow();
    await until(() => another.results.length + another.faults.length > 0);
    assert.deepEqual([another.results, another.faults], [[true], []]);
    for (const { stream } of [...streams, another]) stream.cancel();
    await until(() => changes.listenerCount("changed") === 0);
  });
});
