import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import { Gateway, type GatewayArgs, MeshKind } from "../../components";
import { validateGateway } from "../../components/edge/validate";
import { Connections } from "../../components/workload/kubernetes/connections";
import { judged, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { record, type Recording } from "../support/recording-monitor";

const ARGS: GatewayArgs = {
  namespace: "edge",
  hostnames: ["shop.example.com", "*.api.example.com"],
  tls: { issuer: "letsencrypt" },
  routes: [
    { name: "shop", hostnames: ["shop.example.com"], service: "shop", port: 80 },
    { name: "cart", pathPrefix: "/cart", service: "cart", serviceNamespace: "cart", port: 8080, timeoutSeconds: 0.5 },
  ],
};

const build = (change: Partial<GatewayArgs> = {}): Promise<Recording> =>
  record(() => new Gateway("door", { ...ARGS, ...change }));

describe("Gateway", () => {
  it("answers each hostname over TLS with one certificate, and no other name", async () => {
    const recording = await build();
    const { listeners } = objectOf(recording, "Gateway").spec;
    assert.deepEqual(
      listeners.map(({ name, port, hostname }: Record<string, unknown>) => [name, port, hostname]),
      [
        ["http", 80, undefined],
        ["https-shop-example-com", 443, "shop.example.com"],
        ["https-any-api-example-com", 443, "*.api.example.com"],
      ],
    );
    const { spec } = objectOf(recording, "Certificate");
    assert.deepEqual(spec.dnsNames, ARGS.hostnames);
    for (const { tls } of listeners.slice(1)) assert.equal(tls.certificateRefs[0].name, spec.secretName);
  });

  it("attaches nothing but the redirect to plain HTTP", async () => {
    const routes = objectsOf(await build(), "HTTPRoute");
    const plain = routes.filter(({ spec }) =>
      spec.parentRefs.some((ref: { sectionName: string }) => ref.sectionName === "http"),
    );
    assert.equal(plain.length, 1);
    assert.deepEqual(plain[0]?.spec.rules, [
      { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }] },
    ]);
  });

  it("routes by host and path, with a timeout", async () => {
    const recording = await build();
    const { spec } = objectNamed(recording, "HTTPRoute", "door-route-cart");
    assert.deepEqual(spec.hostnames, ARGS.hostnames);
    assert.equal(spec.parentRefs.length, 2);
    assert.deepEqual(spec.rules[0], {
      matches: [{ path: { type: "PathPrefix", value: "/cart" } }],
      timeouts: { request: "500ms" },
      backendRefs: [{ name: "cart", port: 8080, namespace: "cart" }],
    });
    const shop = objectNamed(recording, "HTTPRoute", "door-route-shop").spec;
    assert.deepEqual(
      shop.parentRefs.map(({ sectionName }: { sectionName: string }) => sectionName),
      ["https-shop-example-com"],
    );
  });

  it("is granted exactly the services of other namespaces", async () => {
    const grant = objectOf(await build(), "ReferenceGrant");
    assert.equal(grant.metadata.namespace, "cart");
    assert.deepEqual(grant.spec, {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "edge" }],
      to: [{ group: "", kind: "Service", name: "cart" }],
    });
  });

  it("stays inside the cluster's network until a reason to expose it is given", async () => {
    const type = async (change: Partial<GatewayArgs>) =>
      objectOf(await build(change), "Gateway").metadata.annotations?.["networking.istio.io/service-type"];
    assert.equal(await type({}), "ClusterIP");
    assert.equal(await type({ exposedBecause: "Customers come here." }), "LoadBalancer");
    assert.equal(await type({ className: "cilium" }), undefined);
  });

  it("answers in the open only with a reason, and then asks for no certificate", async () => {
    const recording = await build({ tls: undefined, plaintextBecause: "TLS ends before it." });
    const { spec, metadata } = objectOf(recording, "Gateway");
    assert.deepEqual(new Set(spec.listeners.map(({ protocol }: { protocol: string }) => protocol)), new Set(["HTTP"]));
    assert.equal(metadata.annotations?.["machine-native-ops/because"], "TLS ends before it.");
    assert.deepEqual(objectsOf(recording, "Certificate"), []);
    assert.equal(objectsOf(recording, "HTTPRoute").length, 2);
  });

  it("lets clients in through a network and a mesh that deny by default, at its own ports", async () => {
    const recording = await build();
    const policy = objectOf(recording, "NetworkPolicy").spec;
    assert.deepEqual(policy.podSelector, { matchLabels: { "gateway.networking.k8s.io/gateway-name": "door" } });
    assert.deepEqual(policy.ingress, [
      {
        ports: [
          { protocol: "TCP", port: 80 },
          { protocol: "TCP", port: 443 },
        ],
      },
    ]);
    const { targetRefs, rules } = objectOf(recording, "AuthorizationPolicy").spec;
    assert.deepEqual(targetRefs, [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "door" }]);
    assert.deepEqual(rules, [{ to: [{ operation: { ports: ["80", "443"] } }] }]);
    assert.deepEqual(objectsOf(await build({ className: "cilium" }), "AuthorizationPolicy"), []);
  });

  it("calls whom its connections name, by the identity that Istio gives to its pods", async () => {
    const recording = await record(() => {
      const gateway = new Gateway("door", ARGS);
      const callee = new Connections({
        name: "cart",
        namespace: "cart",
        podLabels: { "app.kubernetes.io/name": "cart" },
        serviceAccountName: "cart",
        ports: [{ name: "http", port: 8080 }],
        mesh: MeshKind.IstioAmbient,
        parent: new k8s.core.v1.Namespace("cart"),
      });
      gateway.connections.allowTo({ connections: callee });
    });
    const admission = objectsOf(recording, "AuthorizationPolicy").find(({ metadata }) => metadata.namespace === "cart");
    assert.deepEqual(admission?.spec.rules[0].from[0].source.principals, ["cluster.local/ns/edge/sa/door-istio"]);
  });

  it("conforms to both policy packs, exposed too", async () => {
    assertConforms(judged(await build()));
    assertConforms(judged(await build({ exposedBecause: "Customers come here." })));
  });

  const route = ARGS.routes[0]!;
  const WRONG: [string, Partial<GatewayArgs>, string[]][] = [
    ["no hostname", { hostnames: [], routes: [{ ...route, hostnames: undefined }] }, ["hostnames"]],
    [
      "an address for a name",
      { hostnames: ["https://a.example"], routes: [{ ...route, hostnames: undefined }] },
      ["hostnames[0]"],
    ],
    ["no TLS and no reason", { tls: undefined }, ["tls"]],
    ["TLS and a reason for none", { plaintextBecause: "x" }, ["plaintextBecause"]],
    ["a certificate from two places", { tls: { issuer: "a", secretName: "b" } }, ["tls"]],
    ["an unknown kind of issuer", { tls: { issuer: "a", issuerKind: "Vault" } }, ["tls.issuerKind"]],
    ["an empty reason", { exposedBecause: "" }, ["exposedBecause"]],
    ["exposure of a class that decides itself", { exposedBecause: "x", className: "cilium" }, ["exposedBecause"]],
    ["no route", { routes: [] }, ["routes"]],
    ["two routes of one name", { routes: [route, route] }, ["routes"]],
    ["a route of a foreign name", { routes: [{ ...route, hostnames: ["b.example"] }] }, ["routes[0].hostnames"]],
    ["a relative path", { routes: [{ ...route, pathPrefix: "cart" }] }, ["routes[0].pathPrefix"]],
    ["a port beyond the range", { routes: [{ ...route, port: 65_536 }] }, ["routes[0].port"]],
    ["no time", { routes: [{ ...route, timeoutSeconds: 0 }] }, ["routes[0].timeoutSeconds"]],
  ];
  for (const [what, change, expected] of WRONG) {
    it(`refuses ${what}`, () => {
      assert.deepEqual(
        validateGateway({ ...ARGS, ...change }).map(({ field }) => field),
        expected,
      );
    });
  }
});
