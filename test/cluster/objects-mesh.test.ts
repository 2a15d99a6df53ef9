import assert from "node:assert/strict";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { EgressHost, Gateway, MeshKind, ServiceMesh, ServicePolicy, TrafficSplit, Waypoint } from "../../components";
import { authorize, type MeshPeer } from "../../components/mesh/authorization";
import { clusterUp, openCluster } from "../../tools/cluster/cluster";
import { collectCrds } from "../../tools/crds/collect";
import { makeAuthority } from "../support/certificates";
import { kubernetesRegistrations } from "../support/kubernetes-objects";
import { plain, record } from "../support/recording-monitor";
import { SchemaJudge } from "../support/schema-judge";

interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: Record<string, unknown>;
}

const SETS = ["gateway-api", "istio", "cert-manager", "prometheus-operator"];
const STUBS = ["linkerd"];
const NAMESPACES = ["istio-system", "linkerd", "linkerd-cni", "shop"];

/** Every object that the program makes itself; what charts render is not among them. */
async function objectsOf(program: () => void): Promise<ApiObject[]> {
  const recording = await record(program);
  return kubernetesRegistrations(recording)
    .map(({ inputs }) => plain(inputs) as ApiObject)
    .filter(({ kind, metadata }) => kind !== undefined && metadata?.name !== undefined);
}

function peer(name: string, mesh: MeshKind, waypoint?: string): MeshPeer {
  const parent = new k8s.core.v1.ConfigMap(name, { metadata: { name, namespace: "shop" } });
  const podLabels = { "app.kubernetes.io/name": name };
  return { name, namespace: "shop", podLabels, serviceAccountName: name, mesh, parent, ...(waypoint && { waypoint }) };
}

/** All that the mesh's components emit, with every argument that shapes an object. */
function everything(kind: MeshKind): void {
  const istio = kind !== MeshKind.Linkerd;
  const identity = makeAuthority();
  new ServiceMesh("mesh", istio ? { kind, tracing: { host: "otel.shop.svc" } } : { kind, identity });
  const pool = { maxConnections: 10, connectTimeoutSeconds: 0.5 };
  new ServicePolicy("cart-calls", {
    ...{ kind, namespace: "shop", service: "cart", port: 80, timeoutSeconds: 2.5 },
    ...(istio && { outlierDetection: { ejectionSeconds: 0.5 }, connectionPool: pool }),
    ...(kind !== MeshKind.IstioAmbient && { retries: { attempts: 2, perTryTimeoutSeconds: 0.5 } }),
  });
  new EgressHost("payments", {
    kind,
    namespace: "shop",
    hosts: ["*.pay.example.com", "pay.example.com"],
    because: "Payments.",
  });
  const backends = ["cart-a", "cart-b"].map((service, index) => ({ service, port: 80, weight: index }));
  new TrafficSplit("cart-split", { namespace: "shop", service: "cart", backends, timeoutSeconds: 1.5 });
  const to = peer("cart", kind);
  authorize("cart-from-web", { from: peer("web", kind), to, ports: [8080, 9090] }, { parent: to.parent });
  if (kind !== MeshKind.IstioAmbient) return;
  new Waypoint("door", { namespace: "shop" });
  const behind = peer("orders", kind, "door");
  authorize("orders-from-web", { from: peer("site", kind), to: behind, ports: [8080] }, { parent: behind.parent });
  new TrafficSplit("outer-split", { namespace: "shop", gateway: "gate", hostnames: ["shop.example.com"], backends });
  const routes = [
    { name: "cart", pathPrefix: "/cart", service: "cart", serviceNamespace: "linkerd", port: 80, timeoutSeconds: 0.5 },
  ];
  const hostnames = ["shop.example.com", "*.api.example.com"];
  new Gateway("gate", {
    namespace: "shop",
    hostnames,
    tls: { issuer: "letsencrypt" },
    exposedBecause: "Customers.",
    routes,
  });
}

describe("mesh and gateway objects before a real API server", function () {
  this.timeout(180_000);
  let judge: SchemaJudge;

  before(async () => {
    const cluster = (await openCluster()) ?? (await clusterUp());
    const { directory } = await collectCrds(() => undefined);
    judge = new SchemaJudge(cluster);
    await judge.open(
      [...SETS, ...STUBS].map((set) => join(directory, set)),
      NAMESPACES,
    );
  });
  after(function () {
    this.timeout(720_000);
    return judge.close();
  });

  for (const kind of [MeshKind.IstioAmbient, MeshKind.IstioSidecar, MeshKind.Linkerd]) {
    const checked =
      kind === MeshKind.Linkerd
        ? "stubs of its own kinds, the vendor's of all others"
        : "the vendors' schemas and CEL rules";
    it(`takes every object of ${kind} (${checked})`, async () => {
      const objects = await objectsOf(() => everything(kind));
      const answer = await judge.judge(objects);
      const accepted = answer.split("\n").filter((line) => line.endsWith("serverside-applied (server dry run)"));
      assert.equal(accepted.length, objects.length, answer);
      assert.ok(objects.length > 10, `${String(objects.length)} objects`);
    });
  }

  const wrong: [string, ApiObject, RegExp][] = [
    [
      "a mutual TLS mode that does not exist",
      {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "x", namespace: "shop" },
        spec: { mtls: { mode: "LOOSE" } },
      },
      /Unsupported value: "LOOSE"/,
    ],
    [
      "a retry's timeout that is none",
      {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "x", namespace: "shop" },
        spec: { hosts: ["a"], http: [{ retries: { attempts: 1, perTryTimeout: "0ms" } }] },
      },
      /must be a valid duration greater than 1ms/,
    ],
    [
      "a field that the schema does not have",
      {
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: "x", namespace: "shop" },
        spec: { hosts: ["a.example"], hostz: 1 },
      },
      /hostz/,
    ],
    [
      "a redirect with a backend",
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: "x", namespace: "shop" },
        spec: {
          parentRefs: [{ name: "gate" }],
          rules: [
            {
              filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }],
              backendRefs: [{ name: "cart", port: 80 }],
            },
          ],
        },
      },
      /RequestRedirect filter must not be used together with backendRefs/,
    ],
  ];
  for (const [what, object, message] of wrong) {
    it(`refuses ${what}: the rules are at work`, async () => {
      await assert.rejects(judge.judge([object]), message);
    });
  }
});
