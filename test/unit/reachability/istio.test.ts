import assert from "node:assert/strict";
import { evaluate } from "../../../tools/reachability/evaluate";
import { answers, deployment, flowsBetween, manifests, namespace } from "./support";

const AMBIENT = { "istio.io/dataplane-mode": "ambient" };
const SIDECAR = { "istio-injection": "enabled" };

function world(mesh: Record<string, string>, text = "") {
  return [
    namespace("shop", mesh),
    namespace("plain"),
    deployment("shop/web"),
    deployment("shop/api", { ports: { http: 8080 } }),
    deployment("plain/curl"),
    ...manifests(text).filter((object) => object !== null),
  ];
}

const authorization = (spec: string, ns = "shop", name = "p"): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${ns} }
spec: ${spec}
---`;
const strict = (spec = "{ mtls: { mode: STRICT } }", ns = "istio-system", name = "default"): string => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: ${name}, namespace: ${ns} }
spec: ${spec}
---`;
const WEB = "cluster.local/ns/shop/sa/web";

function verdict(objects: ReturnType<typeof world>, from = "shop/web", to = "shop/api"): string | undefined {
  return flowsBetween(objects, from, to)[0]?.verdict;
}

describe("reachability: Istio", () => {
  it("allows where no policy is; an ALLOW policy without rules allows nothing; an empty rule everything", () => {
    assert.equal(verdict(world(SIDECAR)), "allowed");
    assert.equal(verdict(world(SIDECAR, authorization("{}"))), "denied");
    assert.equal(verdict(world(SIDECAR, authorization("{ rules: [{}] }"))), "allowed");
    assert.equal(verdict(world({}, authorization("{}"))), "allowed", "no proxy, no authorization");
  });

  it("matches identities exactly, by prefix, by suffix, by namespace and by service account", () => {
    const from = (source: string, caller = "shop/web"): string | undefined =>
      verdict(world(SIDECAR, authorization(`{ rules: [{ from: [{ source: ${source} }] }] }`)), caller);
    assert.equal(from(`{ principals: ["${WEB}"] }`), "allowed");
    assert.equal(from(`{ principals: ["${WEB}"] }`, "shop/api"), "denied");
    assert.equal(from('{ principals: ["cluster.local/ns/shop/*"] }'), "allowed");
    assert.equal(from('{ principals: ["*/sa/web"] }'), "allowed");
    assert.equal(from('{ principals: ["*"] }', "plain/curl"), "denied", "no identity outside the mesh");
    assert.equal(from("{ namespaces: [shop] }"), "allowed");
    assert.equal(from("{ namespaces: [plain] }"), "denied");
    assert.equal(from("{ serviceAccounts: [shop/web] }"), "allowed");
    assert.equal(from("{ serviceAccounts: [web] }"), "allowed", "of the policy's namespace");
    assert.equal(from("{ serviceAccounts: [plain/web] }"), "denied");
    assert.equal(from(`{ notPrincipals: ["${WEB}"] }`), "denied");
    assert.equal(from(`{ notPrincipals: ["${WEB}"] }`, "plain/curl"), "allowed", "nobody is not web");
    assert.equal(from("{ ipBlocks: [10.0.0.0/8] }"), "conditional");
  });

  it("asks DENY before ALLOW, and every namespace follows the root namespace", () => {
    const deny = `{ action: DENY, rules: [{ from: [{ source: { namespaces: [shop] } }] }] }`;
    const objects = world(SIDECAR, authorization("{ rules: [{}] }") + authorization(deny, "istio-system", "no-shop"));
    const [flow] = flowsBetween(objects, "shop/web", "shop/api");
    assert.equal(flow?.verdict, "denied");
    assert.deepEqual(flow.mesh?.rules, ["istio-system/no-shop[0]"]);
    assert.equal(verdict(objects, "plain/curl"), "allowed");
    const rooted = {
      istio: { rootNamespace: "mesh", trustDomain: "cluster.local" },
      linkerd: { trustDomain: "", defaultInboundPolicy: "deny" },
    };
    assert.equal(
      flowsBetween(objects, "shop/web", "shop/api", rooted)[0]?.verdict,
      "allowed",
      "another root namespace",
    );
  });

  it("applies by selector, and by port", () => {
    const narrow = "{ selector: { matchLabels: { app: web } } }";
    assert.equal(verdict(world(SIDECAR, authorization(narrow))), "allowed");
    const ports =
      "{ selector: { matchLabels: { app: api } }, rules: [{ to: [{ operation: { ports: ['8080', '9000'] } }] }] }";
    assert.deepEqual(answers(flowsBetween(world(SIDECAR, authorization(ports)), "shop/web", "shop/api")), [
      "8080/TCP http allowed",
      "9000/TCP allowed",
      "any other TCP port denied",
      "any other UDP or SCTP port allowed",
    ]);
  });

  it("reports what only a request can tell as a condition", () => {
    const get =
      "{ rules: [{ to: [{ operation: { methods: [GET], paths: ['/v1/*'] } }], when: [{ key: 'request.headers[x]', values: [y] }] }] }";
    const [flow] = flowsBetween(world(SIDECAR, authorization(get)), "shop/web", "shop/api");
    assert.equal(flow?.verdict, "conditional");
    assert.deepEqual(flow.mesh?.conditions, ["GET /v1/* and request.headers[x] y"]);
    const deny = "{ action: DENY, rules: [{ to: [{ operation: { methods: [DELETE] } }] }] }";
    const [but] = flowsBetween(world(SIDECAR, authorization(deny)), "shop/web", "shop/api");
    assert.deepEqual(but?.mesh?.conditions, ["not DELETE (shop/p[0])"]);
    const custom = "{ action: CUSTOM, provider: { name: opa }, rules: [{}] }";
    const [asked] = flowsBetween(world(SIDECAR, authorization(custom)), "shop/web", "shop/api");
    assert.deepEqual(asked?.mesh?.conditions, ["opa agrees (shop/p[0])"]);
  });

  it("gives ztunnel no requests: ALLOW never matches them, DENY forgets them, CUSTOM does nothing", () => {
    const get = "[{ to: [{ operation: { methods: [GET] } }] }]";
    assert.equal(verdict(world(AMBIENT, authorization(`{ rules: ${get} }`))), "denied");
    assert.equal(verdict(world(AMBIENT, authorization(`{ action: DENY, rules: ${get} }`))), "denied");
    const custom = world(AMBIENT, authorization(`{ action: CUSTOM, provider: { name: opa }, rules: [{}] }`));
    assert.equal(verdict(custom), "allowed");
    assert.ok(evaluate(custom).warnings.some((warning) => /shop\/p is CUSTOM, which ztunnel ignores/.test(warning)));
  });

  it("refuses callers outside the mesh under STRICT, by the narrowest PeerAuthentication", () => {
    assert.equal(verdict(world(SIDECAR, strict()), "plain/curl"), "denied");
    assert.equal(verdict(world(SIDECAR, strict()), "shop/web"), "allowed");
    assert.equal(verdict(world(SIDECAR, strict()), "shop/web", "plain/curl"), "allowed", "curl has no proxy to refuse");
    const loose = strict("{ mtls: { mode: PERMISSIVE } }", "shop");
    assert.equal(verdict(world(SIDECAR, strict() + loose), "plain/curl"), "allowed");
    const unset = strict("{ mtls: { mode: UNSET } }", "shop");
    assert.equal(verdict(world(SIDECAR, strict() + unset), "plain/curl"), "denied", "UNSET inherits");
    const port = strict(
      "{ selector: { matchLabels: { app: api } }, portLevelMtls: { 8080: { mode: DISABLE } } }",
      "shop",
      "p",
    );
    assert.deepEqual(answers(flowsBetween(world(SIDECAR, strict() + port), "plain/curl", "shop/api")), [
      "8080/TCP http allowed",
      "any other TCP port denied",
      "any other UDP or SCTP port allowed",
    ]);
  });

  it("learns no identity where a sidecar speaks plain text; ambient ignores DISABLE", () => {
    const text =
      strict("{ mtls: { mode: DISABLE } }", "shop") +
      authorization(`{ rules: [{ from: [{ source: { principals: ["${WEB}"] } }] }] }`);
    assert.equal(verdict(world(SIDECAR, text)), "denied");
    assert.equal(verdict(world(AMBIENT, text)), "allowed");
  });

  it("shows NetworkPolicies the tunnel: HBONE's port between ambient pods, the port itself otherwise", () => {
    const only = (port: number): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: np, namespace: shop }
spec: { podSelector: { matchLabels: { app: api } }, ingress: [{ ports: [{ port: ${String(port)} }] }] }
---`;
    assert.equal(verdict(world(AMBIENT, only(8080))), "denied");
    assert.equal(verdict(world(AMBIENT, only(15008))), "allowed");
    assert.equal(verdict(world(AMBIENT, only(8080)), "plain/curl"), "allowed", "plain text comes on the port itself");
    assert.equal(verdict(world(SIDECAR, only(8080))), "allowed");
    assert.equal(verdict(world(SIDECAR, only(15008))), "denied");
    const side = deployment("shop/side", { labels: { "sidecar.istio.io/inject": "true" } });
    assert.equal(
      verdict([...world(AMBIENT, only(15008)), side], "shop/side"),
      "allowed",
      "a sidecar calls by HBONE too",
    );
    assert.equal(verdict([...world(AMBIENT, only(8080)), side], "shop/side"), "denied");
    const authorized = only(15008) + authorization("{ rules: [{ to: [{ operation: { ports: ['9000'] } }] }] }");
    assert.equal(verdict(world(AMBIENT, authorized)), "denied", "ztunnel judges the real port");
  });

  it("lets a pod opt out of ambient", () => {
    const objects = [
      ...world(AMBIENT, strict()),
      deployment("shop/old", { labels: { "istio.io/dataplane-mode": "none" } }),
      deployment("shop/side", { labels: { "sidecar.istio.io/inject": "true" } }),
    ];
    assert.equal(verdict(objects, "shop/old"), "denied");
    assert.equal(verdict(objects, "shop/side"), "allowed");
  });

  it("knows an ingress gateway: it calls with its identity, and whoever calls it needs none", () => {
    const labels = { "gateway.istio.io/managed": "istio.io-gateway-controller", "istio.io/dataplane-mode": "none" };
    const text = strict() + authorization("{ rules: [{ from: [{ source: { principals: ['*/sa/door'] } }] }] }");
    const objects = [...world(AMBIENT, text), deployment("shop/door", { labels })];
    assert.equal(verdict(objects, "shop/door"), "allowed");
    assert.equal(verdict(objects, "shop/web"), "denied");
    assert.ok(flowsBetween(objects, "plain/curl", "shop/door").every((flow) => flow.verdict === "allowed"));
  });
});
