import assert from "node:assert/strict";
import { MnoError, type WorkloadSpec } from "../../runtime/exports";
import { systemClock } from "../../runtime/kernel/clock";
import type { WorkloadEvent } from "../../runtime/kernel/cluster/cluster";
import { Connection } from "../../runtime/kernel/cluster/kubernetes/connection";
import { KubernetesCluster } from "../../runtime/kernel/cluster/kubernetes/driver";
import { Informer, type ListWatch, WATCH_BACKOFF } from "../../runtime/kernel/cluster/kubernetes/informer";
import { type KubernetesObject, pathOf } from "../../runtime/kernel/cluster/kubernetes/objects";
import { TestNamespace } from "../support/kubernetes/test-namespace";
import { eventually } from "../support/supervisor";

const PATIENCE_MS = 90_000;

describe("Kubernetes driver: the API server fails", function () {
  this.timeout(240_000);
  let namespace: TestNamespace;
  let cluster: KubernetesCluster;

  before(async () => {
    namespace = await TestNamespace.create("failures");
    cluster = new KubernetesCluster(namespace.url);
  });
  afterEach(() => namespace.cluster.start("kube-apiserver"));
  after(async () => {
    await cluster.close();
    await namespace.delete();
  });

  const service = (name: string, change: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
    name,
    kind: "service",
    command: namespace.command("service"),
    requests: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
    replicas: 1,
    ports: [{ name: "http", port: 0 }],
    readiness: { port: "http", path: "/", periodSeconds: 1 },
    gracePeriodSeconds: 1,
    ...change,
  });
  const refusedWith =
    (code: string, message: RegExp) =>
    (error: unknown): true => {
      assert.ok(error instanceof MnoError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    };

  it("away: errors say so, and afterwards watch and list have what happened meanwhile, once", async () => {
    await cluster.apply(service("steady"));
    const stop = new AbortController();
    const events: WorkloadEvent[] = [];
    const watching = (async () => {
      for await (const event of cluster.watch(stop.signal)) events.push(event);
    })();
    const before = await eventually(() => {
      const last = events.at(-1)?.status;
      assert.equal(last?.phase, "ready");
      return last;
    }, PATIENCE_MS);
    await namespace.cluster.stop("kube-apiserver", "SIGKILL");
    await assert.rejects(
      cluster.get("steady"),
      refusedWith("MNO_CLUSTER_UNREACHABLE", /API server at https:.* does not answer/),
    );
    await assert.rejects(cluster.scale("steady", 2), refusedWith("MNO_CLUSTER_UNREACHABLE", /does not answer/));
    assert.equal((await cluster.list())[0]?.phase, "ready", "what is known serves for a while");
    // The kubelet needs no API server to start the killed process again.
    const [pid] = namespace.processes(before.replicas[0]?.name ?? "");
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await eventually(
      () => assert.rejects(cluster.list(), refusedWith("MNO_CLUSTER_UNREACHABLE", /does not answer/)),
      PATIENCE_MS,
    );
    const told = events.length;
    await namespace.cluster.start("kube-apiserver");
    await eventually(async () => {
      assert.equal(events.at(-1)?.status.replicas[0]?.restarts, 1);
      const [listed] = await cluster.list();
      assert.deepEqual(listed, events.at(-1)?.status);
    }, PATIENCE_MS);
    assert.ok(
      events.slice(told).every(({ type }) => type === "changed"),
      "nothing is told as if it were new",
    );
    await cluster.scale("steady", 0);
    await eventually(() => {
      assert.equal(events.at(-1)?.status.replicas.length, 0);
    }, PATIENCE_MS);
    stop.abort();
    await watching;
    await cluster.delete("steady");
  });

  it("forgets what a watch goes on from: it is listed anew, and only differences are told", async () => {
    const connection = new Connection({ kubeconfig: namespace.cluster.kubeconfig }, systemClock);
    const lists: string[] = [];
    const api: ListWatch = {
      json: (method, path, call) => {
        lists.push(path);
        return connection.json(method, path, call);
      },
      stream: (path, call) => connection.stream(path, call),
    };
    const changes: string[] = [];
    const informer = new Informer<KubernetesObject>({
      api,
      path: pathOf("Secret", namespace.name),
      clock: systemClock,
      random: Math.random,
      backoff: WATCH_BACKOFF,
      onChange: (old, now) => changes.push(`${old ? (now ? "~" : "-") : "+"}${(now ?? old)?.metadata?.name ?? ""}`),
    });
    try {
      await namespace.kubectl("create", "secret", "generic", "one");
      await informer.ready();
      assert.deepEqual(changes, ["+one"]);
      // A new API server keeps no history from before it began, and other kinds have moved the version on since.
      await namespace.kubectl("create", "configmap", "moves-the-version");
      await namespace.cluster.stop("kube-apiserver", "SIGKILL");
      await namespace.cluster.start("kube-apiserver");
      await namespace.kubectl("create", "secret", "generic", "two");
      await eventually(() => {
        assert.deepEqual(changes, ["+one", "+two"]);
      }, PATIENCE_MS);
      assert.equal(lists.length, 2, "the version was gone, and the list was read again");
    } finally {
      await informer.close();
      await connection.close();
    }
  });

  it("does not let two changes undo each other, nor another's field be taken", async () => {
    await cluster.apply(service("contended", { replicas: 0, scaledBy: "test" }));
    await Promise.all([
      ...[1, 2, 3].map((version) =>
        cluster.apply(
          service("contended", { replicas: 0, scaledBy: "test", environment: { VERSION: String(version) } }),
        ),
      ),
      cluster.scale("contended", 1),
    ]);
    assert.equal(
      (await cluster.get("contended"))?.desiredReplicas,
      1,
      "the scale outlives applies that come beside it",
    );
    const image = { spec: { template: { spec: { containers: [{ name: "contended", image: "other.invalid/x" }] } } } };
    await namespace.kubectl(
      "patch",
      "deployment",
      "contended",
      "--patch",
      JSON.stringify(image),
      "--field-manager=gitops",
    );
    await assert.rejects(
      cluster.apply(service("contended", { replicas: 0, scaledBy: "test" })),
      refusedWith("MNO_WORKLOAD_CONFLICT", /image belongs to gitops/),
    );
    await cluster.delete("contended");
  });

  it("leaves what others made to them, but scales and suspends it", async () => {
    await namespace.kubectl("create", "deployment", "theirs", "--image=none.invalid/x", "--replicas=0");
    await assert.rejects(
      cluster.apply(service("theirs")),
      refusedWith("MNO_WORKLOAD_CONFLICT", /made by kubectl-create/),
    );
    await assert.rejects(cluster.delete("theirs"), refusedWith("MNO_WORKLOAD_CONFLICT", /made by kubectl-create/));
    assert.equal((await cluster.scale("theirs", 2)).desiredReplicas, 2);
    const suspended = await cluster.suspend("theirs");
    assert.deepEqual([suspended.phase, suspended.desiredReplicas], ["suspended", 2]);
    assert.equal((await cluster.scale("theirs", 3)).phase, "suspended");
    assert.equal((await cluster.resume("theirs")).desiredReplicas, 3);
    assert.equal(await namespace.kubectl("get", "deployment", "theirs", "--output", "jsonpath={.spec.replicas}"), "3");
  });

  it("refuses what admission refuses, and a workload without an image", async () => {
    const direct = service("direct", { ports: [{ name: "http", port: 0, direct: true }] });
    await cluster.apply(direct);
    await eventually(async () => {
      assert.equal((await cluster.get("direct"))?.phase, "degraded", "Pod Security forbids host ports");
    }, PATIENCE_MS);
    await cluster.delete("direct");
    const without = new KubernetesCluster(`kubernetes:${namespace.name}?kubeconfig=${namespace.cluster.kubeconfig}`);
    try {
      await assert.rejects(without.apply(service("none")), refusedWith("MNO_WORKLOAD_INVALID", /\/image is required/));
      assert.equal(await without.get("none"), undefined);
    } finally {
      await without.close();
    }
  });
});
