import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { podWorkload } from "../../shared/podspec";
import type { Resource, StackRule } from "../../shared/rule";
import { guarded, knownOr } from "../../shared/unknown";
import { HOURS_PER_MONTH, MAX_REPLICAS, SLEEP_SCHEDULE, declarations, declared, declaredNumber } from "../labels";
import { withoutVersion } from "../cloud";
import { autoscalerBounds, boundOf, type AutoscalerBounds } from "../scaling";

interface Config {
  productionStacks: string[];
}

/** Kinds that serve until stopped. */
const SERVICE_KINDS = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

const GROUP_KIND = "aws:autoscaling/group:Group";
const GROUP_SCHEDULE_KIND = "aws:autoscaling/schedule:Schedule";
/** Machines of a cloud that can be stopped and started, or scaled to none. */
const STOPPABLE_KINDS: readonly string[] = [
  "aws:ec2/instance:Instance",
  "aws:eks/nodeGroup:NodeGroup",
  GROUP_KIND,
  "aws:rds/instance:Instance",
  "gcp:compute/instance:Instance",
  "gcp:compute/instanceGroupManager:InstanceGroupManager",
  "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
  "gcp:container/nodePool:NodePool",
  "gcp:sql/databaseInstance:DatabaseInstance",
  "azure-native:compute:VirtualMachine",
  "azure-native:compute:VirtualMachineScaleSet",
  "azure-native:containerservice:AgentPool",
  "azure:compute/linuxVirtualMachine:LinuxVirtualMachine",
  "azure:compute/windowsVirtualMachine:WindowsVirtualMachine",
];
/** What an autoscaler without a declared maximum would be taken for; this rule only asks whether there is one. */
const ANY_MAXIMUM = 1;

export const sleepOrBound: StackRule<Config> = {
  scope: "stack",
  id: "CB-004",
  name: "sleep-or-bound",
  title: "Services outside production sleep or are bounded",
  severity: "low",
  enforcement: "advisory",
  frameworks: [
    { name: "Green Software Patterns", version: "2023", clause: "Scale down Kubernetes applications when not in use" },
  ],
  card: {
    rule: "Outside production a service declares a sleep schedule or a maximum of replicas, and a cloud machine a sleep schedule.",
    why: "Nobody uses a test system at night; declared sleep is the cheapest carbon there is to save.",
    avoid: "a staging Deployment that runs all week",
    prefer: 'labels: {machine-native-ops/sleep-schedule: "Mon-Fri 08:00-18:00 Europe/Berlin"}',
  },
  remediation: `Set ${SLEEP_SCHEDULE}, ${HOURS_PER_MONTH} or ${MAX_REPLICAS} as a label, annotation or tag, or add an autoscaler with a maximum.`,
  config: {
    productionStacks: {
      type: "array",
      items: { type: "string" },
      default: ["prod", "production"],
      description: "Names of stacks that are production.",
    },
  },
  kinds: [LOCAL_KIND, ...SERVICE_KINDS.map((kind) => `kubernetes:${kind}`), ...STOPPABLE_KINDS],
  *evaluate(resources, { config, stack }) {
    if (config.productionStacks.includes(stack)) return;
    const bounds = autoscalerBounds(resources, ANY_MAXIMUM);
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
        if (STOPPABLE_KINDS.includes(withoutVersion(resource.type))) {
          if (sleeps(resource) || hasGroupSchedule(resource, resources)) return;
          yield {
            urn,
            message: `${resource.name} runs all the time; declare ${SLEEP_SCHEDULE} or ${HOURS_PER_MONTH}.`,
          };
        }
        if (!isService(resource) || isDeclared(resource, bounds)) return;
        yield { urn, message: `${resource.name} runs all the time; declare ${SLEEP_SCHEDULE} or ${MAX_REPLICAS}.` };
      });
    }
  },
};

function isService(resource: Resource): boolean {
  const local = localWorkload(resource);
  if (local) return local.kind === "service";
  const workload = podWorkload(resource);
  return workload !== undefined && SERVICE_KINDS.includes(workload.kind);
}

function isDeclared(resource: Resource, bounds: AutoscalerBounds): boolean {
  const workload = podWorkload(resource);
  return (
    sleeps(resource) ||
    declaredNumber(declarations(resource), MAX_REPLICAS) !== undefined ||
    (workload !== undefined && boundOf(workload, bounds) !== undefined)
  );
}

function sleeps(resource: Resource): boolean {
  const labels = declarations(resource);
  return declared(labels, SLEEP_SCHEDULE) !== undefined || declaredNumber(labels, HOURS_PER_MONTH) !== undefined;
}

/** A scheduled action of the group itself; a name that is not known before the update may be this group's. */
function hasGroupSchedule({ type, name, props }: Resource, resources: readonly Resource[]): boolean {
  if (type !== GROUP_KIND) return false;
  const own = knownOr(() => props["name"] as string | undefined, undefined) ?? name;
  return resources.some(
    (each) =>
      each.type === GROUP_SCHEDULE_KIND && knownOr(() => each.props["autoscalingGroupName"] ?? own, own) === own,
  );
}
