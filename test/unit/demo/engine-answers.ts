import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { DecisionSchema as ScalingDecision } from "../../../runtime/scalability/auto-scaling-engine/decision";
import { validateScaler } from "../../../runtime/scalability/auto-scaling-engine/validate";
import * as erm from "../../../runtime/scalability/elastic-resource-manager/schemas";
import * as glb from "../../../runtime/scalability/global-load-balancer/schemas";
import { AdviceSchema } from "../../../runtime/scalability/performance-optimizer/advice/schemas";
import { BottleneckSchema } from "../../../runtime/scalability/performance-optimizer/bottlenecks/schemas";
import * as rpm from "../../../runtime/scalability/resource-pool-manager/schemas";

/** Answers as the engines give them: each is checked against the schema of its route. */

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));

/** `value`, when an engine could answer it. */
export function shaped<S extends TSchema>(schema: S, value: Static<S>): Static<S> {
  const validate = ajv.compile(schema);
  assert.ok(validate(value), ajv.errorsText(validate.errors));
  return value;
}

const items = <S extends TSchema>(schema: S) => Type.Object({ items: Type.Array(schema) });
const GIB = 1024 ** 3;

export const capacity = shaped(erm.CapacityAnswer, {
  nodes: [
    {
      name: "n1",
      zone: "a",
      ready: true,
      allocatable: { cpuCores: 8, memoryBytes: 16 * GIB, gpus: 2 },
      allocated: { cpuCores: 6, memoryBytes: 4 * GIB, gpus: 0.5 },
      free: { cpuCores: 2, memoryBytes: 12 * GIB, gpus: 1.5 },
      gpuFree: [0.5, 1],
    },
  ],
  total: {
    allocatable: { cpuCores: 8, memoryBytes: 16 * GIB, gpus: 2 },
    free: { cpuCores: 2, memoryBytes: 12 * GIB, gpus: 1.5 },
  },
});

export const allocationDecisions = shaped(erm.DecisionList, {
  items: [
    {
      id: "dec_00000000000000000000000002",
      time: "2026-01-01T10:00:02.000Z",
      request: {
        tenant: "web",
        workload: null,
        replicas: 2,
        requests: { cpuCores: 0.5, memoryBytes: GIB },
        zone: null,
        leaseSeconds: 60,
      },
      strategy: "best-fit",
      outcome: "allocated",
      nodes: [{ node: "n1", score: 0.9, reason: null }],
      considered: 1,
      refusals: {},
      chosen: ["n1", "n1"],
      capacity: { before: { cpuCores: 3, memoryBytes: GIB }, after: { cpuCores: 2, memoryBytes: 0 } },
      reasons: ["1 of 1 nodes fit", "n1 scores highest"],
    },
  ],
});

const scalingDecision = (
  id: string,
  second: number,
  from: number,
  to: number,
  more: Partial<Static<typeof ScalingDecision>> = {},
): Static<typeof ScalingDecision> => ({
  id,
  workload: "demo",
  time: `2026-01-01T10:00:0${String(second)}.000Z`,
  trigger: "interval",
  inputs: {
    currentReplicas: from,
    liveReplicas: from,
    readyReplicas: from,
    readings: [],
    scaler: validateScaler({
      workload: "demo",
      minReplicas: 1,
      maxReplicas: 8,
      metrics: [{ type: "pods", name: "in_flight", target: { averageValue: 3 } }],
    }),
  },
  perMetric: [],
  stages: { raw: to, tolerance: to, stabilised: to, rateLimited: to, clamped: to },
  desiredReplicas: to,
  action: from === to ? "kept" : "scaled",
  reasons:
    from === to
      ? [`${String(to)} replicas are right`]
      : ["in_flight asks for more", `from ${String(from)} to ${String(to)}`],
  ...more,
});

export const scalingDecisions = shaped(items(ScalingDecision), {
  items: [
    scalingDecision("d4", 4, 4, 4, {
      prediction: { demand: 14, upper: 18, trusted: true, replicas: 6, source: "forecast", acted: true },
    }),
    scalingDecision("d3", 3, 1, 4),
    scalingDecision("d2", 2, 2, 1),
    scalingDecision("d1", 1, 2, 2),
  ],
});

export const endpoints = shaped(items(glb.EndpointAnswer), {
  items: [
    {
      upstream: "demo",
      id: "demo-1",
      address: "127.0.0.1:4000",
      region: null,
      zone: "a",
      priority: 0,
      weight: 1,
      share: 1,
      state: "fit",
      by: null,
      reason: null,
      until: null,
      panic: false,
      inFlight: 3,
    },
    {
      upstream: "demo",
      id: "demo-2",
      address: "127.0.0.1:4001",
      region: null,
      zone: "a",
      priority: 0,
      weight: 1,
      share: 0,
      state: "unfit",
      by: "outlier",
      reason: "5 failures in a row",
      until: "2026-01-01T10:00:30.000Z",
      panic: false,
      inFlight: 0,
    },
  ],
});

export const picks = shaped(items(glb.DecisionAnswer), {
  items: [
    {
      id: "pick_1",
      time: "2026-01-01T10:00:04.500Z",
      upstream: "demo",
      kind: "retry",
      endpoint: "demo-1",
      pool: "0/0",
      policy: "expected-wait",
      reason: "the lowest expected delay",
      candidates: [{ id: "demo-1", cost: 1.5 }],
      tried: ["demo-2"],
    },
  ],
});

/** `requests` and `retries` are counters; another upstream's never count. */
export const metrics = (requests: number, retries: number): string => `# TYPE mno_balancer_requests_total counter
mno_balancer_requests_total{upstream="demo",ending="answered",class="2xx"} ${String(requests)}
mno_balancer_requests_total{upstream="demo",ending="answered",class="5xx"} 1
mno_balancer_requests_total{upstream="other",ending="answered",class="2xx"} 500
mno_balancer_request_seconds_count{upstream="demo"} 7
mno_balancer_extra_tries_total{upstream="demo",kind="retry",outcome="sent"} ${String(retries)}
mno_balancer_endpoint_changes_total{upstream="demo",change="ejected"} 1
`;

export const poolList = shaped(rpm.PoolList, {
  items: [
    { name: "database", leased: 3, maximum: 10, waiting: 0 },
    { name: "demo-load", leased: 1, maximum: 1, waiting: 2 },
  ].map(({ name, leased, maximum, waiting }) => ({
    name,
    kind: "slots" as const,
    maximum,
    members: null,
    leaseSeconds: 20,
    leakAfterSeconds: null,
    leased,
    leases: leased,
    free: maximum - leased,
    waiting,
    exhaustedSince: null,
  })),
});

export const leaseDecisions = shaped(rpm.DecisionList, {
  items: [
    {
      id: "dec_00000000000000000000000001",
      time: "2026-01-01T10:00:01.000Z",
      pool: "demo-load",
      outcome: "granted",
      request: { holder: "me", count: 1, leaseSeconds: 20, site: null },
      waitedSeconds: 0,
      ahead: 0,
      maximum: 1,
      free: 1,
      holders: [],
      reasons: ["1 free, 1 asked for"],
    },
  ],
});

export const lease = shaped(rpm.LeaseAnswer, {
  id: "lse_00000000000000000000000001",
  pool: "demo-load",
  state: "active",
  slots: ["1"],
  holder: "another run",
  site: null,
  fencingToken: 1,
  decisionId: "dec_00000000000000000000000001",
  heldSeconds: 3,
  grantedAt: "2026-01-01T10:00:01.000Z",
  expiresAt: "2026-01-01T10:00:21.000Z",
  endedAt: null,
});

export const leasePage = shaped(rpm.LeasePage, { items: [lease], nextCursor: null });

export const allocation = shaped(erm.AllocationAnswer, {
  id: "alc_00000000000000000000000001",
  state: "active",
  tenant: "demo-load",
  workload: null,
  replicas: 1,
  requests: { cpuCores: 0.2, memoryBytes: GIB / 8 },
  nodes: ["n1"],
  strategy: "best-fit",
  decisionId: "dec_00000000000000000000000002",
  createdAt: "2026-01-01T10:00:02.000Z",
  expiresAt: "2026-01-01T10:00:22.000Z",
  releasedAt: null,
  releaseReason: null,
});

export const advice = shaped(items(AdviceSchema), {
  items: [
    {
      id: "adv_1",
      kind: "right-size",
      workload: "demo",
      time: "2026-01-01T09:59:00.000Z",
      state: "open",
      from: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
      to: { cpuCores: 0.25, memoryBytes: 96 * 1024 ** 2 },
      lower: { cpuCores: 0.2, memoryBytes: 80 * 1024 ** 2 },
      upper: { cpuCores: 0.4, memoryBytes: 128 * 1024 ** 2 },
      confidence: 0.62,
      expected: { cpuCoresSaved: -0.15, memoryBytesSaved: 0, shareAbove: 0.01, shareAboveNow: 0.4 },
      inputs: {
        replicas: 1,
        cpuSamples: 1000,
        days: 1,
        coverage: 1,
        vpa: { cpuCores: 0.3, memoryBytes: 96 * 1024 ** 2 },
        fleet: 1,
      },
      reasons: ["it uses more than it requests"],
      patch: "{}",
      obstacle: null,
    },
  ],
});

export const bottlenecks = shaped(items(BottleneckSchema), {
  items: [
    {
      resource: "workload demo cpu",
      score: 0.9,
      utilisation: 0.98,
      queue: null,
      waitingShare: null,
      errorShare: null,
      evidence: ["utilisation 98 % (0.098 of 0.1)"],
      doubts: [],
    },
  ],
});

const OBSERVED: Record<string, unknown> = {
  "/elastic-resource-manager/v1/capacity": capacity,
  "/elastic-resource-manager/v1/decisions?limit=20": allocationDecisions,
  "/auto-scaling-engine/v1/decisions?workload=demo&limit=20": scalingDecisions,
  "/global-load-balancer/v1/endpoints?upstream=demo": endpoints,
  "/global-load-balancer/v1/decisions?upstream=demo&limit=1": picks,
  "/resource-pool-manager/v1/pools": poolList,
  "/resource-pool-manager/v1/decisions?limit=20": leaseDecisions,
  "/performance-optimizer/v1/advice?limit=20": advice,
  "/performance-optimizer/v1/bottlenecks": bottlenecks,
  "/metrics": metrics(10, 2),
};

/** What the engines answer to `path` while all is well; undefined where there is no such route. */
export const answerTo = (path: string): unknown => OBSERVED[path];

export function answerJson(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
}

/** A platform on a free port, and its origin. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ server: Server; origin: string; close: () => void }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { server, origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, close };
}
