/** From what is declared to watts. All estimates are operational only; embodied carbon is not in them. */
import { AWS_INSTANCE_LINES } from "./factors/aws-instances";
import { MEAN_WATTS_PER_VCPU, SUSPECT_ARCHITECTURE, WATTS_PER_GIB, WATTS_PER_VCPU } from "./factors/power";
import { POWER_TABLE } from "./factors/tables";

const GIB = 1024 ** 3;

export interface PowerEstimate {
  /** Watts of one replica or instance, before PUE. */
  watts: number;
  method: string;
}

interface InstanceType {
  architecture: string;
  vcpus: number;
  memoryGib: number;
}

const INSTANCES: ReadonlyMap<string, InstanceType> = new Map(
  AWS_INSTANCE_LINES.trim()
    .split("\n")
    .flatMap((line) => {
      const [family = "", architecture = "", sizes = ""] = line.split("|");
      return sizes.split(",").map((size): [string, InstanceType] => {
        const [suffix = "", vcpus = "", memoryGib = ""] = size.split(" ");
        return [`${family}.${suffix}`, { architecture, vcpus: Number(vcpus), memoryGib: Number(memoryGib) }];
      });
    }),
);

/** Power of an AWS instance type at a CPU utilisation (0 to 1); undefined when the type is not in the table. */
export function instancePower(type: string, utilisation: number): PowerEstimate | undefined {
  const instance = INSTANCES.get(type);
  const range = instance && WATTS_PER_VCPU[instance.architecture];
  if (!instance || !range) return undefined;
  const watts = instance.vcpus * between(range, utilisation) + instance.memoryGib * WATTS_PER_GIB;
  const caveat = instance.architecture === SUSPECT_ARCHITECTURE ? ", coefficient likely too high" : "";
  return {
    watts,
    method: `${instance.architecture} at ${percent(utilisation)} CPU, ${POWER_TABLE.source} ${POWER_TABLE.asOf}${caveat}`,
  };
}

/** Power of requested CPU and memory on an unknown processor; `wattsPerCore` replaces the mean where it was measured. */
export function requestedPower(
  requests: { cpuCores: number; memoryBytes: number },
  utilisation: number,
  wattsPerCore: number | undefined,
): PowerEstimate {
  const perCore = wattsPerCore ?? between(MEAN_WATTS_PER_VCPU, utilisation);
  const method =
    wattsPerCore === undefined
      ? `requests at ${percent(utilisation)} CPU, mean of ${POWER_TABLE.source} ${POWER_TABLE.asOf}`
      : `requests at the configured ${wattsPerCore} W per core`;
  return { watts: requests.cpuCores * perCore + (requests.memoryBytes / GIB) * WATTS_PER_GIB, method };
}

function between([idle, full]: readonly [number, number], utilisation: number): number {
  return idle + utilisation * (full - idle);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
