import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { podWorkload } from "../../shared/podspec";
import type { Resource, StackRule } from "../../shared/rule";
import { guarded } from "../../shared/unknown";
import { HOURS_PER_MONTH, MAX_REPLICAS, SLEEP_SCHEDULE, declarations, declaredNumber } from "../labels";
import { autoscalerBounds, boundOf, type AutoscalerBounds } from "../scaling";

interface Config {
  productionStacks: string[];
}

/** Kinds that serve until stopped. */
const SERVICE_KINDS = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

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
    rule: "Outside production a service declares a sleep schedule or a maximum of replicas.",
    why: "Nobody uses a test system at night; declared sleep is the cheapest carbon there is to save.",
    avoid: "a staging Deployment that runs all week",
    prefer: 'labels: {machine-native-ops/sleep-schedule: "Mon-Fri 08:00-18:00 Europe/Berlin"}',
  },
  remediation: `Set ${SLEEP_SCHEDULE}, ${HOURS_PER_MONTH} or ${MAX_REPLICAS} as a label or annotation, or add an autoscaler with a maximum.`,
  config: {
    productionStacks: {
      type: "array",
      items: { type: "string" },
      default: ["prod", "production"],
      description: "Names of stacks that are production.",
    },
  },
  kinds: [LOCAL_KIND, ...SERVICE_KINDS.map((kind) => `kubernetes:${kind}`)],
  *evaluate(resources, { config, stack }) {
    if (config.productionStacks.includes(stack)) return;
    const bounds = autoscalerBounds(resources);
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
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
  const labels = declarations(resource);
  const workload = podWorkload(resource);
  return (
    (labels[SLEEP_SCHEDULE] ?? "").trim() !== "" ||
    declaredNumber(labels, HOURS_PER_MONTH) !== undefined ||
    declaredNumber(labels, MAX_REPLICAS) !== undefined ||
    (workload !== undefined && boundOf(workload, bounds) !== undefined)
  );
}
