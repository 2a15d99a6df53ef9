/** Azure resources, of the native and of the classic provider: machines, their number and their storage. */
import { fixed, type Count } from "../scaling";
import { noMaximum, ssd, type Demand, type Reader } from "./demand";

const OS_GIGABYTES = 127;
const COPIES = 3;

interface Pool {
  vmSize?: string;
  count?: number;
  nodeCount?: number;
  minCount?: number;
  maxCount?: number;
  enableAutoScaling?: boolean;
  autoScalingEnabled?: boolean;
}

const nativeMachine: Reader = ({ props }) => {
  const { vmSize } = (props["hardwareProfile"] ?? {}) as { vmSize?: string };
  return machines([vmSize], fixed(1), "one instance");
};

const classicMachine: Reader = ({ props }) =>
  machines([(props["size"] ?? props["vmSize"]) as string | undefined], fixed(1), "one instance");

const scaleSet: Reader = ({ props }) => {
  const sku = props["sku"] as { name?: string; capacity?: number } | string | undefined;
  const [name, capacity] =
    typeof sku === "object" ? [sku.name, sku.capacity] : [sku, props["instances"] as number | undefined];
  return capacity === undefined
    ? noMaximum("sku.capacity or instances")
    : machines([name], fixed(capacity), "declared capacity");
};

const agentPool: Reader = ({ props }) => pools([props]);

const managedCluster: Reader = ({ props }) => {
  const { agentPoolProfiles, defaultNodePool } = props as {
    agentPoolProfiles?: readonly Pool[];
    defaultNodePool?: Pool;
  };
  const own = agentPoolProfiles ?? (defaultNodePool ? [defaultNodePool] : []);
  return own.length > 0 ? pools(own) : undefined;
};

/** By the type token without its API version: `azure-native:compute/v20240701:VirtualMachine` is the same resource. */
export const AZURE_READERS: Readonly<Record<string, Reader>> = {
  "azure-native:compute:VirtualMachine": nativeMachine,
  "azure-native:compute:VirtualMachineScaleSet": scaleSet,
  "azure-native:containerservice:AgentPool": agentPool,
  "azure-native:containerservice:ManagedCluster": managedCluster,
  "azure:compute/linuxVirtualMachine:LinuxVirtualMachine": classicMachine,
  "azure:compute/windowsVirtualMachine:WindowsVirtualMachine": classicMachine,
  "azure:compute/linuxVirtualMachineScaleSet:LinuxVirtualMachineScaleSet": scaleSet,
  "azure:compute/windowsVirtualMachineScaleSet:WindowsVirtualMachineScaleSet": scaleSet,
  "azure:containerservice/kubernetesCluster:KubernetesCluster": managedCluster,
  "azure:containerservice/kubernetesClusterNodePool:KubernetesClusterNodePool": agentPool,
};

/** All pools together, each node as the hungriest of their types: an upper bound. */
function pools(all: readonly Pool[]): ReturnType<Reader> {
  const counts = all.map(poolCount);
  if (counts.some((count) => count === undefined)) return noMaximum("maxCount");
  const total = (counts as Count[]).reduce((sum, each) => ({
    minimum: sum.minimum + each.minimum,
    desired: sum.desired + each.desired,
    maximum: sum.maximum + each.maximum,
  }));
  return machines(
    all.map(({ vmSize }) => vmSize),
    total,
    "maximum size",
  );
}

function poolCount(pool: Pool): Count | undefined {
  const desired = pool.count ?? pool.nodeCount ?? pool.minCount ?? 1;
  if (pool.enableAutoScaling !== true && pool.autoScalingEnabled !== true) return fixed(desired);
  return pool.maxCount === undefined
    ? undefined
    : { minimum: pool.minCount ?? 0, desired, maximum: Math.max(desired, pool.maxCount) };
}

function machines(types: readonly (string | undefined)[], count: Count, basis: string): Demand {
  return { provider: "azure", machines: types, count, basis, storage: [ssd(OS_GIGABYTES, COPIES)] };
}
