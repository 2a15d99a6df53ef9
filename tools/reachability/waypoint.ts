import type { Service, Workload, World } from "./model";
import { matchesSelector } from "./selectors";

export interface WaypointPath {
  service: Service;
  waypoint: Workload;
}

/**
 * Where calls of the workload's Services go first: label istio.io/use-waypoint of the Service, else of its namespace. Only
 * ambient callers know of it, and only calls by Service; calls of a pod's own address go straight.
 * https://istio.io/latest/docs/ambient/usage/waypoint/
 */
export function waypointsOf(world: World, to: Workload): WaypointPath[] {
  if (to.mesh !== "istio-ambient" || to.waypoint) return [];
  return world.services.flatMap((service) => {
    if (!service.selector || service.namespace.name !== to.namespace.name) return [];
    if (!matchesSelector({ matchLabels: service.selector }, to.labels)) return [];
    const waypoint = waypointFor(world, service);
    return waypoint ? [{ service, waypoint }] : [];
  });
}

/** undefined where the Service uses none, or one that is not there. */
export function waypointFor(world: World, { labels, namespace }: Service): Workload | undefined {
  const from = labels["istio.io/use-waypoint"] === undefined ? namespace.labels : labels;
  const name = from["istio.io/use-waypoint"];
  const where = from["istio.io/use-waypoint-namespace"] ?? namespace.name;
  return world.workloads.find(
    (candidate) => candidate.waypoint && candidate.name === name && candidate.namespace.name === where,
  );
}
