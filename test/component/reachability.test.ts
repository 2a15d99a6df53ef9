import assert from "node:assert/strict";
import { MeshKind } from "../../components/mesh/kinds";
import { KubernetesWorkload } from "../../components/workload/kubernetes/workload";
import { DEFAULT_SETTINGS, evaluate, type Reachability } from "../../tools/reachability/evaluate";
import type { KubernetesObject } from "../../tools/reachability/model";
import { plain, record } from "../support/recording-monitor";

/** What the API server would get: the component's objects, as recorded. */
async function objectsOf(program: () => void): Promise<KubernetesObject[]> {
  const { resources } = await record(program);
  return resources
    .filter((resource) => resource.custom && resource.type.startsWith("kubernetes:"))
    .map((resource) => plain(resource.inputs) as KubernetesObject);
}

function workload(name: string, mesh: MeshKind): KubernetesWorkload {
  return new KubernetesWorkload(name, {
    namespace: "shop",
    image: `registry.example/${name}@sha256:${"0".repeat(64)}`,
    requests: { cpuCores: 0.1, memoryBytes: 2 ** 26 },
    ports: [
      { name: "http", port: 80, containerPort: 8080 },
      { name: "admin", port: 9090 },
    ],
    mesh,
  });
}

/** `from to port` of every declared port that a connection reaches. */
function reached({ pairs }: Reachability): string[] {
  return pairs.flatMap(({ from, to, flows }) =>
    flows.filter((flow) => flow.verdict !== "denied").map((flow) => `${from} ${to} ${flow.ports}`),
  );
}

const NAMED = (namespace: string): Record<string, string> => ({ "kubernetes.io/metadata.name": namespace });

/** Nobody is called without a sentence: the deny-by-default of ServiceMesh, for what a workload says by itself. */
const ISTIO_DENIES: KubernetesObject[] = [
  {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "nothing", namespace: "istio-system" },
  },
  {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "strict", namespace: "istio-system" },
    spec: { mtls: { mode: "STRICT" } },
  },
];

/** ServiceMesh installs Linkerd with this default; with Linkerd's own, 4143 would let callers reach ports without a Server. */
const AS_INSTALLED = { ...DEFAULT_SETTINGS, linkerd: { ...DEFAULT_SETTINGS.linkerd, defaultInboundPolicy: "deny" } };

describe("connections, by the reachability of what they emit", () => {
  for (const mesh of Object.values(MeshKind)) {
    it(`opens exactly the pairs and ports of the sentences (${mesh})`, async () => {
      const objects = await objectsOf(() => {
        const [gateway, erm, store] = ["gateway", "erm", "store"].map((name) => workload(name, mesh));
        gateway?.connections.allowTo(erm!, { ports: ["http"] });
        store?.connections.allowFrom(erm!);
      });
      const denies = mesh === MeshKind.IstioAmbient || mesh === MeshKind.IstioSidecar ? ISTIO_DENIES : [];
      const result = evaluate([...objects, ...denies], AS_INSTALLED);
      assert.deepEqual(result.workloads, ["shop/erm", "shop/gateway", "shop/store"]);
      const declared = [
        "shop/erm shop/store 8080/TCP http",
        "shop/erm shop/store 9090/TCP admin",
        "shop/gateway shop/erm 8080/TCP http",
      ];
      assert.deepEqual(reached(result), declared);
    });
  }

  for (const mesh of Object.values(MeshKind)) {
    it(`lets a named namespace outside the mesh reach the ports of the sentence, and nothing else (${mesh})`, async () => {
      const stranger = (namespace: string): KubernetesObject[] => [
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: NAMED(namespace) } },
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "stranger", namespace, labels: { app: "stranger" } },
          spec: { containers: [{ name: "main" }] },
        },
      ];
      const objects = await objectsOf(() => {
        const store = workload("store", mesh);
        store.connections.allowFromNamespace(NAMED("watch"), ["admin"], "Prometheus scrapes it.");
        store.connections.allowFromNamespace(NAMED("ops"), ["http"], "Its operator asks it how it is.");
      });
      const denies = mesh === MeshKind.IstioAmbient || mesh === MeshKind.IstioSidecar ? ISTIO_DENIES : [];
      const all = [...objects, ...denies, ...["else", "ops", "watch"].flatMap(stranger)];
      const calls = reached(evaluate(all, AS_INSTALLED)).filter((call) => call.includes(" shop/"));
      assert.deepEqual(calls, ["ops/stranger shop/store 8080/TCP http", "watch/stranger shop/store 9090/TCP admin"]);
    });
  }

  it("gives everybody DNS, nobody the internet, and lets no one in from outside", async () => {
    const { external } = evaluate(await objectsOf(() => void workload("gateway", MeshKind.None)));
    const places = external.map(({ direction, place, flows }) => {
      const open = flows.filter((flow) => flow.verdict !== "denied").map((flow) => `${flow.ports} ${flow.verdict}`);
      return `${direction} ${place}: ${open.join(", ") || "nothing"}`;
    });
    assert.deepEqual(places, [
      "to DNS: 53/TCP dns-tcp allowed, 53/UDP dns allowed",
      "to internet: nothing",
      // The address of NodeLocal DNSCache.
      "to private addresses: 53/TCP, 53/UDP conditional",
      "to kubernetes API: nothing",
      "from internet: nothing",
      "from private addresses: nothing",
    ]);
  });
});
