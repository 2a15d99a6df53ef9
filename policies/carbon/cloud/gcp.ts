/** Google Cloud resources: machines, their number and their storage. */
import { fixed, type Count } from "../scaling";
import { noMaximum, ssd, type DemandResult, type Reader, type Surroundings } from "./demand";

const INSTANCE_TEMPLATE = /^gcp:compute\/(?:region)?[iI]nstanceTemplate:/;
const AUTOSCALER = /^gcp:compute\/(?:region)?[aA]utoscaler:/;
/** What GKE takes when a pool names no type. */
const NODE_DEFAULT_TYPE = "e2-medium";
const NODE_GIGABYTES = 100;
const BOOT_GIGABYTES = 10;
const COPIES = { disk: 2, bucket: 2 } as const;
/** A regional pool or cluster has its nodes in three zones unless it names them. */
const ZONES = 3;

interface NodeConfig {
  machineType?: string;
  diskSizeGb?: number;
  guestAccelerators?: readonly unknown[];
}

const instance: Reader = ({ props }) => {
  const { machineType, bootDisk, guestAccelerators } = props as {
    machineType?: string;
    bootDisk?: { initializeParams?: { size?: number } };
    guestAccelerators?: readonly unknown[];
  };
  const size = bootDisk?.initializeParams?.size ?? BOOT_GIGABYTES;
  return machines([machineType], fixed(1), "one instance", size, guestAccelerators);
};

const instanceGroup: Reader = ({ props }, { templates, autoscalers }: Surroundings) => {
  const { targetSize } = props as { targetSize?: number };
  const own = templates.filter(({ type }) => INSTANCE_TEMPLATE.test(type));
  // The autoscaler names its group by an id that a preview does not know: the largest of the stack may be its own.
  const policies = autoscalers
    .filter(({ type }) => AUTOSCALER.test(type))
    .map((each) => each.props["autoscalingPolicy"] as { minReplicas?: number; maxReplicas?: number } | undefined);
  const maximum = Math.max(targetSize ?? 0, ...policies.map((policy) => policy?.maxReplicas ?? 0));
  if (maximum === 0 && targetSize === undefined) return noMaximum("targetSize, or an autoscaler's maxReplicas");
  const types = own.length > 0 ? own.map((each) => each.props["machineType"] as string | undefined) : [undefined];
  const accelerators = own.flatMap((each) => (each.props["guestAccelerators"] as readonly unknown[] | undefined) ?? []);
  const minimum = policies.length > 0 ? Math.min(...policies.map((policy) => policy?.minReplicas ?? 0)) : maximum;
  const count = { minimum, desired: Math.max(targetSize ?? minimum, minimum), maximum };
  return machines(types, count, "maximum size", BOOT_GIGABYTES, accelerators);
};

const nodePool: Reader = ({ props }) => {
  const {
    nodeConfig = {},
    autoscaling,
    nodeCount,
    initialNodeCount,
  } = props as {
    nodeConfig?: NodeConfig;
    autoscaling?: {
      minNodeCount?: number;
      maxNodeCount?: number;
      totalMinNodeCount?: number;
      totalMaxNodeCount?: number;
    };
    nodeCount?: number;
    initialNodeCount?: number;
  };
  const zones = zonesOf(props);
  const declared = (nodeCount ?? initialNodeCount ?? 1) * zones;
  const count: Count = autoscaling
    ? {
        minimum: autoscaling.totalMinNodeCount ?? (autoscaling.minNodeCount ?? 0) * zones,
        desired: declared,
        maximum: Math.max(declared, autoscaling.totalMaxNodeCount ?? (autoscaling.maxNodeCount ?? 0) * zones),
      }
    : fixed(declared);
  if (autoscaling && autoscaling.totalMaxNodeCount === undefined && autoscaling.maxNodeCount === undefined)
    return noMaximum("autoscaling.maxNodeCount");
  const { machineType = NODE_DEFAULT_TYPE, diskSizeGb = NODE_GIGABYTES, guestAccelerators } = nodeConfig;
  return machines([machineType], count, "maximum size", diskSizeGb, guestAccelerators);
};

const cluster: Reader = (resource, around) => {
  const { enableAutopilot, removeDefaultNodePool, initialNodeCount } = resource.props as {
    enableAutopilot?: boolean;
    removeDefaultNodePool?: boolean;
    initialNodeCount?: number;
  };
  if (enableAutopilot === true)
    return { problem: "is an Autopilot cluster, whose nodes follow its pods; nothing here bounds them" };
  // The control plane is the provider's; without a default pool the pools of the stack are counted on their own.
  return removeDefaultNodePool === true || initialNodeCount === undefined ? undefined : nodePool(resource, around);
};

const database: Reader = ({ props }) => {
  const settings = (props["settings"] ?? {}) as {
    tier?: string;
    availabilityType?: string;
    diskSize?: number;
    diskAutoresizeLimit?: number;
  };
  const copies = settings.availabilityType === "REGIONAL" ? 2 : 1;
  const size = Math.max(settings.diskSize ?? BOOT_GIGABYTES, settings.diskAutoresizeLimit ?? 0);
  const type = settings.tier?.replace(/^db-/, "");
  return machines([type], fixed(copies), copies === 2 ? "with its standby" : "one instance", size);
};

const disk: Reader = ({ props }, { assumedGigabytes }) => {
  const { size } = props as { size?: number };
  const basis = size === undefined ? "size assumed" : "declared size";
  return {
    provider: "gcp",
    machines: [],
    count: fixed(1),
    basis,
    storage: [ssd(size ?? assumedGigabytes, COPIES.disk)],
  };
};

const bucket: Reader = (_resource, { assumedGigabytes }) => ({
  provider: "gcp",
  machines: [],
  count: fixed(1),
  basis: "contents assumed",
  storage: [{ gigabytes: assumedGigabytes, medium: "hdd", copies: COPIES.bucket }],
});

export const GCP_READERS: Readonly<Record<string, Reader>> = {
  "gcp:compute/instance:Instance": instance,
  "gcp:compute/instanceGroupManager:InstanceGroupManager": instanceGroup,
  "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": instanceGroup,
  "gcp:container/nodePool:NodePool": nodePool,
  "gcp:container/cluster:Cluster": cluster,
  "gcp:sql/databaseInstance:DatabaseInstance": database,
  "gcp:compute/disk:Disk": disk,
  "gcp:storage/bucket:Bucket": bucket,
};

function machines(
  types: readonly (string | undefined)[],
  count: Count,
  basis: string,
  gigabytes: number,
  accelerators: readonly unknown[] = [],
): DemandResult {
  if (accelerators.length > 0)
    return {
      problem:
        "has guest accelerators, whose power no table here tells; take a machine type that has them built in and give its power in machines",
    };
  return { provider: "gcp", machines: types, count, basis, storage: [ssd(gigabytes, COPIES.disk)] };
}

function zonesOf(props: Readonly<Record<string, unknown>>): number {
  const named = props["nodeLocations"] as readonly string[] | undefined;
  if (named && named.length > 0) return named.length;
  return /-[a-z]$/.test((props["location"] as string | undefined) ?? "") ? 1 : ZONES;
}
