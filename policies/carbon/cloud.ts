/** Cloud resources: where they are, and which of them use power that the pack can or cannot account for. */
import type { Resource } from "../shared/rule";

export const INSTANCE_KIND = "aws:ec2/instance:Instance";
export const NODE_GROUP_KIND = "aws:eks/nodeGroup:NodeGroup";

/** Types that use power and have no estimate here. Listed so that a total never hides them. */
const WITHOUT_ESTIMATE = new Set([
  "aws:autoscaling/group:Group",
  "aws:ecs/service:Service",
  "aws:eks/fargateProfile:FargateProfile",
  "aws:elasticache/cluster:Cluster",
  "aws:elasticache/replicationGroup:ReplicationGroup",
  "aws:lambda/function:Function",
  "aws:opensearch/domain:Domain",
  "aws:rds/clusterInstance:ClusterInstance",
  "aws:rds/instance:Instance",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:cloudrunv2/service:Service",
  "gcp:compute/instance:Instance",
  "gcp:compute/instanceGroupManager:InstanceGroupManager",
  "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
  "gcp:container/cluster:Cluster",
  "gcp:container/nodePool:NodePool",
  "gcp:redis/instance:Instance",
  "gcp:sql/databaseInstance:DatabaseInstance",
]);

export function usesUnaccountedPower(type: string): boolean {
  return WITHOUT_ESTIMATE.has(type);
}

/** Region of an AWS or GCP resource: its own, else its provider's; undefined for others and for global resources. */
export function regionOf({ type, props, provider }: Resource): string | undefined {
  const settings = provider?.props ?? {};
  if (type.startsWith("aws:")) {
    return text(props["region"]) ?? withoutZone(text(props["availabilityZone"]), /[a-z]$/) ?? text(settings["region"]);
  }
  if (type.startsWith("gcp:")) {
    const place = text(props["region"]) ?? text(props["location"]) ?? text(props["zone"]) ?? text(settings["region"]);
    return withoutZone(place, /-[a-z]$/);
  }
  return undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** eu-central-1a is in eu-central-1, europe-west3-b in europe-west3. */
function withoutZone(place: string | undefined, suffix: RegExp): string | undefined {
  return place?.replace(suffix, "");
}
