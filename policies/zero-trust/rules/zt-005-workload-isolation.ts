import { LOCAL_KIND, localCluster, localWorkload } from "../../shared/local";
import { namespaceOf, specOf } from "../../shared/kubernetes";
import { POD_KINDS, podWorkload } from "../../shared/podspec";
import { stackOf, type Resource, type StackRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";

const DIRECTIONS = ["Ingress", "Egress"] as const;

interface NetworkPolicySpec {
  podSelector: { matchLabels?: object; matchExpressions?: readonly object[] };
  policyTypes: readonly string[];
  ingress: readonly object[];
  egress: readonly object[];
}

/**
 * Kubernetes tells workloads apart by network policy. On one machine there is none: there the address is the identity, so
 * isolation means that a name and a port belong to one workload, that nobody claims another stack's ownership, and that a
 * workload is bounded, so that it cannot starve its neighbours.
 */
export const workloadIsolation: StackRule = {
  scope: "stack",
  id: "ZT-005",
  name: "workload-isolation",
  title: "Workloads are isolated by default",
  severity: "high",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "NIST SP 800-53",
      version: "Rev. 5",
      clause: "SC-7(5) Boundary Protection | Deny by Default, Allow by Exception",
    },
    {
      name: "CIS Kubernetes Benchmark",
      version: "1.9",
      clause: "5.3.2 Ensure that all Namespaces have NetworkPolicies defined",
    },
  ],
  card: {
    rule: "Every namespace with workloads denies traffic by default; a local name, port and owner is one workload's own.",
    why: "Without a default deny one breached workload reaches all; without one owner per address it can pose as another.",
    avoid: "a namespace without a NetworkPolicy; two local workloads on port 4600",
    prefer: "NetworkPolicy {podSelector: {}, policyTypes: [Ingress, Egress]} plus one allow rule per real connection",
  },
  remediation:
    "Add a NetworkPolicy with an empty podSelector, policyTypes Ingress and Egress and no rules to the namespace, then allow " +
    "each connection that is needed. For local workloads give each its own name and port, leave owner to the provider, and declare requests.",
  config: {},
  kinds: [LOCAL_KIND, ...POD_KINDS],
  *evaluate(resources) {
    yield* openNamespaces(resources);
    yield* localIdentities(resources);
  },
};

function* openNamespaces(resources: readonly Resource[]): Iterable<Finding> {
  const denied = new Map(DIRECTIONS.map((direction) => [direction, new Set<string>()]));
  for (const resource of resources) {
    yield* guarded(resource.urn, () => {
      for (const direction of deniedDirections(resource)) denied.get(direction)!.add(namespaceOf(resource));
      return [];
    });
  }
  const reported = new Set<string>();
  for (const resource of resources) {
    yield* guarded(resource.urn, function* () {
      const workload = podWorkload(resource);
      if (!workload || reported.has(workload.namespace)) return;
      const open = DIRECTIONS.filter((direction) => !denied.get(direction)!.has(workload.namespace));
      if (open.length === 0) return;
      reported.add(workload.namespace);
      yield {
        urn: resource.urn,
        message: `namespace ${workload.namespace} has workloads and no default-deny NetworkPolicy for ${open.join(" and ")}; add one with an empty podSelector.`,
      };
    });
  }
}

/** The directions that a resource denies by default for its whole namespace; none for what is no such NetworkPolicy. */
function deniedDirections(resource: Resource): readonly (typeof DIRECTIONS)[number][] {
  if (!/^kubernetes:(networking\.k8s\.io|extensions)\/v[0-9a-z]+:NetworkPolicy$/.test(resource.type)) return [];
  const { podSelector, policyTypes, ingress, egress } = specOf<NetworkPolicySpec>(resource);
  const selectsAll =
    Object.keys(podSelector?.matchLabels ?? {}).length + (podSelector?.matchExpressions?.length ?? 0) === 0;
  if (!selectsAll) return [];
  const rules = { Ingress: ingress, Egress: egress };
  // Kubernetes' own default: Ingress always, Egress where egress rules are given.
  const types: readonly string[] = policyTypes ?? (egress === undefined ? ["Ingress"] : DIRECTIONS);
  // An empty rule ({}) lets everything through; a rule that names peers is an exception to the denial, not its end.
  return DIRECTIONS.filter(
    (direction) =>
      types.includes(direction) && !(rules[direction] ?? []).some((rule) => Object.keys(rule).length === 0),
  );
}

function* localIdentities(resources: readonly Resource[]): Iterable<Finding> {
  const holders = new Map<string, string>();
  const claim = (resource: Resource, what: string): Finding[] => {
    const holder = holders.get(what);
    if (holder === undefined) holders.set(what, resource.name);
    return holder === undefined
      ? []
      : [
          {
            urn: resource.urn,
            message: `${what} already belongs to ${holder}; a caller could not tell the two apart.`,
          },
        ];
  };
  for (const resource of resources) {
    const { urn } = resource;
    // A name is the cluster's, which a first preview may not know yet; a loopback port is the machine's.
    yield* guarded(urn, () => {
      const workload = localWorkload(resource);
      return workload ? claim(resource, `name ${workload.name} in cluster ${localCluster(resource)}`) : [];
    });
    yield* guarded(urn, function* () {
      for (const { port } of localWorkload(resource)?.ports ?? []) {
        if (port !== 0) yield* claim(resource, `port ${port}`);
      }
    });
    yield* guarded(urn, () => boundsAndOwner(resource));
  }
}

function* boundsAndOwner(resource: Resource): Iterable<Finding> {
  const { urn } = resource;
  const workload = localWorkload(resource);
  if (!workload) return;
  const { cpuCores = 0, memoryBytes = 0 } = workload.requests ?? {};
  if (!(cpuCores > 0 && memoryBytes > 0)) {
    yield {
      urn,
      message:
        "requests.cpuCores and requests.memoryBytes must both be above 0; an unbounded workload can starve its neighbours.",
    };
  }
  const { owner } = workload;
  if (owner?.startsWith("urn:pulumi:") && stackOf(owner) !== stackOf(urn)) {
    yield {
      urn,
      message: `owner names another stack (${stackOf(owner)}); leave owner out, or that stack's workload could be taken over.`,
    };
  }
}
