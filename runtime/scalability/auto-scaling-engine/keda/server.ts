import type { EventEmitter } from "node:events";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Clock } from "../../../kernel/clock";
import { asStatus, bindGrpc, stopGrpc } from "../../../kernel/grpc/unary";
import {
  type GetMetricsRequest,
  type MetricNumber,
  readGetMetricsRequest,
  readScaledObjectRef,
  type ScaledObjectRef,
  writeIsActive,
  writeMetrics,
} from "./messages";

/** The one metric that is served: how many replicas the engine wants, at a target of one for each. */
const METRIC = "mno-desired-replicas";
/** A decision older than this is not passed on: KEDA's autoscaler keeps what it has when it hears no number. */
const MOST_AGE_MILLISECONDS = 180_000;
/** Another process may decide: its decisions are looked up this often. */
const LOOK_MILLISECONDS = 5_000;
/** Streams open at once: each looks into the database that often, so that all together do about 50 times a second. */
const MOST_STREAMS = 256;

/** What a scaler with `act: "serve"` wants; null before its first decision, undefined where there is no such scaler. */
export type Served = { replicas: number | null; time: number | null } | undefined;

interface KedaDependencies {
  served: (workload: string) => Promise<Served>;
  clock: Clock;
  /** Emits "changed" with the workload that this process has decided on. */
  changes: EventEmitter;
}

const identity = (bytes: Buffer): Buffer => bytes;
const path = (method: string): string => `/externalscaler.ExternalScaler/${method}`;
const method = <Q>(name: string, requestDeserialize: (bytes: Uint8Array) => Q, responseStream = false) => ({
  path: path(name),
  requestStream: false,
  responseStream,
  requestSerialize: identity,
  requestDeserialize,
  responseSerialize: identity,
  responseDeserialize: identity,
});
const SERVICE = {
  IsActive: method("IsActive", readScaledObjectRef),
  StreamIsActive: method("StreamIsActive", readScaledObjectRef, true),
  GetMetricSpec: method("GetMetricSpec", readScaledObjectRef),
  GetMetrics: method("GetMetrics", readGetMetricsRequest),
} as unknown as ServiceDefinition;

/**
 * KEDA's external scaler: a cluster's own autoscaler acts on what this engine decides. A ScaledObject names the workload in
 * its trigger's metadata (`workload`; default: the ScaledObject's own name). Returns the port, and how to stop.
 */
export async function serveKeda(
  { served, clock, changes }: KedaDependencies,
  host: string,
  port: number,
): Promise<{ port: number; close: () => Promise<void> }> {
  const workloadOf = ({ name, scalerMetadata }: ScaledObjectRef): string => scalerMetadata.get("workload") ?? name;
  const desired = async (ref: ScaledObjectRef): Promise<number> => {
    const workload = workloadOf(ref);
    const known = await served(workload);
    if (!known) throw fault(status.NOT_FOUND, `there is no scaler with act "serve" for workload ${workload}`);
    const age = known.time === null ? Infinity : clock.now() - known.time;
    if (known.replicas === null || age > MOST_AGE_MILLISECONDS) {
      throw fault(
        status.UNAVAILABLE,
        `nothing could be decided for ${workload} in the last ${String(MOST_AGE_MILLISECONDS / 1000)} s`,
      );
    }
    return known.replicas;
  };
  const unary =
    <Q>(answer: (request: Q) => Promise<Buffer>): handleUnaryCall<Q, Buffer> =>
    ({ request }, callback) =>
      void answer(request).then(
        (bytes) => callback(null, bytes),
        (error: unknown) => callback(asStatus(error)),
      );
  /** Whether the workload is active; undefined while that cannot be told. */
  const activity = async (ref: ScaledObjectRef): Promise<boolean | undefined> => {
    try {
      return (await desired(ref)) > 0;
    } catch (error) {
      // KEDA doubles its pause before it asks again after each stream that failed, up to a minute, and starts over only after
      // one that ended well: a stream that outlives the fault tells of the wake-up at once. Its polls hear of the fault.
      if (asStatus(error).code === status.UNAVAILABLE) return undefined;
      throw error;
    }
  };
  const stopping = new AbortController();
  let streams = 0;
  changes.setMaxListeners(MOST_STREAMS);
  const stream: handleServerStreamingCall<ScaledObjectRef, Buffer> = (call) => {
    if (streams >= MOST_STREAMS) {
      call.emit("error", fault(status.RESOURCE_EXHAUSTED, `${String(MOST_STREAMS)} streams are open already`));
      return;
    }
    streams += 1;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    call.on("cancelled", end).on("close", end);
    const signal = AbortSignal.any([ended.signal, stopping.signal]);
    const follow = async (): Promise<void> => {
      for (let last: boolean | undefined; !signal.aborted;) {
        const active = (await activity(call.request)) ?? last;
        if (active !== undefined && active !== last && !signal.aborted) call.write(writeIsActive(active));
        last = active;
        await next(workloadOf(call.request), changes, clock, signal);
      }
    };
    void follow()
      .then(
        () => call.end(),
        // What sends the status to the client: destroy() would only close this side.
        (error: unknown) => call.emit("error", asStatus(error)),
      )
      .finally(() => (streams -= 1));
  };
  const metric = (number: number): MetricNumber[] => [{ metricName: METRIC, number }];
  const implementation: UntypedServiceImplementation = {
    IsActive: unary(async (ref: ScaledObjectRef) => writeIsActive((await desired(ref)) > 0)),
    StreamIsActive: stream,
    // Asked once, maybe before the first decision: the target is the same whatever it will be.
    GetMetricSpec: unary(async () => writeMetrics(metric(1))),
    GetMetrics: unary(async ({ scaledObjectRef }: GetMetricsRequest) =>
      writeMetrics(metric(await desired(scaledObjectRef))),
    ),
  };
  const server = new Server();
  server.addService(SERVICE, implementation);
  const bound = await bindGrpc(server, `${host}:${String(port)}`, "KEDA's external scaler");
  const close = async (): Promise<void> => {
    stopping.abort();
    await stopGrpc(server);
  };
  return { port: bound, close };
}

/** Resolves at this process's next decision on the workload, when it is time to look again, or when the signal says so. */
async function next(workload: string, changes: EventEmitter, clock: Clock, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard = (changed: string): void => {
    if (changed === workload) resolve();
  };
  changes.on("changed", heard);
  clock.sleep(LOOK_MILLISECONDS, stop).then(resolve, () => resolve());
  await promise;
  changes.off("changed", heard);
  done.abort();
}

const fault = (code: status, details: string): Error => Object.assign(new Error(details), { code, details });
