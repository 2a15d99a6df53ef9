import fc from "fast-check";
import type { KubernetesObject, Protocol } from "../../../tools/reachability/model";
import type { Reachability } from "../../../tools/reachability/evaluate";

/** Small vocabularies, so that selectors often hit. */
const NAMESPACES = ["north", "south"];
const KEYS = ["app", "tier"];
const VALUES = ["a", "b"];
export const PORTS = [80, 81, 443, 8080, 9000];
export const PROTOCOLS: Protocol[] = ["TCP", "UDP"];

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), {
  maxKeys: 2,
  noNullPrototype: true,
});
const selector = fc.record(
  {
    matchLabels: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), {
      maxKeys: 1,
      noNullPrototype: true,
    }),
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key: fc.constantFrom(...KEYS),
          operator: fc.constantFrom("In", "NotIn"),
          values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1 }),
        }),
        fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom("Exists", "DoesNotExist") }),
      ),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.constant({ ipBlock: { cidr: "203.0.113.0/24" } }),
);
const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS) }),
  fc.record({ port: fc.constantFrom<number | string>(...PORTS, "http"), protocol: fc.constantFrom(...PROTOCOLS) }),
  fc.record({ port: fc.constantFrom(80, 443), endPort: fc.constantFrom(443, 8080) }),
);
const rules = (peers: "from" | "to") =>
  fc.array(
    fc.record(
      { [peers]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  );

const workload = fc
  .record({ namespace: fc.constantFrom(...NAMESPACES), labels, http: fc.constantFrom(80, 8080), host: fc.nat(9) })
  .map(({ namespace, labels, http, host }) => ({ namespace, labels, http, hostNetwork: host === 0 }));

const policy = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.uniqueArray(fc.constantFrom("Ingress", "Egress"), { minLength: 1 }),
      ingress: rules("from"),
      egress: rules("to"),
    },
    { requiredKeys: ["podSelector"] },
  ),
});

export interface RandomSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface RandomPeer {
  podSelector?: RandomSelector;
  namespaceSelector?: RandomSelector;
  ipBlock?: { cidr: string };
}

export interface RandomRule {
  from?: RandomPeer[];
  to?: RandomPeer[];
  ports?: { protocol?: Protocol; port?: number | string; endPort?: number }[];
}

export interface RandomPolicy {
  podSelector: RandomSelector;
  policyTypes?: string[];
  ingress?: RandomRule[];
  egress?: RandomRule[];
}

export interface RandomWorld {
  namespaces: Record<string, Record<string, string>>;
  workloads: { namespace: string; labels: Record<string, string>; http: number; hostNetwork: boolean }[];
  policies: { namespace: string; spec: RandomPolicy }[];
}

export const worlds: fc.Arbitrary<RandomWorld> = fc.record({
  namespaces: fc.tuple(labels, labels).map(([north, south]) => ({ north, south })),
  workloads: fc.array(workload, { minLength: 1, maxLength: 4 }),
  policies: fc.array(policy, { maxLength: 4 }),
});

export function toObjects({ namespaces, workloads, policies }: RandomWorld): KubernetesObject[] {
  return [
    ...Object.entries(namespaces).map(([name, labels]) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    })),
    ...workloads.map(({ namespace, labels, http, hostNetwork }, index) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: `w${String(index)}`, namespace },
      spec: {
        template: {
          metadata: { labels },
          spec: { hostNetwork, containers: [{ ports: [{ name: "http", containerPort: http }] }] },
        },
      },
    })),
    ...policies.map(({ namespace, spec }, index) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: `p${String(index)}`, namespace },
      spec,
    })),
  ];
}

/** The answer for one port, read from the rows as a person reads them: a row that names it, else what is left. */
export function answerFor(
  { pairs }: Reachability,
  from: string,
  to: string,
  protocol: Protocol,
  port: number,
): string | undefined {
  const flows = pairs.find((pair) => pair.from === from && pair.to === to)?.flows ?? [];
  const named = flows.find(({ ports }) =>
    [...ports.matchAll(/(\d+)(?:-(\d+))?\/(\w+)/g)].some(
      ([, first, last = first, which]) => which === protocol && port >= Number(first) && port <= Number(last),
    ),
  );
  const rest = flows.find(({ ports }) => new RegExp(`any other (port|[A-Z or]*${protocol})`).test(ports));
  return (named ?? rest)?.verdict;
}
