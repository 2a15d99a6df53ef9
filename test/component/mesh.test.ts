import assert from "node:assert/strict";
import { MeshKind, ServiceMesh, type ServiceMeshArgs } from "../../components";
import { validateIdentity } from "../../components/mesh/linkerd-identity";
import { validateServiceMesh } from "../../components/mesh/service-mesh";
import { type Authority, makeAuthority } from "../support/certificates";
import { judged, kubernetesRegistrations, objectNamed, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record, type Recording } from "../support/recording-monitor";

interface ChartInputs {
  chart: string;
  version?: string;
  namespace: string;
  values: Record<string, never>;
}

const build = (args: ServiceMeshArgs): Promise<Recording> => record(() => new ServiceMesh("mesh", args));

const CHART = "kubernetes:helm.sh/v4:Chart";

function charts(recording: Recording): { name: string; urn: string; dependencies: string[]; inputs: ChartInputs }[] {
  return kubernetesRegistrations(recording)
    .filter(({ type }) => type === CHART)
    .map(({ name, urn, dependencies, inputs }) => ({ name, urn, dependencies, inputs: plain(inputs) as ChartInputs }));
}

/** Whether the second resource waits for the first, directly or through others. */
function waitsFor(recording: Recording, second: string, first: string): boolean {
  const direct = recording.resources.find(({ urn }) => urn === second)?.dependencies ?? [];
  return direct.includes(first) || direct.some((urn) => waitsFor(recording, urn, first));
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a chart's values have no type */
const valuesOf = (recording: Recording, chart: string): any =>
  charts(recording).find(({ name }) => name === `mesh-${chart}`)?.inputs.values;

describe("ServiceMesh", () => {
  let identity: Authority;
  before(() => {
    identity = makeAuthority();
  });

  const ORDER = {
    [MeshKind.IstioAmbient]: ["base", "istiod", "cni", "ztunnel"],
    [MeshKind.IstioSidecar]: ["base", "istiod", "cni"],
    [MeshKind.Linkerd]: ["linkerd-crds", "linkerd2-cni", "linkerd-control-plane"],
  };
  const argsOf = (kind: MeshKind): ServiceMeshArgs => (kind === MeshKind.Linkerd ? { kind, identity } : { kind });

  for (const [kind, order] of Object.entries(ORDER) as [MeshKind, string[]][]) {
    describe(kind, () => {
      it(`installs ${order.join(", then ")}`, async () => {
        const recording = await build(argsOf(kind));
        const installed = charts(recording);
        assert.deepEqual(installed.map(({ name }) => name).sort(), order.map((chart) => `mesh-${chart}`).sort());
        for (const [index, chart] of order.slice(1).entries()) {
          const urn = (name: string) => installed.find((one) => one.name === `mesh-${name}`)?.urn ?? "";
          assert.ok(waitsFor(recording, urn(chart), urn(order[index]!)), `${chart} does not wait for ${order[index]!}`);
        }
      });

      it("names a pinned version of every chart, or a folder and no version", async () => {
        for (const { inputs } of charts(await build(argsOf(kind))))
          assert.match(inputs.version ?? "", /^\d+\.\d+\.\d+$/);
        for (const { inputs } of charts(await build({ ...argsOf(kind), charts: { directory: "/charts" } }))) {
          assert.ok(inputs.chart.startsWith("/charts/"));
          assert.equal(inputs.version, undefined);
        }
      });

      it("conforms to both policy packs", async () => {
        assertConforms(judged(await build(argsOf(kind))));
      });

      it("denies traffic by default in each of its namespaces", async () => {
        const recording = await build(argsOf(kind));
        const denied = objectsOf(recording, "NetworkPolicy")
          .filter(({ spec }) => JSON.stringify(spec) === '{"podSelector":{},"policyTypes":["Ingress","Egress"]}')
          .map(({ metadata }) => metadata.namespace);
        const namespaces = objectsOf(recording, "Namespace").map(({ metadata }) => metadata.name);
        assert.ok(namespaces.length > 0);
        assert.deepEqual(denied.sort(), namespaces.sort());
      });

      it("warns and then alarms before the certificates end, and links the runbook", async () => {
        const recording = await build({ ...argsOf(kind), runbookUrl: "https://docs.example/components" });
        const { spec } = objectNamed(recording, "PrometheusRule", "mesh-certificates");
        const rules = spec.groups[0].rules as {
          alert: string;
          expr: string;
          labels: { severity: string };
          annotations: { runbook_url: string };
        }[];
        assert.equal(rules.length, 4);
        for (const { expr, annotations } of rules) {
          assert.match(expr, / - time\(\) < (5184000|1209600)$/);
          assert.equal(annotations.runbook_url, "https://docs.example/components/service-mesh.md#certificates");
        }
        assert.deepEqual(new Set(rules.map(({ labels }) => labels.severity)), new Set(["warning", "critical"]));
      });

      it("makes no alert where the operator's CRDs are not there", async () => {
        assert.deepEqual(objectsOf(await build({ ...argsOf(kind), alerts: false }), "PrometheusRule"), []);
      });

      it("puts the user's labels on all of its objects", async () => {
        const recording = await build({ ...argsOf(kind), labels: { team: "platform" } });
        for (const { inputs, type, name } of kubernetesRegistrations(recording).filter(({ type }) => type !== CHART)) {
          const { metadata } = plain(inputs) as { metadata: { labels: Record<string, string> } };
          assert.equal(metadata.labels.team, "platform", `${type} ${name}`);
        }
      });
    });
  }

  describe("Istio", () => {
    const EVERY_ARGUMENT: ServiceMeshArgs = {
      images: {
        hub: "registry.example/istio",
        tag: "1.30.3",
        ztunnel: `registry.example/ztunnel@sha256:${"0".repeat(64)}`,
      },
      controlPlaneReplicas: 3,
      trustDomain: "shop.example",
      openEgressBecause: "A migration until March.",
      retryAttempts: 0,
      tracing: { host: "collector.observability.svc", sampledPercent: 10 },
      alerts: false,
    };

    for (const kind of [MeshKind.IstioAmbient, MeshKind.IstioSidecar]) {
      for (const [what, args] of [
        ["defaults", {}],
        ["every argument", EVERY_ARGUMENT],
      ] as const) {
        it(`${kind} with ${what} is STRICT and allows nothing, before anything of it runs`, async () => {
          const recording = await build({ ...args, kind });
          const strict = objectNamed(recording, "PeerAuthentication", "mesh-mutual-tls");
          assert.deepEqual([strict.metadata.namespace, strict.spec], ["istio-system", { mtls: { mode: "STRICT" } }]);
          const denied = objectNamed(recording, "AuthorizationPolicy", "mesh-allow-nothing");
          assert.deepEqual([denied.metadata.namespace, denied.spec], ["istio-system", {}]);
          const base = charts(recording).find(({ name }) => name === "mesh-base")?.urn ?? "";
          for (const policy of ["mesh-mutual-tls", "mesh-allow-nothing"]) {
            const { urn } = recording.resources.find(({ name }) => name === policy)!;
            assert.ok(waitsFor(recording, base, urn), `the charts do not wait for ${policy}`);
          }
        });
      }
    }

    it("closes waypoints, which selectors do not reach", async () => {
      const { spec } = objectNamed(await build({}), "AuthorizationPolicy", "mesh-allow-nothing-at-waypoints");
      assert.deepEqual(spec.targetRefs, [
        { group: "gateway.networking.k8s.io", kind: "GatewayClass", name: "istio-waypoint" },
      ]);
      assert.equal(spec.rules, undefined);
    });

    it("lets out no host that nobody named, unless it is told why", async () => {
      const mode = async (args: ServiceMeshArgs) =>
        valuesOf(await build(args), "istiod").meshConfig.outboundTrafficPolicy.mode;
      assert.equal(await mode({}), "REGISTRY_ONLY");
      assert.equal(await mode({ openEgressBecause: "A migration until March." }), "ALLOW_ANY");
    });

    it("runs a control plane that survives a drain", async () => {
      const values = valuesOf(await build({}), "istiod");
      assert.ok(values.autoscaleMin >= 2);
      assert.deepEqual(values.pdb, { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    });

    it("leaves the definitions to CustomResourceDefinitions", async () => {
      const excluded = valuesOf(await build({}), "base").base.excludedCRDs as string[];
      assert.equal(excluded.length, 15);
    });

    it("names images in every chart, for a chart out of a source tree names a test registry", async () => {
      const recording = await build({ images: EVERY_ARGUMENT.images! });
      for (const chart of ["istiod", "cni", "ztunnel"]) {
        const values = valuesOf(recording, chart);
        assert.deepEqual([values.global.hub, values.global.tag], ["registry.example/istio", "1.30.3"]);
      }
      const { hub, tag, image } = valuesOf(recording, "ztunnel");
      assert.deepEqual([hub, tag, image], ["registry.example/istio", "1.30.3", EVERY_ARGUMENT.images!.ztunnel]);
    });

    it("sends metrics, access logs in ECS keys, and traces where it is told", async () => {
      const recording = await build({ tracing: { host: "collector.observability.svc" } });
      const { spec } = objectNamed(recording, "Telemetry", "mesh-telemetry");
      const providers = valuesOf(recording, "istiod").meshConfig.extensionProviders as { name: string }[];
      const named = [...spec.accessLogging, ...spec.tracing].flatMap(
        (part: { providers: { name: string }[] }) => part.providers,
      );
      for (const { name } of named)
        assert.ok(
          providers.some((provider) => provider.name === name),
          name,
        );
      assert.equal(spec.tracing[0].randomSamplingPercentage, 1);
    });
  });

  describe("Linkerd", () => {
    it("keeps the issuer's key out of the charts' values and secret on its way", async () => {
      const recording = await build({ kind: MeshKind.Linkerd, identity });
      const key = identity.issuerKeyPem.split("\n")[1]!;
      const holders = recording.resources.filter(({ inputs }) => JSON.stringify(plain(inputs)).includes(key));
      assert.deepEqual(holders.map(({ name }) => name).sort(), ["mesh", "mesh-identity-issuer"]);
      for (const { inputs, name } of holders) assert.ok(!JSON.stringify(open(inputs)).includes(key), name);
    });

    it("denies what is not allowed, in and out", async () => {
      const recording = await build({ kind: MeshKind.Linkerd, identity });
      assert.equal(valuesOf(recording, "linkerd-control-plane").proxy.defaultInboundPolicy, "deny");
      assert.deepEqual(objectNamed(recording, "EgressNetwork", "egress").spec, { trafficPolicy: "Deny" });
      const open = await build({ kind: MeshKind.Linkerd, identity, openEgressBecause: "A migration until March." });
      assert.deepEqual(objectsOf(open, "EgressNetwork"), []);
    });

    it("has its webhooks' certificates issued, so that a second rendering is the same", async () => {
      const recording = await build({ kind: MeshKind.Linkerd, identity });
      const values = valuesOf(recording, "linkerd-control-plane");
      const issued = objectsOf(recording, "Certificate").map(({ metadata }) => `linkerd/${metadata.name!}`);
      const used = ["proxyInjector", "profileValidator", "policyValidator"].map((webhook) => {
        assert.equal(values[webhook].externalSecret, true);
        return values[webhook].injectCaFrom as string;
      });
      assert.deepEqual(used.sort(), issued.sort());
    });

    it("finds what Linkerd would refuse, without showing the key", async () => {
      const other = makeAuthority();
      const fields = (change: Partial<Authority>) =>
        validateIdentity({ ...identity, ...change }).map(({ field }) => field);
      assert.deepEqual(fields({}), []);
      assert.deepEqual(fields({ trustAnchorPem: "no" }), ["identity.trustAnchorPem"]);
      assert.deepEqual(fields({ issuerKeyPem: "no" }), ["identity.issuerKeyPem"]);
      assert.deepEqual(fields({ issuerKeyPem: other.issuerKeyPem }), ["identity.issuerKeyPem"]);
      assert.deepEqual(fields({ trustAnchorPem: other.trustAnchorPem }), ["identity.issuerCertificatePem"]);
      const curve = validateIdentity(makeAuthority("secp384r1")).map(({ message }) => message);
      assert.equal(curve.filter((message) => message.includes("P-256")).length, 2);
      await assert.rejects(
        record(
          () =>
            new ServiceMesh("mesh", {
              kind: MeshKind.Linkerd,
              identity: { ...identity, issuerKeyPem: other.issuerKeyPem },
            }),
        ),
        ({ message }: Error) =>
          /MNO_COMPONENT_ARGS_INVALID/.test(message) && !message.includes(other.issuerKeyPem.split("\n")[1]!),
      );
    });
  });

  const WRONG: [string, ServiceMeshArgs, string][] = [
    ["no mesh", { kind: MeshKind.None }, "kind"],
    ["an unknown mesh", { kind: "consul" as MeshKind }, "kind"],
    ["Linkerd without an identity", { kind: MeshKind.Linkerd }, "identity"],
    ["one replica", { controlPlaneReplicas: 1 }, "controlPlaneReplicas"],
    ["half an attempt", { retryAttempts: 0.5 }, "retryAttempts"],
    ["no reason", { openEgressBecause: " " }, "openEgressBecause"],
    ["charts from two places", { charts: { directory: "/charts", repository: "https://charts.example" } }, "charts"],
  ];
  for (const [what, args, field] of WRONG) {
    it(`refuses ${what}, naming ${field}`, () => {
      assert.deepEqual(
        validateServiceMesh(args).map((fault) => fault.field),
        [field],
      );
    });
  }

  it("says of each argument of the other mesh whose it is", () => {
    const args: ServiceMeshArgs = {
      kind: MeshKind.Linkerd,
      identity,
      retryAttempts: 1,
      tracing: { host: "a" },
      images: {},
    };
    assert.deepEqual(
      validateServiceMesh(args).map(({ field }) => field),
      ["retryAttempts", "tracing", "images"],
    );
    assert.deepEqual(
      validateServiceMesh({ identity }).map(({ field }) => field),
      ["identity"],
    );
  });
});

/** What is left when everything marked secret is taken out. */
function open(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(open);
  if ("4dabf18193072939515e22adb298388d" in value) return "***";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]));
}
