import assert from "node:assert/strict";
import { evaluate } from "../../../tools/reachability/evaluate";
import { deployment, flowsBetween, manifests, namespace } from "./support";

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop, labels: { istio.io/use-waypoint: edge } }
spec: { selector: { app: api }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop, labels: { istio.io/waypoint-for: service } }
spec: { gatewayClassName: istio-waypoint }
---`;
const authorization = (name: string, spec: string, ns = "shop"): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${ns} }
spec: ${spec}
---`;
const caller = (account: string): string => `from: [{ source: { principals: [cluster.local/ns/shop/sa/${account}] } }]`;
const BY_WAYPOINT = authorization(
  "by-waypoint",
  `{ selector: { matchLabels: { app: api } }, rules: [{ ${caller("edge")} }] }`,
);
const READ = "to: [{ operation: { methods: [GET] } }]";
const OF_SERVICE = authorization(
  "read",
  `{ targetRefs: [{ kind: Service, name: api }], rules: [{ ${caller("web")}, ${READ} }] }`,
);
const NOTHING = authorization(
  "nothing",
  "{ targetRefs: [{ kind: GatewayClass, name: istio-waypoint }] }",
  "istio-system",
);

function world(...texts: string[]) {
  return [
    namespace("shop", { "istio.io/dataplane-mode": "ambient" }),
    deployment("shop/web"),
    deployment("shop/other"),
    deployment("shop/api", { ports: { http: 8080 } }),
    ...manifests([SERVICE, ...texts].join("\n")).filter((object) => object !== null),
  ];
}

describe("reachability: waypoints", () => {
  it("judges the caller at the waypoint, with its requests, and the waypoint at the pod", () => {
    const objects = world(BY_WAYPOINT, OF_SERVICE, NOTHING);
    const [via, straight] = flowsBetween(objects, "shop/web", "shop/api");
    assert.deepEqual(
      [via?.ports, via?.via, via?.verdict, via?.mesh?.conditions],
      ["8080/TCP http", "shop/edge", "conditional", ["GET"]],
    );
    assert.deepEqual(via?.mesh?.rules, ["shop/read[0]", "shop/by-waypoint[0]"]);
    assert.deepEqual([straight?.via, straight?.verdict], [undefined, "denied"], "the pod's own address stays closed");
    assert.equal(flowsBetween(objects, "shop/other", "shop/api")[0]?.verdict, "denied");
    assert.equal(flowsBetween(world(BY_WAYPOINT, NOTHING), "shop/web", "shop/api")[0]?.verdict, "denied");
    assert.equal(
      flowsBetween(world(OF_SERVICE, authorization("none", "{}")), "shop/web", "shop/api")[0]?.verdict,
      "denied",
    );
  });

  it("needs the network between caller and waypoint, and between waypoint and pod", () => {
    const policy = (app: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${app}, namespace: shop }
spec: { podSelector: { matchLabels: { app: ${app} } }, policyTypes: [${app === "web" ? "Egress" : "Ingress"}] }
---`;
    const admitted = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api-from-edge, namespace: shop }
spec:
  podSelector: { matchLabels: { app: api } }
  ingress: [{ from: [{ podSelector: { matchLabels: { gateway.networking.k8s.io/gateway-name: edge } } }], ports: [{ port: 15008 }] }]
---`;
    assert.equal(flowsBetween(world(), "shop/web", "shop/api")[0]?.verdict, "allowed");
    const [blocked] = flowsBetween(world(policy("web")), "shop/web", "shop/api");
    assert.equal(blocked?.egress?.why, "no egress rule selects shop/edge among shop/web");
    const [closed] = flowsBetween(world(policy("api")), "shop/web", "shop/api");
    assert.equal(closed?.ingress?.why, "no ingress rule admits shop/edge among shop/api");
    assert.equal(flowsBetween(world(policy("api"), admitted), "shop/web", "shop/api")[0]?.verdict, "allowed");
  });

  it("warns of a target that no waypoint serves", () => {
    const lost = authorization("lost", "{ targetRefs: [{ kind: Service, name: gone }] }");
    const { warnings } = evaluate(world(lost, OF_SERVICE, NOTHING));
    assert.deepEqual(
      warnings.filter((warning) => warning.includes("AuthorizationPolicy")),
      ["AuthorizationPolicy shop/lost is for Service gone, which no waypoint here serves: not judged"],
    );
  });
});
