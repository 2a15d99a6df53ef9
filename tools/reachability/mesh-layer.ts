import {
  appliesTo,
  type AuthorizationPolicy,
  authorizationPolicies,
  decideIstio,
  isAttached,
  namedPorts,
  type IstioSettings,
} from "./authorization-policy";
import { allowed, denied, type LayerDecision } from "./decision";
import type { Caller } from "./identity";
import { decideLinkerd, type LinkerdPolicies, linkerdPolicies, type LinkerdSettings } from "./linkerd";
import type { Protocol, Service, Workload, World } from "./model";
import { mutualTlsOf } from "./peer-authentication";

export interface MeshSettings {
  istio: IstioSettings;
  linkerd: LinkerdSettings;
}

export interface MeshLayer {
  decide(to: Workload, caller: Caller, protocol: Protocol, port: number): LayerDecision;
  /** What the waypoint in front of a Service says, where HTTP is understood. */
  decideAtWaypoint(service: Service, waypoint: Workload, caller: Caller, port: number): LayerDecision;
  /** Ports at which a decision for this receiver can change. */
  edges(to: Workload): number[];
  /** Istio's policies at the receiver's own proxy. */
  policiesFor(to: Workload): readonly AuthorizationPolicy[];
  linkerd: LinkerdPolicies;
}

const WAYPOINT = allowed([], "a waypoint judges by Service");
const NO_MESH = allowed([], "not in a mesh");
const NOT_TCP = allowed([], "meshes carry TCP only");

/** What the receiver's proxy says; decisions depend on the receiver, the caller's identity and the port alone. */
export function createMeshLayer(world: World, settings: MeshSettings): MeshLayer {
  const policies = authorizationPolicies(world);
  const byWorkload = world.workloads.map((to) => policies.filter((policy) => appliesTo(policy, to, settings.istio)));
  const mutualTls = mutualTlsOf(world, settings.istio);
  const linkerd = linkerdPolicies(world);
  const policiesFor = (to: Workload): readonly AuthorizationPolicy[] => byWorkload[to.index] ?? [];

  const decide = (to: Workload, caller: Caller, protocol: Protocol, port: number): LayerDecision => {
    if (to.waypoint) return WAYPOINT;
    if (to.mesh === "none" || to.mesh === "istio-gateway") return NO_MESH;
    if (protocol !== "TCP") return NOT_TCP;
    if (to.mesh === "linkerd") return decideLinkerd(linkerd, to, caller, port, settings.linkerd);
    const ztunnel = to.mesh === "istio-ambient";
    const { mode, rule } = mutualTls.at(to, port);
    if (mode === "STRICT" && !caller.identity) {
      return denied(
        rule === undefined ? [] : [rule],
        `STRICT mTLS (${String(rule)}) and the caller is not in the mesh`,
      );
    }
    // A sidecar told to speak plain text learns no identity; ztunnel ignores DISABLE.
    const known = mode === "DISABLE" && !ztunnel ? { inCluster: caller.inCluster } : caller;
    return decideIstio(policiesFor(to), known, port, ztunnel, settings.istio);
  };
  const edges = (to: Workload): number[] => {
    if (to.mesh === "none" || to.mesh === "istio-gateway") return [];
    if (to.mesh !== "linkerd") return [...namedPorts(policiesFor(to)), ...mutualTls.ports(to)];
    return linkerd.servers.flatMap(({ spec }) => (typeof spec.port === "number" ? [spec.port] : []));
  };
  const decideAtWaypoint: MeshLayer["decideAtWaypoint"] = (service, waypoint, caller, port) => {
    const attached = policies.filter((policy) => isAttached(policy, service, waypoint, settings.istio));
    return decideIstio(attached, caller, port, false, settings.istio);
  };
  return { decide, decideAtWaypoint, edges, policiesFor, linkerd };
}
