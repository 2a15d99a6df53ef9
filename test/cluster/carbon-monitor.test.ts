import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { AGENT_PERMISSIONS } from "../../runtime/exports";
import type { NodeUsage } from "../../runtime/kernel/cluster/cluster";
import { KubernetesCluster } from "../../runtime/kernel/cluster/kubernetes/driver";
import { systemClock } from "../../runtime/kernel/clock";
import { toMicrograms, toNanoKwh } from "../../runtime/kernel/energy/exact";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import type { EnergyRecord } from "../../runtime/sustainability/carbon-monitor/record";
import { THIS_SYSTEM, checkRequirements } from "../../tools/cluster/requirements";
import { MetricsServer } from "../support/kubernetes/metrics-server";
import { type AnyObject, Objects } from "../support/kubernetes/objects";
import { TestNamespace } from "../support/kubernetes/test-namespace";
import { eventually } from "../support/supervisor";
import { silent, startAgent, type StartedAgent } from "../unit/carbon-monitor/support";

/** Simulated pods use nothing, and nobody counts it. */
const { blockers, packages } = checkRequirements(THIS_SYSTEM);
const ARE_PODS_REAL = process.env.MNO_CLUSTER_PODS !== "kwok" && blockers.length + packages.length === 0;

const BUSY =
  "for (;;) { const end = Date.now() + 50; while (Date.now() < end); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); }";

if (ARE_PODS_REAL) {
  describe("carbon monitor on Kubernetes", function () {
    this.timeout(180_000);
    const folder = mkdtempSync(join(tmpdir(), "mno-carbon-"));
    let own: TestNamespace;
    let strangers: TestNamespace;
    let objects: Objects;
    let metrics: MetricsServer;
    let applied: AnyObject[] = [];
    let cluster: KubernetesCluster;
    let database: Database;
    let agent: StartedAgent<KubernetesCluster>;
    /** Moved on, so that a reading of some seconds ago is an old one. */
    let ahead = 0;
    const clock = { ...systemClock, now: () => Date.now() + ahead };

    const run = async (namespace: TestNamespace, name: string, labels: Record<string, string> = {}): Promise<void> => {
      const maker = new KubernetesCluster(namespace.url);
      try {
        await maker.apply({
          name,
          kind: "service",
          command: [namespace.command("service")[0]!, "-e", BUSY],
          requests: { cpuCores: 0.05, memoryBytes: 64 * 1024 ** 2 },
          replicas: 1,
          labels,
        });
      } finally {
        await maker.close();
      }
      await namespace.kubectl("rollout", "status", `deployment/${name}`, "--timeout=90s");
    };

    /** The engine's own rights, and no others. */
    const asMonitor = async (): Promise<KubernetesCluster> => {
      const name = `${own.name}-carbon-monitor`;
      const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
      const { clusterWide } = AGENT_PERMISSIONS["carbon-monitor"];
      const subjects = [{ kind: "ServiceAccount", name: "carbon-monitor", namespace: own.name }];
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
      await apply(
        {
          ...rbac,
          kind: "ClusterRole",
          metadata: { name },
          rules: clusterWide.map(({ reason: _, ...rule }) => rule),
        } as AnyObject,
        { ...rbac, kind: "ClusterRoleBinding", metadata: { name }, roleRef, subjects } as AnyObject,
      );
      const config = parse(readFileSync(own.cluster.kubeconfig, "utf8")) as { users: { user: { as?: string } }[] };
      for (const { user } of config.users) user.as = `system:serviceaccount:${own.name}:carbon-monitor`;
      const kubeconfig = join(folder, "kubeconfig");
      writeFileSync(kubeconfig, stringify(config));
      return new KubernetesCluster(`kubernetes:${own.name}?kubeconfig=${kubeconfig}`, clock);
    };
    const apply = async (...all: AnyObject[]): Promise<void> => {
      for (const object of all) await objects.apply(object);
      applied = [...all, ...applied];
    };

    before(async () => {
      [own, strangers] = [await TestNamespace.create("carbon"), await TestNamespace.create("carbon-strangers")];
      objects = new Objects(own.cluster.kubeconfig);
      await Promise.all([run(own, "web", { "machine-native-ops/tenant": "acme" }), run(strangers, "web")]);
      const [node] = await objects.list("v1", "Node");
      metrics = await MetricsServer.start(own.cluster, own.name, node?.metadata?.name ?? "");
      cluster = await asMonitor();
      database = await openDatabase("pglite:memory", { log: silent });
    });
    after(async () => {
      await agent?.stop();
      await cluster?.close();
      await database?.close();
      for (const object of applied) await objects.delete(object);
      await Promise.all([own.delete(), strangers.delete(), metrics?.close()]);
      rmSync(folder, { recursive: true });
    });

    const only = async (): Promise<NodeUsage> => {
      ahead += 20_000;
      const [usage, ...more] = await cluster.usage();
      assert.ok(usage);
      assert.equal(more.length, 0);
      return usage;
    };

    it("without a metrics server says so, and knows every pod all the same", async () => {
      const { fault, cpuCores, pods } = await eventually(only);
      assert.match(fault ?? "", /no metrics server answers: .*metrics\.k8s\.io/);
      assert.equal(cpuCores, undefined);
      const web = pods.filter(({ workload }) => /(^|carbon-strangers-.*)web$/.test(workload));
      assert.deepEqual(
        web.map((pod) => [pod.namespace, pod.workload, pod.tenant, pod.requestedCores, pod.cpuCores]).sort(),
        [
          [own.name, "web", "acme", 0.05, undefined],
          [strangers.name, `${strangers.name}/web`, null, 0.05, undefined],
        ].sort(),
      );
      const listed = (await objects.list("v1", "Pod")).filter(
        ({ status, spec }) => status?.phase === "Running" && spec?.nodeName,
      );
      assert.deepEqual(
        new Set(pods.map(({ namespace, name }) => `${namespace}/${name}`)),
        new Set(listed.map(({ metadata }) => `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`)),
      );
    });

    it("with one has the use of the node and of each pod, whoever's it is", async () => {
      await apply(...metrics.manifests());
      await eventually(async () => {
        const known = await metrics.sample();
        assert.ok(known.includes(""), "the kubelet counts the node");
        assert.equal(known.filter((pod) => /^carbon.*\/web-/.test(pod)).length, 2, "and both pods");
      }, 90_000);
      const {
        fault,
        cpuCores = 0,
        pods,
      } = await eventually(async () => {
        const usage = await only();
        assert.equal(usage.fault, undefined);
        return usage;
      }, 60_000);
      assert.equal(fault, undefined);
      const web = pods.filter(({ namespace }) => namespace === own.name || namespace === strangers.name);
      assert.equal(web.length, 2);
      for (const pod of web)
        assert.ok((pod.cpuCores ?? 0) > 0.05, `${pod.workload} works: ${String(pod.cpuCores)} cores`);
      const sum = pods.reduce((all, pod) => all + (pod.cpuCores ?? 0), 0);
      assert.ok(sum < cpuCores * 1.2, `pods use ${String(sum)} of the node's ${String(cpuCores)} cores`);
    });

    it("records the node, and the energies of its pods and the system sum to it to the last digit", async () => {
      agent = await startAgent(database, { MNO_CARBON_RECORD_SECONDS: "10" }, { cluster });
      await agent.lead();
      ahead += 20_000;
      await agent.pass(10);
      const { body } = await agent.call("GET", "/v1/records?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z");
      const [record] = (body as { items: EnergyRecord[] }).items;
      assert.ok(record);
      assert.equal(record.method, "ccf-linear");
      assert.match(record.factors.modelSource, /unknown processor: mean of all architectures/);
      assert.ok((record.uncertaintyPercent ?? 0) > 125, "wider than of a known one");
      assert.equal(record.factors.loadFault, null);
      const sum = (amount: "energyKwh" | "idleKwh") =>
        record.parts.reduce((all, part) => all + toNanoKwh(part[amount]), 0n);
      assert.equal(sum("energyKwh"), toNanoKwh(record.energyKwh));
      assert.equal(sum("idleKwh"), toNanoKwh(record.idleKwh));
      assert.equal(
        record.parts.reduce((all, part) => all + toMicrograms(part.gramsCo2e), 0n),
        toMicrograms(record.gramsCo2e),
      );
      const whose = record.parts.map(({ kind, workload, namespace, tenant }) => [workload ?? kind, namespace, tenant]);
      for (const one of [
        ["web", own.name, "acme"],
        [`${strangers.name}/web`, strangers.name, null],
        ["system", null, null],
      ]) {
        assert.ok(
          whose.some((other) => JSON.stringify(other) === JSON.stringify(one)),
          `${JSON.stringify(one)} in ${JSON.stringify(whose)}`,
        );
      }
      const web = record.parts.find(({ workload }) => workload === "web")!;
      assert.ok(web.energyKwh > web.idleKwh, "what it uses beyond idle is its own");
    });

    it("goes on without the metrics server: on the last reading first, then on an assumed load, and says so", async () => {
      const [, apiService] = metrics.manifests();
      await objects.delete(apiService!);
      const held = await eventually(async () => {
        const usage = await only();
        assert.ok(usage.fault);
        return usage;
      });
      assert.ok(held.cpuCores !== undefined, "the last reading stands for a while");
      ahead += 120_000;
      const { cpuCores, fault } = await only();
      assert.equal(cpuCores, undefined);
      assert.match(fault ?? "", /no metrics server answers/);
      await agent.pass(10);
      const { body } = await agent.call("GET", "/v1/records?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z");
      const record = (body as { items: EnergyRecord[] }).items.at(-1)!;
      assert.equal(record.method, "ccf-linear+assumed-load");
      assert.match(record.factors.loadFault ?? "", /no metrics server answers/);
      assert.ok(Math.abs(record.factors.utilisation - 0.5) < 1e-9);
    });
  });
}
