import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import {
  AGENT_PERMISSIONS,
  type AgentPermission,
  ENGINE_NAMES,
  type EngineName,
  leaseName,
  MnoError,
} from "../../runtime/exports";
import { KubernetesCluster } from "../../runtime/kernel/cluster/kubernetes/driver";
import { TestNamespace } from "../support/kubernetes/test-namespace";
import { eventually } from "../support/supervisor";

/** What each engine does with the cluster: its agent and the kernel beneath it. */
const USES: Record<EngineName, (cluster: KubernetesCluster) => Promise<void>> = {
  "elastic-resource-manager": async (cluster) => {
    await cluster.nodes();
    assert.deepEqual(new Set((await cluster.list()).map(({ spec }) => spec.name)), new Set(["web", "data", "batch"]));
    await cluster.suspend("batch");
    await cluster.resume("batch", { annotations: { note: "granted" } });
  },
  "auto-scaling-engine": async (cluster) => {
    for (const name of ["web", "data"]) {
      const status = await cluster.get(name);
      await cluster.scale(name, status?.desiredReplicas === 0 ? 1 : 0);
    }
    assert.equal(await cluster.get("absent"), undefined);
    await Promise.all([cluster.nodes(), cluster.list()]);
  },
  "global-load-balancer": async (cluster) => {
    await cluster.nodes();
    const stop = new AbortController();
    const seen = new Set<string>();
    for await (const { status } of cluster.watch(stop.signal)) {
      if (seen.add(status.spec.name).size === 3) stop.abort();
    }
  },
  // It hands out leases of pools; the cluster only tells which replica leads.
  "resource-pool-manager": async () => undefined,
  "performance-optimizer": async (cluster) => {
    await Promise.all([cluster.nodes(), cluster.list()]);
    assert.ok(await cluster.get("web"));
    assert.equal(await cluster.get("absent"), undefined);
  },
  "carbon-monitor": async (cluster) => {
    await Promise.all([cluster.nodes(), cluster.usage()]);
  },
  "green-scheduler": async (cluster) => {
    await Promise.all([cluster.nodes(), cluster.list()]);
    assert.equal(await cluster.get("absent"), undefined);
    await cluster.suspend("batch");
    await cluster.resume("batch", { annotations: { note: "planned" } });
  },
  "energy-optimizer": async (cluster) => {
    for (const name of ["web", "data"]) {
      const status = await cluster.get(name);
      await cluster.scale(name, status?.desiredReplicas === 0 ? 1 : 0);
    }
    assert.equal(await cluster.get("absent"), undefined);
    await Promise.all([cluster.nodes(), cluster.list()]);
  },
  // It reports what others measured; the cluster only tells which replica leads.
  "sustainability-reporter": async () => undefined,
  // Of the cluster they use the Lease that the kernel leads by, and nothing else.
  "quantum-cryptography": async () => undefined,
  "threat-detection": async () => undefined,
  "behavioral-authentication": async () => undefined,
  "zero-trust-gateway": async () => undefined,
  "security-intelligence": async (cluster) => {
    for (const name of ["web", "data", "batch"]) {
      assert.ok(await cluster.get(name));
      await cluster.release(name); // what was broken off before
      await cluster.isolate(name, { reason: "response rsp_1" });
      await cluster.release(name);
    }
  },
};

async function lead({ leases }: KubernetesCluster, engine: EngineName): Promise<void> {
  const { signal } = new AbortController();
  const name = leaseName(engine);
  const record = { holder: "test", durationSeconds: 1, transitions: 1 };
  const lease = await leases.read(name, signal);
  const written = await leases.write(name, record, lease?.version, signal);
  assert.ok(await leases.write(name, record, written?.version, signal));
}

describe("permissions of the engines", function () {
  this.timeout(180_000);
  let namespace: TestNamespace;
  const folder = mkdtempSync(join(tmpdir(), "mno-rbac-"));

  before(async () => {
    namespace = await TestNamespace.create("rbac");
    const selector = { matchLabels: { app: "x" } };
    const template = (restartPolicy: string) => ({
      metadata: { labels: { app: "x" } },
      spec: {
        restartPolicy,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "x",
            image: "none.invalid/x",
            imagePullPolicy: "Never",
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    });
    const workload = (kind: string, name: string, spec: object): object => ({
      apiVersion: kind === "Job" ? "batch/v1" : "apps/v1",
      kind,
      metadata: { name, namespace: namespace.name },
      spec,
    });
    await apply([
      workload("Deployment", "web", { replicas: 0, selector, template: template("Always") }),
      workload("StatefulSet", "data", { replicas: 0, selector, serviceName: "data", template: template("Always") }),
      workload("Job", "batch", { parallelism: 0, template: template("Never") }),
    ]);
  });
  after(async () => {
    for (const engine of ENGINE_NAMES) {
      await namespace.cluster.kubectl([
        "delete",
        "clusterrole,clusterrolebinding",
        clusterRole(engine),
        "--ignore-not-found",
      ]);
    }
    await namespace.delete();
    rmSync(folder, { recursive: true });
  });

  const clusterRole = (engine: EngineName): string => `${namespace.name}-${engine}`;

  async function apply(objects: object[]): Promise<void> {
    const file = join(folder, "objects.yaml");
    writeFileSync(file, objects.map((object) => stringify(object)).join("---\n"));
    await namespace.cluster.kubectl(["apply", "--filename", file]);
  }

  /** Binds the engine's service account to these rules and no others. */
  async function grant(
    engine: EngineName,
    namespaced: AgentPermission[],
    clusterWide: AgentPermission[],
  ): Promise<void> {
    const rules = (permissions: AgentPermission[]) => permissions.map(({ reason: _, ...rule }) => rule);
    const of = (kind: string, name: string, rest: object): object => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind,
      metadata: { name, ...(kind.startsWith("Cluster") ? {} : { namespace: namespace.name }) },
      ...rest,
    });
    const subjects = [{ kind: "ServiceAccount", name: engine, namespace: namespace.name }];
    const roleRef = (kind: string, name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
    await apply([
      of("Role", engine, { rules: rules(namespaced) }),
      of("RoleBinding", engine, { roleRef: roleRef("Role", engine), subjects }),
      of("ClusterRole", clusterRole(engine), { rules: rules(clusterWide) }),
      of("ClusterRoleBinding", clusterRole(engine), { roleRef: roleRef("ClusterRole", clusterRole(engine)), subjects }),
    ]);
  }

  /** The driver with the engine's rights, new each time, so that nothing is known from before. */
  async function use(engine: EngineName): Promise<void> {
    const config = parse(readFileSync(namespace.cluster.kubeconfig, "utf8")) as { users: { user: { as?: string } }[] };
    for (const { user } of config.users) user.as = `system:serviceaccount:${namespace.name}:${engine}`;
    const kubeconfig = join(folder, engine);
    writeFileSync(kubeconfig, stringify(config));
    const cluster = new KubernetesCluster(`kubernetes:${namespace.name}?kubeconfig=${kubeconfig}`);
    try {
      await USES[engine](cluster);
      await lead(cluster, engine);
    } finally {
      await cluster.close();
    }
  }

  for (const engine of ENGINE_NAMES) {
    it(`of the ${engine} are enough, and none is too many`, async () => {
      const { namespaced, clusterWide } = AGENT_PERMISSIONS[engine];
      await grant(engine, namespaced, clusterWide);
      // To isolate a workload is to have something to do with its pods.
      if (engine === "security-intelligence") await namespace.kubectl("scale", "deployment/web", "--replicas=1");
      await eventually(() => use(engine));
      for (const permission of [...namespaced, ...clusterWide]) {
        for (const resource of permission.resources) {
          for (const verb of permission.verbs) {
            const without = (rules: AgentPermission[]): AgentPermission[] =>
              rules.flatMap((rule) =>
                rule !== permission
                  ? [rule]
                  : [
                      { ...rule, resources: rule.resources.filter((each) => each !== resource) },
                      { ...rule, resources: [resource], verbs: rule.verbs.filter((each) => each !== verb) },
                    ].filter(({ resources, verbs }) => resources.length > 0 && verbs.length > 0),
              );
            await grant(engine, without(namespaced), without(clusterWide));
            const [group = ""] = permission.apiGroups;
            const rule = `apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]`;
            await eventually(async () => {
              await namespace.kubectl("delete", "leases", "--all");
              const fault = await use(engine).then(
                () => undefined,
                (error: unknown) => error,
              );
              assert.ok(fault instanceof MnoError, `works without ${rule}: ${String(fault)}`);
              assert.equal(fault.code, "MNO_CLUSTER_FORBIDDEN", fault.message);
              assert.ok(fault.message.includes(rule), `${fault.message} names ${rule}`);
            });
          }
        }
      }
    });
  }
});
