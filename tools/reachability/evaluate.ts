import { egressOf, type ExternalFlow, ingressOf } from "./external";
import { both } from "./decision";
import { declaredFlow, type Flow, flowsOf } from "./flows";
import { callerOf } from "./identity";
import { HBONE_PORT, sharesMesh, wirePort } from "./mesh";
import { createMeshLayer, type MeshLayer, type MeshSettings } from "./mesh-layer";
import type { KubernetesObject, Protocol, Workload } from "./model";
import { compileNetworkPolicies, decideSide, type Side, sidesOf } from "./network-policy";
import { warningsOf } from "./warnings";
import { type WaypointPath, waypointsOf } from "./waypoint";
import { createWorld, isClusterDns } from "./world";

export interface Pair {
  from: string;
  to: string;
  flows: Flow[];
}

export interface Reachability {
  /** `namespace/name`, sorted. */
  workloads: string[];
  /** Every ordered pair; a workload with itself means two of its pods. */
  pairs: Pair[];
  external: ExternalFlow[];
  warnings: string[];
}

export const DEFAULT_SETTINGS: MeshSettings = {
  istio: { rootNamespace: "istio-system", trustDomain: "cluster.local" },
  linkerd: { trustDomain: "cluster.local", defaultInboundPolicy: "all-unauthenticated" },
};

/**
 * Who may reach whom, by the rules alone: nothing is connected. A connection needs the caller's egress, the receiver's
 * ingress and the receiver's proxy to agree.
 * @throws MNO_MANIFEST_INVALID for a manifest that no API server would take.
 */
export function evaluate(
  objects: readonly KubernetesObject[],
  settings: MeshSettings = DEFAULT_SETTINGS,
): Reachability {
  const world = createWorld(objects);
  const policies = compileNetworkPolicies(world);
  const egress = sidesOf(world, policies, "egress");
  const ingress = sidesOf(world, policies, "ingress");
  const mesh = createMeshLayer(world, settings);
  const own = world.workloads.filter((workload) => !workload.assumed);
  const judges: Judges = { egress, ingress, mesh };
  const paths = world.workloads.map((to) => waypointsOf(world, to));
  const flowsBetween = (from: Workload, to: Workload): Flow[] => [
    ...(from.mesh === "istio-ambient" ? (paths[to.index] ?? []) : []).flatMap((path) =>
      judgeByWaypoint(from, to, path, judges),
    ),
    ...judgePair(from, to, judges),
  ];
  return {
    workloads: own.map((workload) => workload.id),
    pairs: own.flatMap((from) => own.map((to) => ({ from: from.id, to: to.id, flows: flowsBetween(from, to) }))),
    external: own.flatMap((workload) => [
      ...world.workloads.filter(isClusterDns).map((dns): ExternalFlow => {
        const flows = flowsBetween(workload, dns).filter((flow) => flow.declared);
        return { workload: workload.id, direction: "to", place: "DNS", flows };
      }),
      ...egressOf(workload, sideOf(egress, workload)),
      ...ingressOf(workload, sideOf(ingress, workload), mesh),
    ]),
    warnings: warningsOf(world, policies, mesh, settings),
  };
}

interface Judges {
  egress: readonly Side[];
  ingress: readonly Side[];
  mesh: MeshLayer;
}

function judgePair(from: Workload, to: Workload, judges: Judges): Flow[] {
  const network = judgeNetwork(from, to, judges);
  return flowsOf(to.ports, [...network.edges, ...judges.mesh.edges(to)], (protocol, port) => ({
    ...network.judge(protocol, wirePort(from.mesh, to.mesh, protocol, port)),
    mesh: judges.mesh.decide(to, callerOf(from, sharesMesh(from.mesh, to.mesh, protocol)), protocol, port),
  }));
}

/** Two connections: the waypoint judges the caller by Service, and calls the pod in its own name. Both are tunnels. */
function judgeByWaypoint(from: Workload, to: Workload, { service, waypoint }: WaypointPath, judges: Judges): Flow[] {
  const first = judgeNetwork(from, waypoint, judges).judge("TCP", HBONE_PORT);
  const second = judgeNetwork(waypoint, to, judges).judge("TCP", HBONE_PORT);
  return service.ports.flatMap(({ port, targetPort, protocol }) => {
    const target = to.ports.find((own) => own.protocol === "TCP" && [own.port, own.name].includes(targetPort));
    if (protocol !== "TCP" || !target) return [];
    const mesh = both(
      judges.mesh.decideAtWaypoint(service, waypoint, callerOf(from, true), port),
      judges.mesh.decide(to, callerOf(waypoint, true), "TCP", target.port),
    );
    const layers = { egress: both(first.egress, second.egress), ingress: both(first.ingress, second.ingress), mesh };
    return [{ ...declaredFlow(target, layers), via: waypoint.id }];
  });
}

function judgeNetwork(from: Workload, to: Workload, judges: Judges) {
  const egress = decideSide(sideOf(judges.egress, from), to, to);
  const ingress = decideSide(sideOf(judges.ingress, to), from, to);
  return {
    edges: [...egress.edges, ...ingress.edges],
    judge: (protocol: Protocol, wire: number) => ({
      egress: egress.judge(protocol, wire),
      ingress: ingress.judge(protocol, wire),
    }),
  };
}

function sideOf(sides: readonly Side[], workload: Workload): Side {
  return sides[workload.index] ?? { direction: "ingress", policies: [], rules: [] };
}
