import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { clusterUp } from "../../tools/cluster/cluster";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { planNetwork } from "../../tools/cluster/plan";
import { collectCrds } from "../../tools/crds/collect";
import { ensureKubernetesProvider } from "../../tools/toolchain/kubernetes";
import { Flow } from "../support/kubernetes/flow";
import { type AnyObject, Objects } from "../support/kubernetes/objects";
import { PlatformStack } from "../support/kubernetes/platform-stack";
import { StandIns } from "../support/kubernetes/stand-ins";
import { WorkloadStack } from "../support/kubernetes/workload-stack";
import { finished, type Run } from "../support/platform";
import { eventually } from "../support/supervisor";

const NAMESPACE = "mno-failures";
const OUTAGE_MS = 60_000;
const ports = [{ name: "http", port: 80 }];
const refused = ({ code, output }: Run, ...says: RegExp[]): void => {
  assert.notEqual(code, 0, output);
  for (const each of says) assert.match(output, each);
};

/** What a user reads when the cluster fails under Pulumi, and that the next `up` puts everything right. */
describe("failures under `pulumi up`", function () {
  this.timeout(300_000);
  let cluster: OwnCluster;
  let objects: Objects;
  let stack: WorkloadStack;
  let monitored: WorkloadStack;
  let missing: Promise<Run>;

  const several = (version: string): Record<string, object> =>
    Object.fromEntries(
      ["a", "b", "c", "d"].map((name) => {
        const files = [{ name: "settings", mountPath: "/settings", contents: { version } }];
        return [name, { replicas: 0, ports, files, secretEnvironment: { TOKEN: `${name} ${version}` } }];
      }),
    );
  const started = (name: RegExp): Promise<void> =>
    eventually(async () => {
      const maps = await objects.list("v1", "ConfigMap", NAMESPACE);
      assert.ok(maps.some(({ metadata }) => name.test(metadata?.name ?? "")));
    }, 60_000);

  before(async () => {
    await ensureKubernetesProvider(() => undefined);
    cluster = await clusterUp();
    objects = new Objects(cluster.kubeconfig);
    const monitors = "podmonitors.monitoring.coreos.com";
    await cluster.kubectl(["delete", "crd", monitors, "--ignore-not-found"]);
    monitored = await WorkloadStack.create(cluster, objects, `${NAMESPACE}-monitored`);
    monitored.declare({ web: { replicas: 0, ports, metrics: { port: "http" } } });
    // The provider looks for a missing kind for a minute; the tests before its own need not wait.
    missing = monitored.up();
    stack = await WorkloadStack.create(cluster, objects, NAMESPACE);
    stack.declare({});
    await stack.converges();
  });
  after(async () => {
    await cluster.start("etcd");
    await cluster.start("kube-apiserver");
    await missing;
    await monitored?.remove();
    await stack?.remove();
  });

  describe("an immutable field changes", () => {
    const disk = (sizeBytes: number, more: object = {}): Record<string, object> => ({
      data: {
        kind: "stateful",
        replicas: 0,
        ports,
        storage: [{ name: "disk", mountPath: "/disk", sizeBytes }],
        ...more,
      },
    });
    const claim: AnyObject = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "disk-data-0", namespace: NAMESPACE, labels: { "app.kubernetes.io/name": "data" } },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    };
    const uids = async (): Promise<(string | undefined)[]> => [
      (await objects.get("apps/v1", "StatefulSet", "data", NAMESPACE))?.metadata?.uid,
      (await objects.get("v1", "PersistentVolumeClaim", "disk-data-0", NAMESPACE))?.metadata?.uid,
    ];

    it("of what holds data: preview and up refuse, protected or not, and the disks stay", async () => {
      stack.declare(disk(2 ** 20));
      await stack.converges();
      await objects.apply(claim);
      const before = await uids();
      assert.ok(before.every((uid) => uid !== undefined));
      stack.declare(disk(2 ** 21));
      const remedy = /StatefulSet data: volumeClaimTemplates, .* cannot change in place, and its disks hold data/;
      const protection = /unable to replace resource .*StatefulSet::data[^]*marked for protection/;
      refused(await stack.preview(), remedy, protection);
      refused(await stack.up(), protection);
      // What Pulumi advises, followed: the preview of the same command still stands before it.
      stack.declare(disk(2 ** 21, { protect: false }));
      refused(await stack.preview(), remedy);
      assert.deepEqual(await uids(), before);
    });

    it("is possible the documented way, with the disks kept", async () => {
      const [, before] = await uids();
      stack.declare(disk(2 ** 21));
      await cluster.kubectl(["-n", NAMESPACE, "delete", "statefulset", "data", "--cascade=orphan"]);
      const { code, output } = await stack.refresh();
      assert.equal(code, 0, output);
      await stack.converges();
      const data = await objects.get("apps/v1", "StatefulSet", "data", NAMESPACE);
      assert.equal(data?.spec.volumeClaimTemplates[0].spec.resources.requests.storage, "2Mi");
      assert.equal((await uids())[1], before);
      await objects.delete(claim);
    });

    it("of a Job and of immutable files: they are replaced, without a left-over", async () => {
      const change = (version: string): void =>
        stack.declare({
          ...disk(2 ** 21),
          ...several(version),
          job: { kind: "job", suspended: true, args: [version] },
        });
      change("one");
      await stack.converges();
      change("two");
      assert.match(await stack.converges(), /9 replaced/);
      const job = await objects.get("batch/v1", "Job", "job", NAMESPACE);
      assert.deepEqual(job?.spec.template.spec.containers[0].args, ["two"]);
      assert.deepEqual(await stack.orphans(), []);
    });

    it("because the object is another's: it is refused, and left as it is", async () => {
      await cluster.kubectl(["-n", NAMESPACE, "create", "deployment", "web", "--image=none.invalid/x", "--replicas=0"]);
      stack.declare({ ...disk(2 ** 21), web: { replicas: 0, ports } });
      refused(await stack.up(), /Deployment web: kubectl-create declared fields of this object/, /- \.spec\.selector/);
      const theirs = await objects.get("apps/v1", "Deployment", "web", NAMESPACE);
      assert.equal(theirs?.spec.template.spec.containers[0].image, "none.invalid/x");
      await cluster.kubectl(["-n", NAMESPACE, "delete", "deployment", "web"]);
      await stack.converges();
    });
  });

  it("a webhook does not answer: preview and up name it and the way out; without it, up converges", async () => {
    const server = createServer();
    server.listen(0, planNetwork(cluster.plan)?.host);
    await once(server, "listening");
    const url = `https://${planNetwork(cluster.plan)?.host ?? ""}:${String((server.address() as AddressInfo).port)}/`;
    const silent: AnyObject = webhook("silent", url, NAMESPACE);
    try {
      await objects.apply(silent);
      await eventually(async () => {
        await assert.rejects(objects.apply(probe(NAMESPACE), { dryRun: true }), /silent\.example\.com/);
      }, 30_000);
      stack.declare(several("two"));
      const says = [
        /failed calling webhook "silent\.example\.com"/,
        /silent\.example\.com does not answer.* delete its conf/,
      ];
      refused(await stack.preview(), ...says);
      refused(await stack.up(), ...says);
    } finally {
      await objects.delete(silent);
      server.close();
    }
    await eventually(() => objects.apply(probe(NAMESPACE), { dryRun: true }), 30_000);
    await stack.converges();
    assert.deepEqual(await stack.orphans(), []);
  });

  it("a kind is missing: the message names it and what installs it; with the definitions, up converges", async () => {
    const { directory } = await collectCrds(() => undefined);
    refused(
      await missing,
      /no matches for kind "PodMonitor" in version "monitoring\.coreos\.com\/v1"/,
      /PodMonitor web: the cluster does not know the kind PodMonitor of monitoring\.coreos\.com\/v1\. .*"prometheus-operator"/,
    );
    monitored.declare({ web: { replicas: 0, ports, metrics: { port: "http" } } }, { crds: directory });
    await monitored.converges();
    assert.ok(await objects.get("monitoring.coreos.com/v1", "PodMonitor", "web", monitored.namespace));
  });

  for (const [signal, version] of [
    ["SIGTERM", "three"],
    ["SIGKILL", "four"],
  ] as const) {
    // prettier-ignore
    it(`etcd is restarted by ${signal} in the middle: up says so or succeeds, and the next converges`, async () => {
      stack.declare({});
      await stack.converges();
      stack.declare(several(version));
      const up = finished(stack.startUp());
      await started(/-settings-/);
      await cluster.stop("etcd", signal);
      await cluster.start("etcd");
      const { code, output } = await up;
      if (code !== 0) assert.match(output, /the API server or its etcd went away meanwhile/);
      await stack.converges();
      // What was made, but not answered, under a name that Pulumi made up, is left over; it says which that can be.
      for (const orphan of await stack.orphans()) assert.ok(output.includes(`::${orphan.replace(/-[^-]+$/, "")}"`), output);
    });
  }

  it("up is killed in the middle: the stack says it is locked; cancel and up converge", async () => {
    stack.declare({});
    await stack.converges();
    stack.declare(several("five"));
    const up = stack.startUp();
    const ended = once(up, "exit");
    await started(/-settings-/);
    up.kill("SIGKILL");
    await ended;
    refused(await stack.up(), /currently locked by 1 lock.*pulumi cancel/);
    const { code, output } = await stack.cancel();
    assert.equal(code, 0, output);
    // What was begun may exist under a name that Pulumi made up; no pod can refer to it yet.
    const begun = ((await stack.state()).pending_operations ?? []).map(
      ({ resource }) => resource.inputs?.metadata?.name,
    );
    for (const orphan of await stack.orphans()) {
      assert.ok(begun.includes(orphan), `${orphan} is among what was begun: ${begun.join(", ")}`);
      await cluster.kubectl(["-n", NAMESPACE, "delete", "configmap,secret", orphan, "--ignore-not-found"]);
    }
    const cleared = await stack.refresh("--clear-pending-creates");
    assert.equal(cleared.code, 0, cleared.output);
    assert.doesNotMatch(await stack.converges(), /pending operations/);
    assert.deepEqual(await stack.orphans(), []);
  });

  describe("the API server is away for a minute under the running platform", () => {
    const namespace = `${NAMESPACE}-platform`;
    let platform: PlatformStack;
    let standIns: StandIns;
    let flow: Flow;

    before(async () => {
      platform = await PlatformStack.create(cluster, namespace);
      standIns = new StandIns(objects, namespace, platform.images.postgres);
      platform.configure({ profile: "minimal" });
      const { code, output } = await platform.up();
      assert.equal(code, 0, output);
      flow = await Flow.open(objects, platform, namespace);
    });
    after(async () => {
      await cluster.start("kube-apiserver");
      await platform?.destroy();
      await standIns?.close();
      await objects.removeNamespace(namespace);
      await platform?.close();
    });

    it("the agents live on, grant, say what they lack, and act once when it is back", async () => {
      const service = await objects.get("v1", "Service", "platform", namespace);
      const url = `http://${String(service?.spec.clusterIP)}:${String(service?.spec.ports[0].port)}`;
      const lives = async (): Promise<unknown> => {
        const pod = await objects.get("v1", "Pod", "platform-0", namespace);
        return [pod?.metadata?.uid, pod?.status?.containerStatuses[0].restartCount];
      };
      const life = await lives();
      const generation = (await flow.deployment("demo")).metadata?.generation ?? NaN;

      await cluster.stop("kube-apiserver", "SIGKILL");
      const backAt = Date.now() + OUTAGE_MS;
      const { status, body } = await flow.ask<{ id: string }>("elastic-resource-manager", "/v1/allocations", {
        tenant: "test",
        workload: "demo",
        replicas: 3,
        requests: { cpuCores: 0.05, memoryBytes: 96 * 2 ** 20 },
      });
      assert.equal(status, 201, JSON.stringify(body));
      const reasons = new Set<string>();
      while (Date.now() < backAt) {
        assert.equal((await fetch(`${url}/healthz`)).status, 200);
        const ready = await fetch(`${url}/readyz`);
        if (ready.status !== 200) reasons.add(await ready.text());
        await sleep(1000);
      }
      await cluster.start("kube-apiserver");
      for (const reason of reasons) assert.match(reason, /API server|MNO_CLUSTER/);

      await eventually(async () => {
        assert.equal((await flow.deployment("demo")).spec.replicas, 3);
      }, 120_000);
      assert.equal((await flow.deployment("demo")).metadata?.generation, generation + 1, "it was scaled once");
      // Kubernetes' own controllers wait out a back-off of theirs otherwise.
      for (const name of ["kube-controller-manager", "kube-scheduler", "kubelet"] as const) await cluster.restart(name);
      await eventually(async () => {
        assert.equal((await flow.deployment("demo")).status.readyReplicas, 3);
        assert.equal((await fetch(`${url}/readyz`)).status, 200);
      }, 120_000);
      assert.deepEqual(await lives(), life, "nothing was restarted");
      await flow.release(body.id);
      await eventually(async () => {
        assert.equal((await flow.deployment("demo")).spec.replicas, 1);
      }, 90_000);
    });
  });
});

/** A webhook for every Deployment of the namespace. */
function webhook(name: string, url: string, namespace: string): AnyObject {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: { url },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["*"], resources: ["deployments"] }],
        sideEffects: "None",
        failurePolicy: "Fail",
        timeoutSeconds: 1,
        admissionReviewVersions: ["v1"],
      },
    ],
  } as AnyObject;
}

/** A Deployment to ask the API server about. */
function probe(namespace: string): AnyObject {
  const labels = { app: "probe" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "probe", image: "none.invalid/x" }] } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "probe", namespace }, spec };
}
