import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { evaluate } from "../../../tools/reachability/evaluate";
import type { KubernetesObject } from "../../../tools/reachability/model";
import { answers, deployment, flowsBetween, manifests, namespace, reachable } from "./support";

const SHOP = [
  namespace("shop", { team: "sales" }),
  namespace("ops", { team: "ops" }),
  deployment("shop/web"),
  deployment("shop/api", { ports: { http: 8080, metrics: 9090 } }),
  deployment("ops/prometheus"),
];

const policy = (name: string, spec: string, ns = "shop"): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${ns} }
spec: ${spec}
---`;

function world(...policies: string[]) {
  return [...SHOP, ...manifests(policies.join("\n")).filter((object) => object !== null)];
}

const ALL_PAIRS = reachable(evaluate(SHOP));

describe("reachability: NetworkPolicy", () => {
  it("lets everybody talk where no policy is, itself included", () => {
    assert.equal(ALL_PAIRS.length, 9);
    assert.deepEqual(answers(flowsBetween(SHOP, "shop/web", "shop/api")), [
      "8080/TCP http allowed",
      "9090/TCP metrics allowed",
      "any other port allowed",
    ]);
  });

  it("isolates only what a policy selects, only in the directions of its types", () => {
    const denied = (spec: string): string[] => {
      const left = reachable(evaluate(world(policy("p", spec))));
      return ALL_PAIRS.filter((pair) => !left.includes(pair));
    };
    assert.deepEqual(denied("{ podSelector: { matchLabels: { app: api } } }"), [
      "ops/prometheus shop/api",
      "shop/api shop/api",
      "shop/web shop/api",
    ]);
    assert.deepEqual(denied("{ podSelector: { matchLabels: { app: api } }, policyTypes: [Egress] }"), [
      "shop/api ops/prometheus",
      "shop/api shop/api",
      "shop/api shop/web",
    ]);
    assert.deepEqual(denied("{ podSelector: { matchLabels: { app: gone } }, policyTypes: [Ingress, Egress] }"), []);
  });

  it("takes policyTypes to be Ingress, and Egress where there are egress rules", () => {
    const both = evaluate(world(policy("p", "{ podSelector: { matchLabels: { app: api } }, egress: [{}] }")));
    assert.ok(
      !reachable(both).includes("shop/web shop/api"),
      "ingress is isolated though the policy speaks of egress only",
    );
    assert.ok(reachable(both).includes("shop/api shop/web"));
    const none = evaluate(world(policy("p", "{ podSelector: { matchLabels: { app: api } }, egress: [] }")));
    assert.ok(reachable(none).includes("shop/api shop/web"), "an empty egress list without types isolates nothing");
  });

  it("tells an empty list of peers or ports (all) from no rule (none)", () => {
    const all = world(policy("p", "{ podSelector: {}, ingress: [{ from: [], ports: [] }] }"));
    assert.deepEqual(reachable(evaluate(all)), ALL_PAIRS);
    const none = world(policy("p", "{ podSelector: {}, ingress: [] }"));
    assert.deepEqual(
      reachable(evaluate(none)),
      ALL_PAIRS.filter((pair) => pair.endsWith("ops/prometheus")),
    );
  });

  it("needs both selectors of one peer, and either of two peers", () => {
    const who = (from: string): string[] =>
      reachable(
        evaluate(world(policy("p", `{ podSelector: { matchLabels: { app: api } }, ingress: [{ from: ${from} }] }`))),
      )
        .filter((pair) => pair.endsWith(" shop/api"))
        .map((pair) => pair.split(" ")[0] ?? "");
    const ops = "namespaceSelector: { matchLabels: { team: ops } }";
    const web = "podSelector: { matchLabels: { app: web } }";
    assert.deepEqual(who(`[{ ${ops}, ${web} }]`), []);
    assert.deepEqual(who(`[{ ${ops} }, { ${web} }]`), ["ops/prometheus", "shop/web"]);
    assert.deepEqual(who("[{ podSelector: {} }]"), ["shop/api", "shop/web"], "own namespace only");
    assert.deepEqual(who("[{ namespaceSelector: {} }]"), ["ops/prometheus", "shop/api", "shop/web"]);
    assert.deepEqual(who("[{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ops } } }]"), [
      "ops/prometheus",
    ]);
    assert.deepEqual(who("[{ ipBlock: { cidr: 0.0.0.0/0 } }]"), [], "an ipBlock speaks of the outside");
  });

  it("knows the four operators of matchExpressions and refuses others", () => {
    const who = (expression: string): string[] =>
      reachable(
        evaluate(
          world(
            policy(
              "p",
              `{ podSelector: { matchLabels: { app: api } }, ingress: [{ from: [{ podSelector: { matchExpressions: [${expression}] } }] }] }`,
            ),
          ),
        ),
      )
        .filter((pair) => pair.endsWith(" shop/api"))
        .map((pair) => pair.split(" ")[0] ?? "");
    assert.deepEqual(who("{ key: app, operator: In, values: [web, x] }"), ["shop/web"]);
    assert.deepEqual(who("{ key: app, operator: NotIn, values: [web] }"), ["shop/api"]);
    assert.deepEqual(
      who("{ key: tier, operator: NotIn, values: [web] }"),
      ["shop/api", "shop/web"],
      "absent is not in",
    );
    assert.deepEqual(who("{ key: app, operator: Exists }"), ["shop/api", "shop/web"]);
    assert.deepEqual(who("{ key: app, operator: DoesNotExist }"), []);
    assert.throws(
      () => who("{ key: app, operator: Near }"),
      (error: unknown) =>
        error instanceof MnoError && error.code === "MNO_MANIFEST_INVALID" && /"Near"/.test(error.message),
    );
  });

  it("resolves numbers, names, ranges and protocols of ports", () => {
    const ports = (list: string): string[] =>
      answers(
        flowsBetween(
          world(policy("p", `{ podSelector: { matchLabels: { app: api } }, ingress: [{ ports: ${list} }] }`)),
          "shop/web",
          "shop/api",
        ),
      );
    assert.deepEqual(ports("[{ port: 8080 }]"), [
      "8080/TCP http allowed",
      "9090/TCP metrics denied",
      "any other port denied",
    ]);
    assert.deepEqual(ports("[{ port: metrics }]"), [
      "8080/TCP http denied",
      "9090/TCP metrics allowed",
      "any other port denied",
    ]);
    assert.deepEqual(ports("[{ port: 8000, endPort: 8999 }]"), [
      "8080/TCP http allowed",
      "9090/TCP metrics denied",
      "8000-8999/TCP allowed",
      "any other port denied",
    ]);
    assert.deepEqual(ports("[{ port: 8080, protocol: UDP }, { port: 9090 }]"), [
      "8080/TCP http denied",
      "9090/TCP metrics allowed",
      "8080/UDP allowed",
      "any other port denied",
    ]);
    assert.deepEqual(ports("[{ protocol: TCP }]"), [
      "8080/TCP http allowed",
      "9090/TCP metrics allowed",
      "any other TCP port allowed",
      "any other UDP or SCTP port denied",
    ]);
  });

  it("looks named ports of egress rules up in the pod they lead to", () => {
    const rule = policy(
      "p",
      "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [{ ports: [{ port: http }] }] }",
    );
    assert.equal(flowsBetween(world(rule), "shop/web", "shop/api")[0]?.verdict, "allowed");
    assert.equal(flowsBetween(world(rule), "shop/web", "ops/prometheus")[0]?.ports, "80/TCP http");
    assert.equal(flowsBetween(world(rule), "shop/web", "ops/prometheus")[0]?.verdict, "allowed");
  });

  it("takes a named port with its protocol, though another shares the number", () => {
    const dns: KubernetesObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "dns", namespace: "shop", labels: { app: "dns" } },
      spec: {
        containers: [
          {
            ports: [
              { name: "dns-tcp", containerPort: 53 },
              { name: "dns", containerPort: 53, protocol: "UDP" },
            ],
          },
        ],
      },
    };
    const rule =
      "{ podSelector: { matchLabels: { app: dns } }, ingress: [{ ports: [{ port: dns-tcp, protocol: UDP }, { port: dns-tcp }] }] }";
    const objects = [...world(policy("p", rule)), dns];
    assert.deepEqual(answers(flowsBetween(objects, "shop/web", "shop/dns")), [
      "53/TCP dns-tcp allowed",
      "53/UDP dns denied",
      "any other port denied",
    ]);
  });

  it("needs both sides, adds rules up, and names what decided", () => {
    const deny = policy("default-deny", "{ podSelector: {}, policyTypes: [Ingress, Egress] }");
    const out = policy(
      "web-out",
      "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: api } } }] }] }",
    );
    const into = policy(
      "api-in",
      "{ podSelector: { matchLabels: { app: api } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 8080 }] }] }",
    );
    const half = flowsBetween(world(deny, out), "shop/web", "shop/api")[0];
    assert.equal(half?.verdict, "denied");
    assert.deepEqual(half.egress?.rules, ["shop/web-out egress[0]"]);
    assert.equal(half.ingress?.why, "no ingress rule admits shop/web among shop/default-deny");
    const whole = flowsBetween(world(deny, out, into), "shop/web", "shop/api");
    assert.deepEqual(answers(whole), ["8080/TCP http allowed", "9090/TCP metrics denied", "any other port denied"]);
    assert.equal(
      whole[1]?.ingress?.why,
      "no ingress rule admits shop/web on this port among shop/api-in, shop/default-deny",
    );
    assert.deepEqual(
      reachable(evaluate(world(deny, out, into))).filter((pair) => /^shop\S+ shop/.test(pair)),
      ["shop/web shop/api"],
    );
  });

  it("leaves pods on the host's network alone and says so", () => {
    const objects = [...world(policy("deny", "{ podSelector: {} }")), deployment("shop/node", { hostNetwork: true })];
    const result = evaluate(objects);
    assert.ok(reachable(result).includes("shop/web shop/node"));
    assert.ok(result.warnings.includes("shop/node is on the host's network: no NetworkPolicy holds it"));
  });

  it("refuses a peer that is neither", () => {
    assert.throws(
      () => evaluate(world(policy("p", "{ podSelector: {}, ingress: [{ from: [{}] }] }"))),
      /p ingress\[0\]/,
    );
  });
});
