import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, evaluate } from "../../../tools/reachability/evaluate";
import { answers, deployment, flowsBetween, manifests } from "./support";

const INJECTED = { annotations: { "linkerd.io/inject": "enabled" } };

function world(text: string, annotations: Record<string, string> = {}) {
  return [
    deployment("shop/web", INJECTED),
    deployment("shop/api", {
      annotations: { ...INJECTED.annotations, ...annotations },
      ports: { http: 8080, admin: 9990 },
    }),
    deployment("plain/curl"),
    ...manifests(text).filter((object) => object !== null),
  ];
}

const resource = (kind: string, name: string, spec: string): string => `
apiVersion: policy.linkerd.io/v1alpha1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---`;
const SERVER = resource("Server", "api-http", "{ podSelector: { matchLabels: { app: api } }, port: http }");
const grant = (references: string, target = "{ kind: Server, name: api-http }"): string =>
  resource("AuthorizationPolicy", "grant", `{ targetRef: ${target}, requiredAuthenticationRefs: ${references} }`);
const WEB = resource("MeshTLSAuthentication", "web", "{ identityRefs: [{ kind: ServiceAccount, name: web }] }");
const REFERS_TO_WEB = "[{ kind: MeshTLSAuthentication, name: web }]";

function verdict(objects: ReturnType<typeof world>, from = "shop/web"): string | undefined {
  return flowsBetween(objects, from, "shop/api")[0]?.verdict;
}

describe("reachability: Linkerd", () => {
  it("denies at a Server what no policy admits, and leaves other ports to the default", () => {
    assert.deepEqual(answers(flowsBetween(world(SERVER), "shop/web", "shop/api")), [
      "8080/TCP http denied",
      "9990/TCP admin allowed",
      "any other TCP port allowed",
      "any other UDP or SCTP port allowed",
    ]);
    const open = resource("Server", "api-http", "{ podSelector: {}, port: 8080, accessPolicy: all-unauthenticated }");
    assert.equal(verdict(world(open)), "allowed");
  });

  it("admits identities of service accounts, of namespaces and by pattern", () => {
    assert.equal(verdict(world(SERVER + WEB + grant(REFERS_TO_WEB))), "allowed");
    assert.equal(verdict(world(SERVER + WEB + grant(REFERS_TO_WEB)), "plain/curl"), "denied");
    assert.equal(verdict(world(SERVER + WEB + grant(REFERS_TO_WEB)), "shop/api"), "denied");
    assert.equal(verdict(world(SERVER + grant("[{ kind: ServiceAccount, name: web }]"))), "allowed");
    const pattern = (text: string): string => resource("MeshTLSAuthentication", "web", `{ identities: ["${text}"] }`);
    assert.equal(verdict(world(SERVER + pattern("*") + grant(REFERS_TO_WEB))), "allowed");
    const suffix = "*.shop.serviceaccount.identity.linkerd.cluster.local";
    assert.equal(verdict(world(SERVER + pattern(suffix) + grant(REFERS_TO_WEB))), "allowed");
    assert.equal(verdict(world(SERVER + pattern(suffix.replace("shop", "ops")) + grant(REFERS_TO_WEB))), "denied");
    const space = resource("MeshTLSAuthentication", "web", "{ identityRefs: [{ kind: Namespace, name: shop }] }");
    assert.equal(verdict(world(SERVER + space + grant(REFERS_TO_WEB))), "allowed");
  });

  it("follows policies for the namespace and for routes", () => {
    assert.equal(verdict(world(SERVER + WEB + grant(REFERS_TO_WEB, "{ kind: Namespace, name: shop }"))), "allowed");
    assert.equal(verdict(world(SERVER + WEB + grant(REFERS_TO_WEB, "{ kind: Server, name: other }"))), "denied");
    const route = resource(
      "HTTPRoute",
      "read",
      "{ parentRefs: [{ kind: Server, name: api-http }], rules: [{ matches: [{ method: GET, path: { value: /v1 } }] }] }",
    );
    const [flow] = flowsBetween(
      world(SERVER + WEB + route + grant(REFERS_TO_WEB, "{ kind: HTTPRoute, name: read }")),
      "shop/web",
      "shop/api",
    );
    assert.equal(flow?.verdict, "conditional");
    assert.deepEqual(flow.mesh?.conditions, ["GET /v1"]);
  });

  it("needs every reference, and takes a missing one for void", () => {
    const network = (cidr: string): string =>
      resource("NetworkAuthentication", "net", `{ networks: [{ cidr: ${cidr} }] }`);
    const both = grant("[{ kind: MeshTLSAuthentication, name: web }, { kind: NetworkAuthentication, name: net }]");
    assert.equal(verdict(world(SERVER + WEB + network("0.0.0.0/0") + both)), "allowed");
    assert.equal(verdict(world(SERVER + WEB + network("10.1.0.0/16") + both)), "conditional");
    const missing = world(SERVER + WEB + both);
    assert.equal(verdict(missing), "denied");
    assert.ok(
      evaluate(missing).warnings.some((warning) =>
        /refers to NetworkAuthentication net, which is not there/.test(warning),
      ),
    );
  });

  it("takes the default inbound policy from pod, namespace or installation", () => {
    const annotation = "config.linkerd.io/default-inbound-policy";
    assert.equal(verdict(world("", { [annotation]: "deny" })), "denied");
    assert.equal(verdict(world("", { [annotation]: "cluster-authenticated" }), "plain/curl"), "denied");
    assert.equal(verdict(world("", { [annotation]: "cluster-authenticated" })), "allowed");
    const settings = { ...DEFAULT_SETTINGS, linkerd: { trustDomain: "cluster.local", defaultInboundPolicy: "deny" } };
    assert.equal(flowsBetween(world(""), "shop/web", "shop/api", settings)[0]?.verdict, "denied");
  });

  it("shows NetworkPolicies the proxy's inbound port between meshed pods", () => {
    const only = (port: number): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: np, namespace: shop }
spec: { podSelector: { matchLabels: { app: api } }, ingress: [{ ports: [{ port: ${String(port)} }] }] }
---`;
    assert.equal(verdict(world(only(8080))), "denied");
    assert.equal(verdict(world(only(4143))), "allowed");
    assert.equal(verdict(world(only(8080)), "plain/curl"), "allowed");
  });
});
