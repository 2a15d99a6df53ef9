/** AWS resources: machines, their number and their storage. Copies of storage are Cloud Carbon Footprint's replication factors. */
import type { Resource } from "../../shared/rule";
import { fixed, type Count } from "../scaling";
import { noMaximum, ssd, type Demand, type Reader, type Storage, type Surroundings } from "./demand";

export const LAUNCH_TEMPLATE_KIND = "aws:ec2/launchTemplate:LaunchTemplate";

/** What EKS takes when a node group names no type and no template. */
const NODE_GROUP_DEFAULT_TYPE = "t3.medium";
const ROOT_GIGABYTES = 8;
const NODE_GIGABYTES = 20;
const COPIES = { volume: 2, bucket: 6, searchStorage: 2 } as const;
const SPINNING = ["standard", "st1", "sc1"];

interface Template {
  id?: string;
  name?: string;
}

interface BlockDevice {
  volumeSize?: number;
  volumeType?: string;
}

const instance: Reader = (resource, around) => {
  const { instanceType, launchTemplate, rootBlockDevice, ebsBlockDevices } = resource.props as {
    instanceType?: string;
    launchTemplate?: Template;
    rootBlockDevice?: BlockDevice;
    ebsBlockDevices?: readonly BlockDevice[];
  };
  const machines = instanceType === undefined ? templateTypes(launchTemplate, around) : [instanceType];
  const storage = [rootBlockDevice ?? {}, ...(ebsBlockDevices ?? [])].map(volume);
  return { provider: "aws", machines, count: fixed(1), basis: "one instance", storage };
};

const nodeGroup: Reader = (resource, around) => {
  const { instanceTypes, launchTemplate, scalingConfig, diskSize } = resource.props as {
    instanceTypes?: readonly string[];
    launchTemplate?: Template;
    scalingConfig?: { minSize?: number; desiredSize?: number; maxSize?: number };
    diskSize?: number;
  };
  const count = sizes(scalingConfig?.minSize, scalingConfig?.desiredSize, scalingConfig?.maxSize);
  if (!count) return noMaximum("scalingConfig.maxSize");
  const machines =
    instanceTypes ?? (launchTemplate ? templateTypes(launchTemplate, around) : [NODE_GROUP_DEFAULT_TYPE]);
  return {
    provider: "aws",
    machines,
    count,
    basis: "maximum size",
    storage: [volume({ volumeSize: diskSize ?? NODE_GIGABYTES })],
  };
};

const autoScalingGroup: Reader = (resource, around) => {
  const { minSize, desiredCapacity, maxSize, launchTemplate, mixedInstancesPolicy } = resource.props as {
    minSize?: number;
    desiredCapacity?: number;
    maxSize?: number;
    launchTemplate?: Template;
    mixedInstancesPolicy?: {
      launchTemplate?: {
        launchTemplateSpecification?: { launchTemplateId?: string; launchTemplateName?: string };
        overrides?: readonly { instanceType?: string }[];
      };
    };
  };
  const count = sizes(minSize, desiredCapacity, maxSize);
  if (!count) return noMaximum("maxSize");
  const mixed = mixedInstancesPolicy?.launchTemplate;
  const named = mixed?.launchTemplateSpecification;
  const machines = mixed?.overrides?.length
    ? mixed.overrides.map(({ instanceType }) => instanceType)
    : templateTypes(named ? { name: named.launchTemplateName! } : launchTemplate, around);
  return { provider: "aws", machines, count, basis: "maximum size", storage: [volume({})] };
};

const database: Reader = ({ props }) => {
  const { instanceClass, multiAz, allocatedStorage, maxAllocatedStorage, storageType } = props as {
    instanceClass?: string;
    multiAz?: boolean;
    allocatedStorage?: number;
    maxAllocatedStorage?: number;
    storageType?: string;
  };
  const gigabytes = Math.max(allocatedStorage ?? 0, maxAllocatedStorage ?? 0);
  const storage =
    gigabytes > 0 ? [volume({ volumeSize: gigabytes, ...(storageType && { volumeType: storageType }) })] : [];
  return managed(
    [instanceClass],
    multiAz === true ? 2 : 1,
    multiAz === true ? "with its standby" : "one instance",
    storage,
  );
};

const cacheCluster: Reader = ({ props }) => {
  const { nodeType, numCacheNodes, replicationGroupId } = props as {
    nodeType?: string;
    numCacheNodes?: number;
    replicationGroupId?: string;
  };
  // A member of a replication group: the group is counted.
  if (replicationGroupId !== undefined) return undefined;
  return managed([nodeType], numCacheNodes ?? 1, "cache nodes");
};

const cacheGroup: Reader = ({ props }) => {
  const { nodeType, numCacheClusters, numNodeGroups, replicasPerNodeGroup } = props as {
    nodeType?: string;
    numCacheClusters?: number;
    numNodeGroups?: number;
    replicasPerNodeGroup?: number;
  };
  const nodes = Math.max(numCacheClusters ?? 0, (numNodeGroups ?? 1) * (1 + (replicasPerNodeGroup ?? 0)));
  return managed([nodeType], nodes, "cache nodes");
};

const searchDomain: Reader = ({ props }) => {
  const { clusterConfig: cluster = {}, ebsOptions } = props as {
    clusterConfig?: {
      instanceType?: string;
      instanceCount?: number;
      dedicatedMasterEnabled?: boolean;
      dedicatedMasterType?: string;
      dedicatedMasterCount?: number;
    };
    ebsOptions?: { volumeSize?: number };
  };
  const masters = cluster.dedicatedMasterEnabled === true ? (cluster.dedicatedMasterCount ?? 3) : 0;
  const types = masters > 0 ? [cluster.instanceType, cluster.dedicatedMasterType] : [cluster.instanceType];
  const storage = ebsOptions?.volumeSize === undefined ? [] : [ssd(ebsOptions.volumeSize, COPIES.searchStorage)];
  return managed(types, (cluster.instanceCount ?? 1) + masters, "data and master nodes", storage);
};

const diskVolume: Reader = ({ props }, { assumedGigabytes }) => {
  const { size, type } = props as { size?: number; type?: string };
  const storage = [volume({ volumeSize: size ?? assumedGigabytes, ...(type && { volumeType: type }) })];
  return {
    provider: "aws",
    machines: [],
    count: fixed(1),
    basis: size === undefined ? "size assumed" : "declared size",
    storage,
  };
};

const bucket: Reader = (_resource, { assumedGigabytes }) => ({
  provider: "aws",
  machines: [],
  count: fixed(1),
  basis: "contents assumed",
  storage: [{ gigabytes: assumedGigabytes, medium: "hdd", copies: COPIES.bucket }],
});

export const AWS_READERS: Readonly<Record<string, Reader>> = {
  "aws:ec2/instance:Instance": instance,
  "aws:eks/nodeGroup:NodeGroup": nodeGroup,
  "aws:autoscaling/group:Group": autoScalingGroup,
  "aws:rds/instance:Instance": database,
  "aws:rds/clusterInstance:ClusterInstance": database,
  "aws:elasticache/cluster:Cluster": cacheCluster,
  "aws:elasticache/replicationGroup:ReplicationGroup": cacheGroup,
  "aws:opensearch/domain:Domain": searchDomain,
  "aws:ebs/volume:Volume": diskVolume,
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketV2:BucketV2": bucket,
};

function managed(
  types: readonly (string | undefined)[],
  nodes: number,
  basis: string,
  storage: readonly Storage[] = [],
): Demand {
  return {
    provider: "aws",
    machines: types.map((type) => type && plainType(type)),
    count: fixed(nodes),
    basis,
    storage,
  };
}

/** The instance type behind a managed service's own name: db.m5.large, cache.r6g.large, m5.large.search. */
function plainType(type: string): string {
  return type.replace(/^(?:db|cache)\.(?=.+\.)/, "").replace(/\.(?:search|elasticsearch)$/, "");
}

function volume({ volumeSize = ROOT_GIGABYTES, volumeType = "gp3" }: BlockDevice): Storage {
  return { gigabytes: volumeSize, medium: SPINNING.includes(volumeType) ? "hdd" : "ssd", copies: COPIES.volume };
}

function sizes(
  minimum: number | undefined,
  desired: number | undefined,
  maximum: number | undefined,
): Count | undefined {
  if (maximum === undefined) return undefined;
  return { minimum: minimum ?? 0, desired: desired ?? minimum ?? 0, maximum };
}

/**
 * The types of the template that is meant: by name where one is given, else of every template of the stack, because an id is
 * not known before the update. None: an undefined type, which the estimate refuses.
 */
function templateTypes(template: Template | undefined, { templates }: Surroundings): (string | undefined)[] {
  if (template === undefined) return [undefined];
  const own = templates.filter(({ type }) => type === LAUNCH_TEMPLATE_KIND);
  const named = own.filter(
    (each) => template.name !== undefined && (each.props["name"] ?? each.name) === template.name,
  );
  const meant = named.length > 0 ? named : own;
  return meant.length > 0 ? meant.map(templateType) : [undefined];
}

function templateType({ props }: Resource): string | undefined {
  return props["instanceType"] as string | undefined;
}
