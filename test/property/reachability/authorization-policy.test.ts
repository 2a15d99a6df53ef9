import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate } from "../../../tools/reachability/evaluate";
import type { KubernetesObject } from "../../../tools/reachability/model";
import { answerFor } from "./worlds";

const PRINCIPALS = ["*", "cluster.local/ns/north/*", "*/sa/w0", "cluster.local/ns/south/sa/w1"];
const some = <T>(...values: T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

const policy = fc.record({
  namespace: fc.constantFrom("north", "south", "istio-system"),
  action: fc.constantFrom("ALLOW", "DENY"),
  app: fc.option(fc.constantFrom("w0", "w1", "w2"), { nil: undefined }),
  rules: fc.array(
    fc.record(
      {
        principals: some(...PRINCIPALS),
        notPrincipals: some(...PRINCIPALS),
        namespaces: some("north", "south"),
        ports: some("80", "443"),
        notPorts: some("80", "443"),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  ),
});
type RandomPolicy = typeof policy extends fc.Arbitrary<infer T> ? T : never;

/** w0 and w2 in the mesh by their namespace's or their own label, w1 as the case has it. */
const WORKLOADS = ["north/w0", "south/w1", "north/w2"];

function toObjects(policies: readonly RandomPolicy[], meshed: boolean, mode: string): KubernetesObject[] {
  return [
    ...WORKLOADS.map((workload, index) => {
      const [namespace = "", name = ""] = workload.split("/");
      const inject = String(index !== 1 || meshed);
      return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace },
        spec: {
          template: {
            metadata: { labels: { app: name, "sidecar.istio.io/inject": inject } },
            spec: { serviceAccountName: name, containers: [{ ports: [{ containerPort: 80 }] }] },
          },
        },
      };
    }),
    ...policies.map(({ namespace, action, app, rules }, index) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `p${String(index)}`, namespace },
      spec: {
        action,
        ...(app === undefined ? {} : { selector: { matchLabels: { app } } }),
        rules: rules.map(({ principals, notPrincipals, namespaces, ports, notPorts }) => ({
          ...(principals || notPrincipals || namespaces
            ? { from: [{ source: { principals, notPrincipals, namespaces } }] }
            : {}),
          ...(ports || notPorts ? { to: [{ operation: { ports, notPorts } }] } : {}),
        })),
      },
    })),
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name: "default", namespace: "istio-system" },
      spec: { mtls: { mode } },
    },
  ];
}

/** Istio's rules once more, for one connection. */
function passes(
  policies: readonly RandomPolicy[],
  meshed: boolean,
  mode: string,
  from: string,
  to: string,
  port: string,
): boolean {
  const inMesh = (workload: string): boolean => workload !== "south/w1" || meshed;
  if (!inMesh(to)) return true;
  if (mode === "STRICT" && !inMesh(from)) return false;
  const [fromSpace, fromName] = from.split("/");
  const [toSpace, toName] = to.split("/");
  const principal = `cluster.local/ns/${String(fromSpace)}/sa/${String(fromName)}`;
  const is = (pattern: string): boolean =>
    inMesh(from) && new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(principal);
  const hits = (rule: RandomPolicy["rules"][number]): boolean =>
    !(rule.principals && !rule.principals.some(is)) &&
    !rule.notPrincipals?.some(is) &&
    !(rule.namespaces && !(inMesh(from) && rule.namespaces.some((name) => name === fromSpace))) &&
    !(rule.ports && !rule.ports.includes(port)) &&
    !rule.notPorts?.includes(port);
  let mustMatch = false;
  let matched = false;
  for (const { namespace, action, app, rules } of policies) {
    if (namespace !== toSpace && namespace !== "istio-system") continue;
    if (app !== undefined && app !== toName) continue;
    if (action === "DENY" && rules.some(hits)) return false;
    if (action === "ALLOW") {
      mustMatch = true;
      matched ||= rules.some(hits);
    }
  }
  return matched || !mustMatch;
}

describe("reachability: properties of AuthorizationPolicies", () => {
  it("a second evaluator, written otherwise, agrees on every connection", () => {
    fc.assert(
      fc.property(
        fc.array(policy, { maxLength: 4 }),
        fc.boolean(),
        fc.constantFrom("STRICT", "PERMISSIVE"),
        (policies, meshed, mode) => {
          const result = evaluate(toObjects(policies, meshed, mode));
          for (const from of WORKLOADS) {
            for (const to of WORKLOADS) {
              for (const port of [80, 443, 8080]) {
                const expected = passes(policies, meshed, mode, from, to, String(port)) ? "allowed" : "denied";
                assert.equal(answerFor(result, from, to, "TCP", port), expected, `${from} -> ${to} ${String(port)}`);
                assert.equal(answerFor(result, from, to, "UDP", port), "allowed");
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
