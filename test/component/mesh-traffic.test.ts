import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as fc from "fast-check";
import {
  EgressHost,
  EgressProtocol,
  MeshKind,
  ServicePolicy,
  type ServicePolicyArgs,
  TrafficSplit,
  type TrafficSplitArgs,
  Waypoint,
} from "../../components";
import { authorize, type MeshPeer } from "../../components/mesh/authorization";
import { duration, isDuration } from "../../components/mesh/duration";
import { type EgressHostArgs, validateEgressHost } from "../../components/mesh/egress-host";
import { validateServicePolicy } from "../../components/mesh/service-policy";
import { validateTrafficSplit } from "../../components/mesh/traffic-split";
import { judged, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { record } from "../support/recording-monitor";

const fields = (faults: readonly { field: string }[]): string[] => faults.map(({ field }) => field);

describe("authorize", () => {
  const peer = (name: string, mesh: MeshKind, waypoint?: string): MeshPeer => ({
    name,
    namespace: `ns-${name}`,
    podLabels: { "app.kubernetes.io/name": name },
    serviceAccountName: `sa-${name}`,
    mesh,
    parent: new k8s.core.v1.Namespace(`${name}-parent`),
    ...(waypoint === undefined ? {} : { waypoint }),
  });
  const connect = (from: MeshKind, to: MeshKind, waypoint?: string) =>
    record(() => {
      const callee = peer("callee", to, waypoint);
      authorize(
        "callee-from-caller",
        { from: peer("caller", from), to: callee, ports: [8080, 9090] },
        { parent: callee.parent },
      );
    });

  for (const [from, to] of [
    [MeshKind.IstioAmbient, MeshKind.IstioAmbient],
    [MeshKind.IstioSidecar, MeshKind.IstioAmbient],
    [MeshKind.IstioSidecar, MeshKind.IstioSidecar],
  ] as const) {
    it(`names the caller's identity and the callee's ports: ${from} to ${to}`, async () => {
      const { metadata, spec } = objectOf(await connect(from, to), "AuthorizationPolicy");
      assert.equal(metadata.namespace, "ns-callee");
      assert.deepEqual(spec, {
        selector: { matchLabels: { "app.kubernetes.io/name": "callee" } },
        action: "ALLOW",
        rules: [
          {
            from: [{ source: { principals: ["cluster.local/ns/ns-caller/sa/sa-caller"] } }],
            to: [{ operation: { ports: ["8080", "9090"] } }],
          },
        ],
      });
    });
  }

  it("admits the caller at the waypoint, and only the waypoint at the pods", async () => {
    const policies = objectsOf(
      await connect(MeshKind.IstioAmbient, MeshKind.IstioAmbient, "door"),
      "AuthorizationPolicy",
    );
    const principals = (at: "targetRefs" | "selector") =>
      policies
        .filter(({ spec }) => at in spec)
        .flatMap(({ spec }) => spec.rules[0].from[0].source.principals as string[]);
    assert.deepEqual(principals("targetRefs"), ["cluster.local/ns/ns-caller/sa/sa-caller"]);
    assert.deepEqual(principals("selector"), ["cluster.local/ns/ns-callee/sa/door"]);
  });

  it("with Linkerd makes one closed Server per port, however many callers there are", async () => {
    const recording = await record(() => {
      const callee = peer("callee", MeshKind.Linkerd);
      for (const name of ["one", "two"]) {
        const from = peer(name, MeshKind.Linkerd);
        authorize(`callee-from-${name}`, { from, to: callee, ports: [8080, 9090] }, { parent: callee.parent });
      }
    });
    const servers = objectsOf(recording, "Server");
    assert.deepEqual(
      servers.map(({ spec }) => [spec.port, spec.accessPolicy]),
      [
        [8080, "deny"],
        [9090, "deny"],
      ],
    );
    const policies = objectsOf(recording, "AuthorizationPolicy");
    assert.equal(policies.length, 4);
    const names = new Set(servers.map(({ metadata }) => metadata.name));
    for (const { spec } of policies) assert.ok(names.has(spec.targetRef.name), spec.targetRef.name);
    const callers = objectsOf(recording, "MeshTLSAuthentication").map(({ spec }) => spec.identityRefs);
    assert.deepEqual(callers, [
      [{ kind: "ServiceAccount", name: "sa-one", namespace: "ns-one" }],
      [{ kind: "ServiceAccount", name: "sa-two", namespace: "ns-two" }],
    ]);
  });

  it("makes nothing for a callee without a mesh", async () => {
    const recording = await connect(MeshKind.IstioAmbient, MeshKind.None);
    assert.deepEqual(objectsOf(recording, "AuthorizationPolicy"), []);
  });

  for (const from of [MeshKind.None, MeshKind.Linkerd]) {
    it(`refuses a caller of "${from}", who has no identity in the callee's mesh`, async () => {
      await assert.rejects(connect(from, MeshKind.IstioAmbient), /MNO_COMPONENT_ARGS_INVALID.*caller\.mesh is/);
    });
  }
});

describe("TrafficSplit", () => {
  const ARGS: TrafficSplitArgs = {
    namespace: "shop",
    service: "cart",
    backends: [
      { service: "cart-a", port: 80, weight: 90 },
      { service: "cart-b", port: 80, weight: 10 },
    ],
  };
  const weighted = (weights: number[]): TrafficSplitArgs => ({
    ...ARGS,
    backends: weights.map((weight, index) => ({ service: `cart-${String(index)}`, port: 80, weight })),
  });
  const route = async (args: TrafficSplitArgs) => {
    const recording = await record(() => new TrafficSplit("split", args));
    const { ignoreChanges, name } = recording.resources.find(({ custom }) => custom)!;
    const { metadata, spec } = objectOf(recording, "HTTPRoute");
    return { metadata, spec, ignoreChanges, logicalName: name, recording };
  };

  it("begins with the given weights and then leaves the rules to their owner", async () => {
    const { spec, metadata, ignoreChanges } = await route(ARGS);
    assert.deepEqual(spec.rules[0].backendRefs, [
      { name: "cart-a", port: 80, weight: 90 },
      { name: "cart-b", port: 80, weight: 10 },
    ]);
    assert.deepEqual(ignoreChanges, ["spec.rules"]);
    assert.equal(metadata.annotations?.["machine-native-ops/weighted-by"], "global-load-balancer");
    assert.equal(metadata.labels["machine-native-ops/traffic-split"], "split");
  });

  it("is the same route whatever the weights, and another when its rules differ", async () => {
    const { logicalName } = await route(ARGS);
    const changed = async (change: Partial<TrafficSplitArgs>) => (await route({ ...ARGS, ...change })).logicalName;
    assert.equal(await changed({ backends: ARGS.backends.map((one) => ({ ...one, weight: 7 })) }), logicalName);
    assert.equal(await changed({ labels: { team: "shop" } }), logicalName);
    assert.notEqual(await changed({ backends: ARGS.backends.slice(1) }), logicalName);
    assert.notEqual(await changed({ timeoutSeconds: 3 }), logicalName);
  });

  it("conforms to both policy packs, behind a Gateway too", async () => {
    assertConforms(judged((await route(ARGS)).recording));
    const { spec, recording } = await route({
      ...ARGS,
      service: undefined,
      gateway: "door",
      hostnames: ["a.example.com"],
    });
    assert.deepEqual(spec.parentRefs, [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "door" }]);
    assertConforms(judged(recording));
  });

  it("takes any whole weights of which one is above 0", () => {
    const weights = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(weights, (all) => {
        const expected = all.some((weight) => weight > 0) ? [] : ["backends"];
        assert.deepEqual(fields(validateTrafficSplit(weighted(all))), expected);
      }),
    );
  });

  it("refuses any weight that is not whole, below 0 or beyond the API's bound, naming it", () => {
    const wrong = fc.oneof(
      fc.double({ noInteger: true }),
      fc.integer({ max: -1 }),
      fc.integer({ min: 1_000_001 }),
      fc.constantFrom(NaN, Infinity),
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }),
        wrong,
        fc.nat(5),
        (right, weight, at) => {
          const index = Math.min(at, right.length);
          const all = right.toSpliced(index, 0, weight);
          assert.deepEqual(fields(validateTrafficSplit(weighted(all))), [`backends[${String(index)}].weight`]);
        },
      ),
    );
  });

  it("refuses what has no or two parents, no backend, or one twice", () => {
    const wrong = (change: Partial<TrafficSplitArgs>) => fields(validateTrafficSplit({ ...ARGS, ...change }));
    assert.deepEqual(wrong({ service: undefined }), ["service"]);
    assert.deepEqual(wrong({ gateway: "door" }), ["service"]);
    assert.deepEqual(wrong({ hostnames: ["a.example.com"] }), ["hostnames"]);
    assert.deepEqual(wrong({ backends: [] }), ["backends"]);
    assert.deepEqual(wrong({ backends: [ARGS.backends[0]!, ARGS.backends[0]!] }), ["backends"]);
    assert.deepEqual(wrong({ timeoutSeconds: 0 }), ["timeoutSeconds"]);
  });
});

describe("ServicePolicy", () => {
  const ARGS: ServicePolicyArgs = { namespace: "shop", service: "cart", port: 80 };
  const build = (args: ServicePolicyArgs) => record(() => new ServicePolicy("cart-calls", args));

  it("leaves a failing replica out and bounds retries by default", async () => {
    const recording = await build(ARGS);
    const { host, trafficPolicy } = objectOf(recording, "DestinationRule").spec;
    assert.equal(host, "cart.shop.svc.cluster.local");
    assert.equal(trafficPolicy.outlierDetection.consecutive5xxErrors, 5);
    assert.equal(trafficPolicy.retryBudget.percent, 20);
    assert.equal(objectOf(recording, "HTTPRoute").spec.rules[0].timeouts.request, "15s");
    assertConforms(judged(recording));
  });

  it("retries by a VirtualService with sidecars, by annotations with Linkerd, never by two routes", async () => {
    const retries = { attempts: 2, perTryTimeoutSeconds: 0.25 };
    const sidecar = await build({ ...ARGS, kind: MeshKind.IstioSidecar, retries });
    assert.deepEqual(objectsOf(sidecar, "HTTPRoute"), []);
    assert.equal(objectOf(sidecar, "VirtualService").spec.http[0].retries.perTryTimeout, "250ms");
    const linkerd = await build({ ...ARGS, kind: MeshKind.Linkerd, retries });
    assert.deepEqual(objectsOf(linkerd, "DestinationRule"), []);
    assert.equal(objectOf(linkerd, "HTTPRoute").metadata.annotations?.["retry.linkerd.io/limit"], "2");
  });

  it("refuses what the mesh would not do, naming each", () => {
    const wrong = (change: Partial<ServicePolicyArgs>) => fields(validateServicePolicy({ ...ARGS, ...change }));
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ retries: { attempts: 1 } }), ["retries"]);
    assert.deepEqual(wrong({ kind: MeshKind.None }), ["kind"]);
    assert.deepEqual(wrong({ kind: MeshKind.Linkerd, outlierDetection: {}, connectionPool: {} }), [
      "outlierDetection",
      "connectionPool",
    ]);
    assert.deepEqual(wrong({ kind: MeshKind.IstioSidecar, retries: { attempts: 0 } }), ["retries.attempts"]);
    assert.deepEqual(wrong({ port: 0, timeoutSeconds: -1 }), ["port", "timeoutSeconds"]);
    assert.deepEqual(wrong({ connectionPool: { maxConnections: 0, retryBudgetPercent: 101 } }), [
      "connectionPool",
      "connectionPool.retryBudgetPercent",
    ]);
    assert.deepEqual(
      wrong({ outlierDetection: { consecutiveErrors: 0, maxEjectedPercent: 101, intervalSeconds: 0 } }),
      ["outlierDetection.consecutiveErrors", "outlierDetection.maxEjectedPercent", "outlierDetection.intervalSeconds"],
    );
  });

  it("writes every duration that it takes in the Gateway API's form", () => {
    const form = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double()), (seconds) => {
        if (isDuration(seconds)) assert.match(duration(seconds), form);
      }),
    );
    assert.ok(isDuration(0.001) && isDuration(99_999) && !isDuration(0) && !isDuration(NaN) && !isDuration(Infinity));
  });
});

describe("EgressHost", () => {
  const ARGS: EgressHostArgs = { namespace: "shop", hosts: ["api.example.com"], because: "Payments." };
  const build = (args: EgressHostArgs) => record(() => new EgressHost("payments", args));

  it("names the hosts to its own namespace only, with the reason", async () => {
    const recording = await build({ ...ARGS, waypoint: "door" });
    const { metadata, spec } = objectOf(recording, "ServiceEntry");
    assert.deepEqual(spec.exportTo, ["."]);
    assert.deepEqual([spec.location, spec.resolution], ["MESH_EXTERNAL", "DNS"]);
    assert.deepEqual(spec.ports, [{ name: "tls", number: 443, protocol: "TLS" }]);
    assert.equal(metadata.annotations?.["machine-native-ops/because"], "Payments.");
    assert.equal(metadata.labels["istio.io/use-waypoint"], "door");
    assertConforms(judged(recording));
  });

  it("does not resolve a wildcard", async () => {
    const { spec } = objectOf(await build({ ...ARGS, hosts: ["*.example.com"] }), "ServiceEntry");
    assert.equal(spec.resolution, "NONE");
  });

  it("is a route out of the EgressNetwork with Linkerd", async () => {
    const { spec } = objectOf(await build({ ...ARGS, kind: MeshKind.Linkerd }), "TLSRoute");
    assert.deepEqual(spec.hostnames, ["api.example.com"]);
    assert.equal(spec.parentRefs[0].kind, "EgressNetwork");
    const http = await build({ ...ARGS, kind: MeshKind.Linkerd, port: 80, protocol: EgressProtocol.Http });
    assert.equal(objectOf(http, "HTTPRoute").spec.parentRefs[0].port, 80);
  });

  it("refuses what would be no name, no reason or nobody's", () => {
    const wrong = (change: Partial<EgressHostArgs>) => fields(validateEgressHost({ ...ARGS, ...change }));
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ hosts: [] }), ["hosts"]);
    assert.deepEqual(wrong({ hosts: ["*", "https://a.example", "10.0.0.1"] }), ["hosts[0]", "hosts[1]", "hosts[2]"]);
    assert.deepEqual(wrong({ because: "" }), ["because"]);
    assert.deepEqual(wrong({ kind: MeshKind.None }), ["kind"]);
    assert.deepEqual(wrong({ kind: MeshKind.IstioSidecar, waypoint: "door" }), ["waypoint"]);
    assert.deepEqual(wrong({ port: 70_000 }), ["port"]);
  });
});

describe("Waypoint", () => {
  it("is reached by the mesh's tunnel and reaches its namespace by it", async () => {
    const recording = await record(() => new Waypoint("door", { namespace: "shop" }));
    const { spec } = objectOf(recording, "NetworkPolicy");
    assert.deepEqual(spec.ingress, [{ from: [{ namespaceSelector: {} }], ports: [{ protocol: "TCP", port: 15008 }] }]);
    assert.deepEqual(spec.egress.at(-1), { to: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 15008 }] });
    assertConforms(judged(recording));
  });
});
