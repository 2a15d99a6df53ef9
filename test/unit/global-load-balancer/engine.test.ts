import assert from "node:assert/strict";
import type { ReplicaPhase, WorkloadEvent, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import { Discovery, replicaEndpoints } from "../../../runtime/scalability/global-load-balancer/discovery";
import { Upstream } from "../../../runtime/scalability/global-load-balancer/engine";
import type { SourcedEndpoint } from "../../../runtime/scalability/global-load-balancer/member";
import { renderEds } from "../../../runtime/scalability/global-load-balancer/mesh";
import { validateUpstream } from "../../../runtime/scalability/global-load-balancer/validate";
import { silent } from "../auto-scaling-engine/fakes";
import { replica } from "../auto-scaling-engine/support";

const placement = { region: "eu", zone: "eu-1" };
let state = 7;
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;

const endpoint = (id: string, changes: object = {}) => ({
  id,
  address: `10.0.0.1:${String(8000 + id.charCodeAt(0))}`,
  ...changes,
});

/** Parts of 10,000 picks, by `of`, rounded to hundredths. */
function parts(upstream: Upstream, of: (id: string) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let now = 0; now < 10_000; now += 1) {
    const member = upstream.pick({ now });
    const key = typeof member === "string" ? member : of(member.id);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, Math.round(count / 100) / 100]));
}

const near = (value: number | undefined, wanted: number): void =>
  assert.ok(Math.abs((value ?? 0) - wanted) <= 0.02, `${String(value)} is not ${String(wanted)}`);

describe("global load balancer: engine", () => {
  it("regions stand in for each other in their order, as far as the own one falls short", () => {
    const endpoints = ["eu", "us", "ap"].flatMap((region) =>
      ["a", "b", "c", "d"].map((id) => endpoint(`${region}-${id}`, { region, address: `${region}-${id}:80` })),
    );
    const spec = validateUpstream({
      name: "web",
      endpoints,
      policy: { name: "random" },
      health: { unhealthyThreshold: 1 },
      locality: { regions: ["us", "ap"] },
    });
    const upstream = new Upstream(spec, { placement, random }, 0);
    const region = (id: string): string => id.slice(0, 2);
    assert.deepEqual(parts(upstream, region), { eu: 1 });
    upstream.probed("eu-a", "down", 1);
    assert.deepEqual(parts(upstream, region), { eu: 1 }, "three of four still suffice");
    upstream.probed("eu-b", "down", 1);
    const half = parts(upstream, region);
    near(half.eu, 0.7);
    near(half.us, 0.3);
    for (const id of ["eu-c", "eu-d"]) upstream.probed(id, "down", 1);
    assert.deepEqual(parts(upstream, region), { us: 1 });
    for (const id of ["us-a", "us-b", "us-c", "us-d"]) upstream.probed(id, "down", 1);
    assert.deepEqual(parts(upstream, region), { ap: 1 });
    for (const id of ["ap-a", "ap-b", "ap-c", "ap-d"]) upstream.probed(id, "down", 1);
    assert.equal(Object.keys(parts(upstream, region)).length, 3, "in panic everything is tried");
    assert.ok(upstream.pools.every(({ panic }) => panic));
    assert.equal(upstream.unfit(upstream.members.get("eu-a")!)?.reason, "down");
  });

  it("the own zone first, as far as its part of the capacity goes", () => {
    const zones = ["1", "1", "1", "2", "2", "2", "2", "2", "2"].map((zone, index) =>
      endpoint(String.fromCharCode(97 + index), { zone: `eu-${zone}` }),
    );
    const spec = validateUpstream({ name: "web", endpoints: zones, policy: { name: "random" } });
    const found = parts(new Upstream(spec, { placement, random }, 0), (id) => (id <= "c" ? "own" : "other"));
    near(found.own, 2 / 3);
    near(found.other, 1 / 3);
    const few = validateUpstream({ name: "web", endpoints: zones.slice(2, 5), policy: { name: "random" } });
    near(parts(new Upstream(few, { placement, random }, 0), (id) => id).c, 1 / 3);
  });

  it("a priority is for Envoy what it is here, whatever the numbers are", () => {
    const spec = validateUpstream({
      name: "web",
      endpoints: [
        endpoint("a", { priority: 7, weight: 1.5 }),
        endpoint("b", { priority: 2, weight: 1, region: "eu", zone: "eu-1" }),
        endpoint("c", { priority: 2, weight: 2, region: "eu", zone: "eu-1", draining: true }),
      ],
    });
    const { endpoints, policy } = renderEds(new Upstream(spec, { placement, random }, 0)) as {
      endpoints: { priority: number; load_balancing_weight: number; lb_endpoints: { health_status: string }[] }[];
      policy: { overprovisioning_factor: number };
    };
    assert.deepEqual(
      endpoints.map(({ priority, load_balancing_weight: weight, lb_endpoints: each }) => [
        priority,
        weight,
        each.map(({ health_status: health }) => health),
      ]),
      [
        [1, 150, ["HEALTHY"]],
        [0, 300, ["HEALTHY", "DRAINING"]],
      ],
    );
    assert.equal(policy.overprovisioning_factor, 140);
  });

  const workload = (...phases: ReplicaPhase[]): WorkloadStatus => ({
    spec: {
      name: "demo",
      kind: "service",
      command: ["node"],
      requests: { cpuCores: 1, memoryBytes: 1 },
      replicas: phases.length,
      ports: [
        { name: "http", port: 0 },
        { name: "admin", port: 0 },
      ],
    },
    generation: 1,
    phase: "ready",
    desiredReplicas: phases.length,
    readyReplicas: phases.length,
    endpoints: {},
    replicas: phases.map((phase, index) => ({
      ...replica(`demo-${String(index)}`, { phase, node: "n" }),
      endpoints: { http: `127.0.0.1:${String(9000 + index)}`, admin: `127.0.0.1:${String(9100 + index)}` },
      ...(phase === "unready" ? { reason: "its probe failed" } : {}),
    })),
  });

  it("replicas: ready ones serve, unready ones count as lost capacity, stopping ones drain, others do not exist yet", () => {
    const source = { name: "demo", weight: 2, priority: 1, port: "admin", region: "eu" };
    const status = workload("ready", "unready", "stopping", "starting", "backoff", "failed");
    const found = replicaEndpoints(source, status, () => undefined);
    assert.deepEqual(
      found.map(({ id, address, draining, unready }) => [id, address, draining, unready]),
      [
        ["demo-0", "127.0.0.1:9100", false, undefined],
        ["demo-1", "127.0.0.1:9101", false, "its probe failed"],
        ["demo-2", "127.0.0.1:9102", true, undefined],
      ],
    );
    assert.deepEqual(
      replicaEndpoints({ ...source, port: "none" }, status, () => undefined),
      [],
    );
  });

  it("discovery: a broken watch leaves the endpoints as they are, and begins again; nodes may stay unknown", async () => {
    let watches = 0;
    const published: (readonly SourcedEndpoint[])[] = [];
    const stop = new AbortController();
    const discovery = new Discovery(
      {
        cluster: () =>
          ({
            nodes: () => Promise.reject(new Error("not allowed")),
            async *watch(): AsyncIterable<WorkloadEvent> {
              watches += 1;
              if (watches === 2) throw new Error("gone");
              yield { type: "changed", status: workload(...Array<ReplicaPhase>(watches).fill("ready")) };
              if (watches === 3) yield { type: "deleted", status: workload() };
            },
          }) as never,
        log: silent,
        upstreams: () => [validateUpstream({ name: "web", workloads: [{ name: "demo" }] })],
        publish: (_upstream, endpoints) => void published.push(endpoints),
      },
      stop.signal,
    );
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const expected of [1, 1, 0]) {
      await discovery.refresh();
      await settled();
      assert.equal(published.at(-1)?.length, expected);
    }
    assert.equal(watches, 3);
    assert.ok(published.some((endpoints) => endpoints.length === 3));
  });
});
