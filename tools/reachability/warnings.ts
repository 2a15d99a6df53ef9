import { type AuthorizationPolicy, authorizationPolicies, appliesTo, targetsOf } from "./authorization-policy";
import { istioPrincipal, matchesText } from "./identity";
import { inIstio } from "./mesh";
import type { MeshLayer, MeshSettings } from "./mesh-layer";
import { compare, groupOf, type World } from "./model";
import type { CompiledPolicy, Direction, IpBlock } from "./network-policy";
import { matchesSelector } from "./selectors";
import { waypointFor } from "./waypoint";

/** Policies that this evaluator does not know; a table that ignored them silently would lie. */
const UNKNOWN_GROUPS = ["cilium.io", "crd.projectcalico.org", "projectcalico.org", "policy.networking.k8s.io"];
const UNKNOWN_KINDS = ["policy.linkerd.io/ServerAuthorization", "policy.linkerd.io/EgressNetwork"];
const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const POD_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fd00::/8"];

/** What a reviewer should look at: rules without effect, workloads without protection, policies not judged. Sorted. */
export function warningsOf(
  world: World,
  policies: readonly CompiledPolicy[],
  mesh: MeshLayer,
  settings: MeshSettings,
): string[] {
  const found = [
    ...policies.flatMap(networkPolicyWarnings),
    ...isolationWarnings(world, policies),
    ...authorizationPolicies(world).flatMap((policy) => authorizationWarnings(world, policy, settings)),
    ...linkerdWarnings(world, mesh),
    ...world.objects
      .filter(({ apiVersion, kind }) => {
        const group = groupOf(apiVersion);
        return (
          (UNKNOWN_GROUPS.includes(group) && kind.endsWith("Policy")) || UNKNOWN_KINDS.includes(`${group}/${kind}`)
        );
      })
      .map(
        ({ kind, metadata }) =>
          `${kind} ${String(metadata?.name)} is not judged: the table may be wrong where it applies`,
      ),
  ];
  return [...new Set(found)].sort(compare);
}

function networkPolicyWarnings(policy: CompiledPolicy): string[] {
  if (policy.selected.length === 0) return [`NetworkPolicy ${policy.id} selects no workload`];
  const rules = [...(policy.directions.ingress ?? []), ...(policy.directions.egress ?? [])];
  return rules.flatMap((rule) => [
    ...(rule.selectsPods && !rule.peers?.includes(true)
      ? [`NetworkPolicy ${rule.label} finds no workload: unused`]
      : []),
    ...(rule.ipBlocks.some(mayHoldPods)
      ? [`NetworkPolicy ${rule.label} names every address: some CNIs (Calico) let it admit pods too`]
      : []),
  ]);
}

/** Pods' networks are of these ranges nearly everywhere; only excepting one of them whole can keep pods out. */
function mayHoldPods({ cidr, except = [] }: IpBlock): boolean {
  return EVERYWHERE.includes(cidr) && !except.some((range) => POD_RANGES.includes(range));
}

function isolationWarnings(world: World, policies: readonly CompiledPolicy[]): string[] {
  return world.workloads
    .filter((workload) => !workload.assumed)
    .flatMap((workload) => {
      if (workload.hostNetwork) return [`${workload.id} is on the host's network: no NetworkPolicy holds it`];
      const open = (["ingress", "egress"] satisfies Direction[]).filter(
        (direction) => !policies.some((policy) => policy.directions[direction] && policy.selected.includes(workload)),
      );
      return open.length === 0 ? [] : [`${workload.id} is not isolated for ${open.join(" and ")}`];
    });
}

function authorizationWarnings(world: World, policy: AuthorizationPolicy, settings: MeshSettings): string[] {
  const name = `AuthorizationPolicy ${policy.id}`;
  const targets = targetsOf(policy);
  if (targets.length > 0) return targets.flatMap((target) => targetWarnings(world, policy, target));
  const selected = world.workloads.filter(
    (workload) => !workload.assumed && appliesTo(policy, workload, settings.istio),
  );
  const meshed = selected.filter((workload) => inIstio(workload.mesh));
  if (selected.length === 0) return [`${name} selects no workload`];
  const { action = "ALLOW", rules = [] } = policy.spec;
  const ambient = meshed.filter((workload) => workload.mesh === "istio-ambient").map((workload) => workload.id);
  return [
    ...(meshed.length === 0 ? [`${name} selects only workloads that are not in Istio's mesh: no effect`] : []),
    ...(ambient.length > 0 && (action === "CUSTOM" || action === "AUDIT")
      ? [`${name} is ${action}, which ztunnel ignores: no effect on ${ambient.join(", ")}`]
      : []),
    ...rules.flatMap((rule, index) =>
      (rule.from ?? [])
        .flatMap(({ source = {} }) => source.principals ?? [])
        .filter((principal) => !isSomebody(world, principal, settings))
        .map((principal) => `${name}[${String(index)}] names ${principal}, which is no workload's: unused`),
    ),
  ];
}

/** Waypoints are judged; ingress gateways stand for callers from outside, which no manifest knows. */
function targetWarnings(
  world: World,
  { id, namespace }: AuthorizationPolicy,
  { kind, name }: { kind: string; name: string },
): string[] {
  const service = world.services.find((candidate) => candidate.id === `${namespace}/${name}`);
  const known =
    (kind === "GatewayClass" && name === "istio-waypoint") ||
    (kind === "Gateway" &&
      world.workloads.some((it) => it.waypoint && it.name === name && it.namespace.name === namespace)) ||
    (kind === "Service" && service !== undefined && waypointFor(world, service) !== undefined);
  return known ? [] : [`AuthorizationPolicy ${id} is for ${kind} ${name}, which no waypoint here serves: not judged`];
}

function isSomebody(world: World, principal: string, settings: MeshSettings): boolean {
  return world.workloads.some(({ namespace, serviceAccount }) => {
    const caller = { inCluster: true, identity: { namespace: namespace.name, serviceAccount } };
    return matchesText(principal, istioPrincipal(caller, settings.istio.trustDomain));
  });
}

function linkerdWarnings(world: World, { linkerd }: MeshLayer): string[] {
  const unused = linkerd.servers
    .filter(
      ({ namespace, spec }) =>
        !world.workloads.some(
          (workload) =>
            workload.mesh === "linkerd" &&
            workload.namespace.name === namespace &&
            matchesSelector(spec.podSelector ?? {}, workload.labels),
        ),
    )
    .map(({ id }) => `Server ${id} selects no workload in Linkerd's mesh: unused`);
  const unresolved = linkerd.authorizations.flatMap(({ id, namespace, spec }) =>
    (spec.requiredAuthenticationRefs ?? [])
      .filter((reference) => {
        const target = `${reference.namespace ?? namespace}/${reference.name}`;
        if (reference.kind === "ServiceAccount") return false;
        return !(reference.kind === "NetworkAuthentication" ? linkerd.networks : linkerd.meshTls).has(target);
      })
      .map(
        (reference) =>
          `AuthorizationPolicy ${id} refers to ${reference.kind} ${reference.name}, which is not there: void`,
      ),
  );
  return [...unused, ...unresolved];
}
