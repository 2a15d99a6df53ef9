import { MnoError } from "../../runtime/exports";
import { allowed, denied, type LayerDecision } from "./decision";
import { type DeclaredPort, type Policy, policiesOf, type Protocol, type Workload, type World } from "./model";
import { type LabelSelector, matchesSelector } from "./selectors";

export type Direction = "ingress" | "egress";

export interface IpBlock {
  cidr: string;
  except?: string[];
}

interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: IpBlock;
}

interface PolicyPort {
  protocol?: Protocol;
  port?: number | string;
  endPort?: number;
}

interface RuleSpec {
  from?: Peer[];
  to?: Peer[];
  ports?: PolicyPort[];
}

interface NetworkPolicySpec {
  podSelector?: LabelSelector;
  policyTypes?: ("Ingress" | "Egress")[];
  ingress?: RuleSpec[];
  egress?: RuleSpec[];
}

/** One rule, with its peers worked out once: a peer is asked for by its index. */
export interface CompiledRule {
  label: string;
  /** By workload index; undefined admits everybody, outside included. */
  peers?: readonly boolean[];
  ipBlocks: readonly IpBlock[];
  /** undefined is every port. */
  ports?: readonly PolicyPort[];
  /** Whether any peer selects pods; such a rule that finds none is worth a warning. */
  selectsPods: boolean;
}

/** What the policies say of one direction of one workload's traffic. */
export interface Side {
  direction: Direction;
  /** Policies that isolate it; none leaves it open. */
  policies: readonly string[];
  rules: readonly CompiledRule[];
}

export interface CompiledPolicy {
  id: string;
  selected: readonly Workload[];
  directions: Record<Direction, readonly CompiledRule[] | undefined>;
}

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export function compileNetworkPolicies(world: World): CompiledPolicy[] {
  return policiesOf<NetworkPolicySpec>(world, "networking.k8s.io", "NetworkPolicy").map((policy) => {
    const { podSelector = {}, ingress = [], egress = [] } = policy.spec;
    const types = policy.spec.policyTypes ?? (egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"]);
    const compile = (direction: Direction, rules: readonly RuleSpec[]) =>
      rules.map((rule, index) =>
        compileRule(world, policy, `${policy.id} ${direction}[${String(index)}]`, rule.ports, rule.from ?? rule.to),
      );
    return {
      id: policy.id,
      selected: world.workloads.filter((workload) => selects(policy.namespace, podSelector, workload)),
      directions: {
        ingress: types.includes("Ingress") ? compile("ingress", ingress) : undefined,
        egress: types.includes("Egress") ? compile("egress", egress) : undefined,
      },
    };
  });
}

/** By workload index. A pod is isolated in a direction once one policy selects it for that direction; rules add up. */
export function sidesOf(world: World, policies: readonly CompiledPolicy[], direction: Direction): Side[] {
  const sides = world.workloads.map(() => ({ direction, policies: [] as string[], rules: [] as CompiledRule[] }));
  for (const policy of policies) {
    const rules = policy.directions[direction];
    if (!rules) continue;
    for (const { index } of policy.selected) {
      sides[index]?.policies.push(policy.id);
      sides[index]?.rules.push(...rules);
    }
  }
  return sides;
}

const NOT_ISOLATED = allowed([], "not isolated");

/**
 * Decides for one peer, port by port.
 * @param to The pod whose port it is, by which names of ports are looked up.
 */
export function decideSide(
  side: Side,
  peer: Workload,
  to: Workload,
): { edges: number[]; judge: (protocol: Protocol, port: number) => LayerDecision } {
  if (side.policies.length === 0) return { edges: [], judge: () => NOT_ISOLATED };
  const rules = side.rules.filter((rule) => rule.peers === undefined || rule.peers[peer.index] === true);
  const verb = side.direction === "egress" ? "selects" : "admits";
  const where = rules.length === 0 ? "" : " on this port";
  const refusal = denied(
    side.policies,
    `no ${side.direction} rule ${verb} ${peer.id}${where} among ${side.policies.join(", ")}`,
  );
  const judge = (protocol: Protocol, port: number): LayerDecision => {
    const admitting = rules.filter((rule) => admitsPort(rule.ports, to.containerPorts, protocol, port));
    if (admitting.length === 0) return refusal;
    return allowed([...new Set(admitting.map((rule) => rule.label))], "a rule admits it");
  };
  return { edges: edgesOf(rules), judge };
}

/** Ports that rules name: only there can an answer change. */
export function edgesOf(rules: readonly CompiledRule[]): number[] {
  return rules
    .flatMap((rule) => rule.ports ?? [])
    .flatMap(({ port, endPort }) => (typeof port === "number" ? [port, endPort ?? port] : []));
}

/** @param named Ports of the destination pod; outside the cluster there are none, and a named port matches nothing. */
export function admitsPort(
  ports: readonly PolicyPort[] | undefined,
  named: readonly DeclaredPort[],
  protocol: Protocol,
  port: number,
): boolean {
  if (ports === undefined) return true;
  return ports.some((entry) => {
    if ((entry.protocol ?? "TCP") !== protocol) return false;
    if (entry.port === undefined) return true;
    if (typeof entry.port === "number") return port >= entry.port && port <= (entry.endPort ?? entry.port);
    return named.some((own) => own.name === entry.port && own.protocol === protocol && own.port === port);
  });
}

function compileRule(
  world: World,
  policy: Policy<NetworkPolicySpec>,
  label: string,
  ports: readonly PolicyPort[] | undefined,
  peers: readonly Peer[] | undefined,
): CompiledRule {
  const selectors = (peers ?? []).filter(
    (peer) => peer.podSelector !== undefined || peer.namespaceSelector !== undefined,
  );
  const ipBlocks = (peers ?? []).flatMap((peer) => (peer.ipBlock ? [peer.ipBlock] : []));
  if (selectors.length + ipBlocks.length !== (peers ?? []).length) {
    throw new MnoError(
      "MNO_MANIFEST_INVALID",
      `NetworkPolicy ${label} has a peer that is not one of podSelector and namespaceSelector, or ipBlock alone`,
    );
  }
  const everybody = peers === undefined || peers.length === 0;
  return {
    label,
    ipBlocks,
    selectsPods: selectors.length > 0,
    ...(ports === undefined || ports.length === 0 ? {} : { ports }),
    ...(everybody
      ? {}
      : {
          peers: world.workloads.map((workload) => selectors.some((peer) => isPeer(policy.namespace, peer, workload))),
        }),
  };
}

/** Both selectors of one peer must hold; without a namespaceSelector only the policy's own namespace is meant. */
function isPeer(namespace: string, peer: Peer, workload: Workload): boolean {
  const { podSelector = {}, namespaceSelector } = peer;
  if (namespaceSelector === undefined) return selects(namespace, podSelector, workload);
  return (
    !workload.hostNetwork &&
    matchesSelector(namespaceSelector, workload.namespace.labels) &&
    matchesSelector(podSelector, workload.labels)
  );
}

/** Pods on the host's network are part of the node for a CNI: no selector finds them. */
function selects(namespace: string, selector: LabelSelector, workload: Workload): boolean {
  return workload.namespace.name === namespace && !workload.hostNetwork && matchesSelector(selector, workload.labels);
}
