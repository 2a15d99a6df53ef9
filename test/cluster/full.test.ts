import assert from "node:assert/strict";
import { join } from "node:path";
import { clusterUp } from "../../tools/cluster/cluster";
import { STUB_LABEL } from "../../tools/crds/stubs";
import { vendorCharts } from "../support/kubernetes/charts";
import { Flow } from "../support/kubernetes/flow";
import { type AnyObject, Objects } from "../support/kubernetes/objects";
import { PlatformStack } from "../support/kubernetes/platform-stack";
import { StandIns } from "../support/kubernetes/stand-ins";

/** The default: stacks/policies/*.kubernetes.json name objects of it. */
const NAMESPACE = "machine-native-ops";
const OBSERVABILITY = `${NAMESPACE}-observability`;

interface Rule {
  from?: { source: { principals?: string[] } }[];
  to?: { operation: { ports?: string[] } }[];
}

/** What lives in no namespace, and would be left behind by a destroy that is not clean. */
const CLUSTER_WIDE = [
  ["v1", "Namespace"],
  ["v1", "PersistentVolume"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
  ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
  ["scheduling.k8s.io/v1", "PriorityClass"],
  ["storage.k8s.io/v1", "StorageClass"],
] as const;

/** What the mesh and the observability of this profile consist of: a few objects of each kind, by the vendors' definitions. */
const EXPECTED = [
  ["apps/v1", "Deployment", "istio-system", "istiod"],
  ["apps/v1", "DaemonSet", "istio-system", "ztunnel"],
  ["apps/v1", "DaemonSet", "istio-system", "istio-cni-node"],
  ["security.istio.io/v1", "PeerAuthentication", "istio-system", "mesh-mutual-tls"],
  ["security.istio.io/v1", "AuthorizationPolicy", "istio-system", "mesh-allow-nothing"],
  ["telemetry.istio.io/v1", "Telemetry", "istio-system", "mesh-telemetry"],
  ["gateway.networking.k8s.io/v1", "Gateway", NAMESPACE, "gateway"],
  ["postgresql.cnpg.io/v1", "Cluster", NAMESPACE, "database"],
  ["cert-manager.io/v1", "Certificate", NAMESPACE, "platform-authority"],
  ["cert-manager.io/v1", "Certificate", OBSERVABILITY, "observability-otel"],
  ["apps/v1", "DaemonSet", OBSERVABILITY, "observability-otel-agent"],
  ["elasticsearch.k8s.elastic.co/v1", "Elasticsearch", OBSERVABILITY, "observability"],
  ["kibana.k8s.elastic.co/v1", "Kibana", OBSERVABILITY, "observability"],
  ["beat.k8s.elastic.co/v1beta1", "Beat", "observability-nodes", "observability-filebeat"],
  ["monitoring.coreos.com/v1", "PrometheusRule", OBSERVABILITY, "observability-alerts"],
  ["monitoring.coreos.com/v1", "PodMonitor", OBSERVABILITY, "observability-otel"],
] as const;

/**
 * Everything: the mesh and ECK from their vendors' charts, collectors, logs, dashboards, alerts, and the platform inside the
 * mesh. Prometheus is one that exists, for its chart can be had from a vendor's repository only. The vendors' images are at
 * registries that a test does not reach, so their pods are made and not waited for; the platform's own pods run, without the
 * mesh's data plane. Tests build on each other.
 */
describe("the full profile", function () {
  this.timeout(600_000);
  this.bail(true);
  let objects: Objects;
  let stack: PlatformStack;
  let standIns: StandIns;
  let untouched: string[];

  const clusterWide = async (): Promise<AnyObject[]> =>
    (await Promise.all(CLUSTER_WIDE.map(([apiVersion, kind]) => objects.list(apiVersion, kind)))).flat();
  const named = ({ kind, metadata }: AnyObject): string => `${kind ?? ""} ${metadata?.name ?? ""}`;

  before(async () => {
    const cluster = await clusterUp();
    objects = new Objects(cluster.kubeconfig);
    stack = await PlatformStack.create(cluster, NAMESPACE);
    standIns = new StandIns(objects, NAMESPACE, stack.images.postgres);
    // What an earlier suite deleted may take its time to go.
    const lasting = (await clusterWide()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    untouched = lasting.map(named);
    stack.configure({
      profile: "full",
      prometheus: "existing",
      traceExport: "tempo.tracing.svc:4317",
      chartDirectory: await vendorCharts(join(stack.project.state, "charts")),
      awaitCharts: false,
    });
  });

  after(async () => {
    await stack?.destroy();
    await standIns?.close();
    await stack?.close();
  });

  it("comes up on an empty cluster in one go, definitions first, with both policy packs watching", async () => {
    const { code, output } = await stack.up(...stack.withPolicies());
    assert.equal(code, 0, output);
    await Flow.open(objects, stack, NAMESPACE);
  });

  it("has its objects taken by the vendors' own definitions, but for CloudNativePG's, which are stubs", async () => {
    for (const [apiVersion, kind, namespace, name] of EXPECTED) {
      assert.ok(await objects.get(apiVersion, kind, name, namespace), `there is a ${kind} ${namespace}/${name}`);
    }
    const definitions = await objects.list("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    const stubs = definitions.filter(({ metadata }) => metadata?.labels?.[STUB_LABEL] === "true");
    assert.deepEqual([...new Set(stubs.map(({ spec }) => spec.group as string))], ["postgresql.cnpg.io"]);
    assert.ok(definitions.length > 50, `${String(definitions.length)} definitions`);
  });

  it("lets callers into the mesh by identity, and those that have none at named ports only", async () => {
    const namespace = await objects.get("v1", "Namespace", NAMESPACE);
    assert.equal(namespace?.metadata?.labels?.["istio.io/dataplane-mode"], "ambient");
    const policies = await objects.list("security.istio.io/v1", "AuthorizationPolicy", NAMESPACE);
    const rules = policies.flatMap(({ metadata, spec }) =>
      (spec.rules as Rule[]).map(({ from, to }) => ({
        policy: metadata?.name ?? "",
        callers: from?.flatMap(({ source }) => source.principals ?? []) ?? [],
        ports: to?.flatMap(({ operation }) => operation.ports ?? []) ?? [],
      })),
    );
    const engine = "scalability-elastic-resource-manager";
    const caller = `cluster.local/ns/${NAMESPACE}/sa/${engine}`;
    assert.ok(rules.some(({ policy, callers }) => policy === `cache-from-${engine}` && callers.includes(caller)));
    for (const { policy, ports } of rules) assert.ok(ports.length > 0, `${policy} names ports`);
    const anonymous = rules.filter(({ callers }) => callers.length === 0).map(({ policy }) => policy);
    // Prometheus and CloudNativePG's operator are in no mesh; the Gateway is the door.
    for (const policy of anonymous) assert.match(policy, /-from-namespace-(monitoring|cnpg-system)-|^gateway$/);
  });

  it("does not change when nothing changed", async () => {
    const { code, output } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
  });

  it("goes without a trace", async () => {
    const { code, output } = await stack.destroy();
    assert.equal(code, 0, output);
    await standIns.close();
    assert.deepEqual((await clusterWide()).map(named), untouched);
  });
});
