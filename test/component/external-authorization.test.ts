import assert from "node:assert/strict";
import {
  ExternalAuthorization,
  type ExternalAuthorizationArgs,
  KubernetesWorkload,
  MeshKind,
  ServiceMesh,
  Waypoint,
} from "../../components";
import { validateExternalAuthorization } from "../../components/mesh/external-authorization";
import { validateServiceMesh } from "../../components/mesh/service-mesh";
import { judged, kubernetesRegistrations, objectNamed, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record } from "../support/recording-monitor";

const AUTHORIZER = { host: "security-zero-trust-gateway.mno.svc.cluster.local" };
const ARGS: ExternalAuthorizationArgs = { namespace: "shop", service: "cart", authorizer: "zero-trust-gateway" };
const fields = (args: Partial<ExternalAuthorizationArgs>) =>
  validateExternalAuthorization({ ...ARGS, ...args }).map(({ field }) => field);

describe("ExternalAuthorization", () => {
  it("asks the mesh's authorizer about every request to the Service", async () => {
    const recording = await record(() => {
      const mesh = new ServiceMesh("mesh", { authorizer: AUTHORIZER });
      new ExternalAuthorization("cart-decisions", { ...ARGS, authorizer: mesh.authorizer });
    });
    const { spec } = objectNamed(recording, "AuthorizationPolicy", "cart-decisions");
    assert.deepEqual(spec, {
      targetRefs: [{ group: "", kind: "Service", name: "cart" }],
      action: "CUSTOM",
      provider: { name: "zero-trust-gateway" },
      rules: [{}],
    });
    const istiod = kubernetesRegistrations(recording).find(({ name }) => name === "mesh-istiod");
    const { values } = plain(istiod?.inputs) as {
      values: { meshConfig: { extensionProviders: { name: string; envoyExtAuthzGrpc?: object }[] } };
    };
    const provider = values.meshConfig.extensionProviders.find(({ name }) => name === spec.provider.name);
    assert.deepEqual(provider?.envoyExtAuthzGrpc, {
      service: AUTHORIZER.host,
      port: 4683,
      timeout: "0.2s",
      failOpen: false,
      statusOnError: "503",
    });
    assertConforms(judged(recording));
  });

  it("judges pods by their labels where each has a proxy of its own, and leaves out what it is told to", async () => {
    const recording = await record(() => {
      new ExternalAuthorization("cart-decisions", {
        kind: MeshKind.IstioSidecar,
        namespace: "shop",
        podLabels: { app: "cart" },
        authorizer: "zero-trust-gateway",
        undecided: { paths: ["/healthz", "/static/*"], because: "Nothing there is anybody's." },
      });
    });
    const { spec, metadata } = objectNamed(recording, "AuthorizationPolicy", "cart-decisions");
    assert.deepEqual(spec.selector, { matchLabels: { app: "cart" } });
    assert.deepEqual(spec.rules, [{ to: [{ operation: { notPaths: ["/healthz", "/static/*"] } }] }]);
    assert.equal(metadata.annotations?.["machine-native-ops/because"], "Nothing there is anybody's.");
  });

  it("is refused where the mesh knows no authorizer: Istio would deny everything without a word", async () => {
    const build = record(() => new ExternalAuthorization("cart-decisions", { ...ARGS, authorizer: "" }));
    await assert.rejects(build, /MNO_COMPONENT_ARGS_INVALID.*give the ServiceMesh its `authorizer`/s);
  });

  it("names what is wrong, and what would be right", () => {
    assert.deepEqual(fields({}), []);
    assert.deepEqual(fields({ kind: MeshKind.Linkerd }), ["kind", "podLabels", "service"]);
    assert.deepEqual(fields({ service: "" }), ["service"]);
    assert.deepEqual(fields({ podLabels: { app: "cart" } }), ["podLabels"]);
    assert.deepEqual(fields({ kind: MeshKind.IstioSidecar }), ["podLabels", "service"]);
    assert.deepEqual(fields({ undecided: { paths: [], because: "" } }), ["undecided.paths", "undecided.because"]);
    for (const path of ["/*", "public", "/a*b", "*"]) {
      assert.deepEqual(fields({ undecided: { paths: [path], because: "x" } }), ["undecided.paths[0]"], path);
    }
  });

  it("has the waypoint reach the authorizer, and nobody else", async () => {
    const recording = await record(() => {
      const waypoint = new Waypoint("door", { namespace: "shop" });
      const gateway = new KubernetesWorkload("decider", {
        namespace: "mno",
        image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
        requests: { cpuCores: 0.1, memoryBytes: 1e8 },
        ports: [{ name: "ext-authz", port: 4683 }],
        mesh: MeshKind.IstioAmbient,
      });
      waypoint.connections.allowTo(gateway);
    });
    const admission = objectNamed(recording, "AuthorizationPolicy", "decider-from-door");
    assert.deepEqual(admission.spec.rules[0].from[0].source.principals, ["cluster.local/ns/shop/sa/door"]);
    const [egress] = objectsOf(recording, "NetworkPolicy").filter(
      ({ metadata }) => metadata.name === "door-to-decider",
    );
    assert.deepEqual(egress?.spec.podSelector, {
      matchLabels: { "gateway.networking.k8s.io/gateway-name": "door" },
    });
  });
});

describe("ServiceMesh, authorizer", () => {
  const wrong = (authorizer: object) =>
    validateServiceMesh({ authorizer: { ...AUTHORIZER, ...authorizer } }).map(({ field }) => field);

  it("waits a bounded time, and opens on errors for a reason only", async () => {
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ timeoutMilliseconds: 5 }), ["authorizer.timeoutMilliseconds"]);
    assert.deepEqual(wrong({ timeoutMilliseconds: 600_000 }), ["authorizer.timeoutMilliseconds"]);
    assert.deepEqual(wrong({ openOnErrorBecause: " " }), ["authorizer.openOnErrorBecause"]);
    const recording = await record(
      () => new ServiceMesh("mesh", { authorizer: { ...AUTHORIZER, openOnErrorBecause: "A trial." } }),
    );
    const istiod = kubernetesRegistrations(recording).find(({ name }) => name === "mesh-istiod");
    assert.match(JSON.stringify(plain(istiod?.inputs)), /"failOpen":true/);
  });

  it("is Istio's", () => {
    const fields = validateServiceMesh({ kind: MeshKind.Linkerd, authorizer: AUTHORIZER }).map(({ field }) => field);
    assert.ok(fields.includes("authorizer"));
  });
});
