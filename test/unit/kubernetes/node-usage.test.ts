import assert from "node:assert/strict";
import { ManualClock } from "../../../runtime/kernel/clock";
import { ApiError } from "../../../runtime/kernel/cluster/kubernetes/api-error";
import type { Call } from "../../../runtime/kernel/cluster/kubernetes/connection";
import type { ListWatch } from "../../../runtime/kernel/cluster/kubernetes/informer";
import { NodeUsageReader } from "../../../runtime/kernel/cluster/kubernetes/node-usage";
import type { Pod } from "../../../runtime/kernel/cluster/kubernetes/objects";
import { ownerName } from "../../../runtime/kernel/cluster/kubernetes/pod-owner";
import { slimPod } from "../../../runtime/kernel/cluster/kubernetes/slim-pod";

type Owner = { kind: string; name: string };

const pod = (
  name: string,
  namespace: string,
  node: string | undefined,
  owner?: Owner,
  labels = {},
  cpu = "100m",
): Pod => ({
  metadata: {
    name,
    namespace,
    uid: name,
    resourceVersion: "1",
    labels,
    ...(owner && { ownerReferences: [{ ...owner, apiVersion: "v1", uid: "1", controller: true }] }),
  },
  spec: { nodeName: node, containers: [{ name: "c", env: [{ name: "A" }], resources: { requests: { cpu } } }] },
});

/** An API server with pods of one namespace, and a metrics server behind it. */
class FakeApi implements ListWatch {
  pods: Pod[] = [];
  nodeCores: Record<string, string> = { n1: "1500m" };
  podCores: Record<string, string> = {};
  fault: Error | undefined;
  readonly asked: string[] = [];

  async json<T>(_method: "GET", path: string): Promise<T> {
    if (path === "/api/v1/namespaces/own/pods") return { metadata: { resourceVersion: "1" }, items: this.pods } as T;
    this.asked.push(path);
    if (this.fault) throw this.fault;
    const nodes = Object.entries(this.nodeCores).map(([name, cpu]) => ({ metadata: { name }, usage: { cpu } }));
    const pods = Object.entries(this.podCores).map(([key, cpu]) => {
      const [namespace, name] = key.split("/");
      return { metadata: { name, namespace }, containers: [{ usage: { cpu } }, { usage: { cpu: "1m" } }] };
    });
    return { items: path.endsWith("/nodes") ? nodes : pods } as T;
  }

  async stream(_path: string, { signal }: Call): Promise<AsyncIterable<Buffer>> {
    return (async function* () {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      yield* [];
    })();
  }
}

describe("use of nodes on Kubernetes", () => {
  let api: FakeApi;
  let clock: ManualClock;
  let strangers: Pod[];
  let reader: NodeUsageReader;
  beforeEach(() => {
    api = new FakeApi();
    clock = new ManualClock(1_000_000);
    strangers = [];
    reader = new NodeUsageReader(api, "own", { strangersPods: async () => strangers }, clock, () => 0.5);
  });
  afterEach(() => reader.close());

  it("has every pod with its use, its workload and its tenant, whatever its namespace", async () => {
    api.pods = [
      pod(
        "web-5d-abc",
        "own",
        "n1",
        { kind: "ReplicaSet", name: "web-5d" },
        {
          "pod-template-hash": "5d",
          "machine-native-ops/tenant": "acme",
        },
      ),
      pod("waits", "own", undefined),
    ];
    strangers = [pod("dns", "kube-system", "n2")];
    api.podCores = { "own/web-5d-abc": "250m" };
    assert.deepEqual(await reader.read(), [
      {
        node: "n1",
        cpuCores: 1.5,
        pods: [
          {
            name: "web-5d-abc",
            namespace: "own",
            workload: "web",
            tenant: "acme",
            requestedCores: 0.1,
            cpuCores: 0.251,
          },
        ],
      },
      {
        node: "n2",
        cpuCores: undefined,
        pods: [
          {
            name: "dns",
            namespace: "kube-system",
            workload: "kube-system/dns",
            tenant: null,
            requestedCores: 0.1,
            cpuCores: undefined,
          },
        ],
        fault: "the metrics server does not know node n2",
      },
    ]);
  });

  it("asks as often as metrics servers sample, and no more", async () => {
    await reader.read();
    await clock.advance(14_000);
    await reader.read();
    assert.deepEqual(api.asked.length, 2);
    await clock.advance(1_000);
    await reader.read();
    assert.deepEqual(api.asked.length, 4);
    assert.deepEqual(
      new Set(api.asked),
      new Set(["nodes", "pods"].map((kind) => `/apis/metrics.k8s.io/v1beta1/${kind}`)),
    );
  });

  it("keeps the last reading for two minutes, then has none, and says why both times", async () => {
    await reader.read();
    api.fault = new ApiError(503, { message: "service unavailable" }, "GET /apis/metrics.k8s.io");
    await clock.advance(120_000);
    const [held] = await reader.read();
    assert.equal(held!.cpuCores, 1.5);
    assert.match(held!.fault!, /no metrics server answers: .*service unavailable/);
    await clock.advance(15_000);
    api.pods = [pod("web", "own", "n1")];
    assert.deepEqual(await reader.read(), []);
    api.fault = undefined;
    await clock.advance(15_000);
    const [back] = await reader.read();
    assert.deepEqual([back!.cpuCores, back!.fault], [1.5, undefined]);
  });

  it("takes what is no quantity for no answer", async () => {
    api.nodeCores = { n1: "much" };
    strangers = [pod("dns", "kube-system", "n1")];
    const [usage] = await reader.read();
    assert.equal(usage!.cpuCores, undefined);
    assert.match(usage!.fault!, /"much" is not a quantity/);
  });

  it("tells which right is missing, and asks again at once", async () => {
    const message =
      'nodes.metrics.k8s.io is forbidden: User "u" cannot list resource "nodes" in API group "metrics.k8s.io"';
    api.fault = new ApiError(403, { message }, "GET /apis/metrics.k8s.io/v1beta1/nodes");
    await assert.rejects(reader.read(), {
      code: "MNO_CLUSTER_FORBIDDEN",
      message: /resources \["nodes"\], verbs \["list"\]/,
    });
    api.fault = undefined;
    assert.equal((await reader.read()).length, 1);
  });

  it("calls pods by what made them", () => {
    const named = (name: string, owner?: Owner, labels = {}): string =>
      ownerName(slimPod(pod(name, "x", "n1", owner, labels)));
    assert.equal(named("web-5d-abc", { kind: "ReplicaSet", name: "web-5d" }, { "pod-template-hash": "5d" }), "web");
    assert.equal(named("rs-abc", { kind: "ReplicaSet", name: "rs" }), "rs");
    assert.equal(named("db-0", { kind: "StatefulSet", name: "db" }), "db");
    assert.equal(named("proxy-x7", { kind: "DaemonSet", name: "proxy" }), "proxy");
    assert.equal(named("backup-29000000-x", { kind: "Job", name: "backup-29000000" }), "backup");
    assert.equal(named("once-x", { kind: "Job", name: "once" }), "once");
    assert.equal(named("etcd-n1", { kind: "Node", name: "n1" }), "etcd");
    assert.equal(named("bare"), "bare");
  });

  it("keeps of a pod what is asked of it", () => {
    const slim = slimPod(
      pod("web", "own", "n1", { kind: "Job", name: "j" }, { "pod-template-hash": "5d", other: "x" }),
    );
    assert.deepEqual(slim.metadata?.labels, { "pod-template-hash": "5d" });
    assert.deepEqual(slim.spec?.containers, [
      { name: "c", resources: { requests: { cpu: "100m" } }, restartPolicy: undefined },
    ]);
  });
});
