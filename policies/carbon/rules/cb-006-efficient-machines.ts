import { POD_KINDS, podWorkload } from "../../shared/podspec";
import type { Resource, ResourceRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";
import { MACHINE_KINDS, TEMPLATE_KINDS, demandOf, providerOf, surroundings, withoutVersion } from "../cloud";
import { ACCELERATED_FAMILY, OLD_FAMILIES, familyOf } from "../families";
import type { Provider } from "../factors";
import { GPU_BECAUSE, declarations, declared } from "../labels";
import { containerGpus } from "../requests";

interface Config {
  allowedFamilies: string[];
}

/** These name no type themselves. */
const TYPE_FROM_TEMPLATE = /InstanceGroupManager$/;

export const efficientMachines: ResourceRule<Config> = {
  scope: "resource",
  id: "CB-006",
  name: "efficient-machines",
  title: "Machines are of a current generation, and accelerators have a reason",
  severity: "medium",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "Green Software Patterns",
      version: "2023",
      clause: "Match utilization requirements with pre-configured servers",
    },
  ],
  card: {
    rule: "No instance family of an old generation; what has a GPU or another accelerator says why.",
    why: "A core of the Haswell generation takes about three times the power of a current one; an idle GPU takes more than most servers.",
    avoid: "m4.large, r4, t2, n1-standard-2, Standard_D2_v2; p4d.24xlarge without a word",
    prefer: 'm7g.large, n4-standard-2; tags: {machine-native-ops/gpu-because: "trains the ranking model, nightly"}',
  },
  remediation:
    `Take the same size of a current family, or name the family in allowedFamilies. For accelerators say why in ${GPU_BECAUSE} ` +
    "(tag, label or annotation; in Google's labels with _ in place of /).",
  config: {
    allowedFamilies: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: 'Families of old generations that are allowed all the same, such as "m4".',
    },
  },
  kinds: [...MACHINE_KINDS.filter((kind) => !TYPE_FROM_TEMPLATE.test(kind)), ...TEMPLATE_KINDS, ...POD_KINDS],
  *evaluate(resource, { config }) {
    const because = declared(declarations(resource), GPU_BECAUSE);
    const provider = providerOf(resource.type);
    if (provider) {
      yield* guarded(undefined, () => typeFaults(provider, resource, because, config));
      if (because === undefined && attachedAccelerators(resource).length > 0) yield noReason("guest accelerators");
    }
    const workload = podWorkload(resource);
    if (!workload || because !== undefined) return;
    const gpus = (workload.pod.containers ?? []).reduce((sum, container) => sum + containerGpus(container), 0);
    if (gpus > 0) yield noReason(`${gpus} GPUs`);
  },
};

function* typeFaults(
  provider: Provider,
  resource: Resource,
  because: string | undefined,
  { allowedFamilies }: Config,
): Iterable<Finding> {
  for (const type of new Set(machineTypes(resource))) {
    const family = familyOf(provider, type);
    if (OLD_FAMILIES[provider].includes(family) && !allowedFamilies.includes(family))
      yield { message: `${type} is of the old generation ${family}; take the same size of a current one.` };
    if (because === undefined && ACCELERATED_FAMILY[provider].test(family))
      yield noReason(`the accelerated type ${type}`);
  }
}

/** The types that the resource itself names; what it takes from a template is judged there. */
function machineTypes(resource: Resource): string[] {
  const { instanceType, machineType } = resource.props as { instanceType?: string; machineType?: string };
  if (TEMPLATE_KINDS.includes(withoutVersion(resource.type))) return [instanceType ?? machineType ?? []].flat();
  const demand = demandOf(resource, surroundings([], 1));
  if (demand && "machines" in demand) return demand.machines.filter((type) => type !== undefined);
  return [instanceType ?? machineType ?? []].flat();
}

function attachedAccelerators({ props }: Resource): readonly unknown[] {
  const { guestAccelerators, nodeConfig } = props as {
    guestAccelerators?: readonly unknown[];
    nodeConfig?: { guestAccelerators?: readonly unknown[] };
  };
  return guestAccelerators ?? nodeConfig?.guestAccelerators ?? [];
}

function noReason(what: string): Finding {
  return { message: `${what} without a reason; say why in ${GPU_BECAUSE}.` };
}
