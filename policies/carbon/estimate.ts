/** Estimated operational emissions of one resource in a month. What cannot be estimated is said, never counted as zero. */
import { localWorkload, type LocalWorkload } from "../shared/local";
import { podWorkload, type PodWorkload } from "../shared/podspec";
import type { Resource } from "../shared/rule";
import { INSTANCE_KIND, NODE_GROUP_KIND, regionOf, usesUnaccountedPower } from "./cloud";
import { PUE } from "./factors/power";
import { intensityOf, worstIntensity, type GivenIntensity, type Intensity } from "./intensity";
import { declarations } from "./labels";
import { instancePower, requestedPower, type PowerEstimate } from "./power";
import { localRequests, podRequests } from "./requests";
import { localExtent, podExtent, type AutoscalerBounds, type Extent } from "./scaling";

/** What EKS takes when a node group names no type. */
const NODE_GROUP_DEFAULT_TYPE = "t3.medium";

interface NodeGroupProps {
  instanceTypes?: readonly string[];
  scalingConfig?: { maxSize?: number };
}

export interface EstimateConfig {
  /** Zone or region of local and Kubernetes workloads. */
  zone?: string;
  intensities: Record<string, GivenIntensity>;
  /** CPU utilisation assumed, 0 to 1. */
  utilisation: number;
  /** Measured watts of one core, where known. */
  wattsPerCore?: number;
  /** Power usage effectiveness of wherever the workloads run. */
  pue?: number;
  /** Replicas assumed where an autoscaler or a DaemonSet sets no bound. */
  assumedMaximumReplicas: number;
}

interface Estimate {
  gramsPerMonth: number;
  /** "3 replicas (declared) x 5.1 W x PUE 1.135 x 730 h x 275.81 g/kWh [basis; method]" */
  working: string;
}

/** The estimate; or why there is none (`problem`, and whether that is merely outside what is covered); undefined: uses no power. */
type EstimateResult = Estimate | { problem: string; uncovered: boolean } | undefined;

export function estimate(resource: Resource, config: EstimateConfig, bounds: AutoscalerBounds): EstimateResult {
  const local = localWorkload(resource);
  if (local) return localEstimate(resource, local, config);
  const workload = podWorkload(resource);
  if (workload) return podEstimate(resource, workload, config, bounds);
  if (resource.type === INSTANCE_KIND)
    return awsEstimate(resource, [resource.props["instanceType"] as string | undefined], 1, config);
  if (resource.type === NODE_GROUP_KIND) {
    const { instanceTypes = [NODE_GROUP_DEFAULT_TYPE], scalingConfig } = resource.props as NodeGroupProps;
    return awsEstimate(resource, instanceTypes, scalingConfig?.maxSize, config);
  }
  return usesUnaccountedPower(resource.type)
    ? {
        problem: `${resource.name} (${resource.type}) uses power that this pack has no estimate for; the total leaves it out`,
        uncovered: true,
      }
    : undefined;
}

function localEstimate(resource: Resource, workload: LocalWorkload, config: EstimateConfig): EstimateResult {
  const requests = localRequests(workload);
  if (!requests)
    return problem(
      "declares no requests, so nothing bounds its power; declare requests.cpuCores and requests.memoryBytes",
    );
  const extent = localExtent(workload, declarations(resource), config.assumedMaximumReplicas);
  return requestEstimate(requests, extent, config);
}

function podEstimate(
  resource: Resource,
  workload: PodWorkload,
  config: EstimateConfig,
  bounds: AutoscalerBounds,
): EstimateResult {
  const { requests, missing } = podRequests(workload.pod);
  if (missing.length > 0) return problem(`declares no requests for ${missing.join(", ")}, so nothing bounds its power`);
  const extent = podExtent(workload, declarations(resource), bounds, config.assumedMaximumReplicas);
  return requestEstimate(requests, extent, config);
}

function requestEstimate(
  requests: { cpuCores: number; memoryBytes: number },
  extent: Extent,
  config: EstimateConfig,
): EstimateResult {
  const intensity = config.zone === undefined ? worstIntensity() : intensityOf(config.zone, config.intensities);
  if (!intensity) return unknownZone(config.zone!);
  const power = requestedPower(requests, config.utilisation, config.wattsPerCore);
  return combine(power, extent, config.pue ?? Math.max(...Object.values(PUE)), intensity);
}

function awsEstimate(
  resource: Resource,
  types: readonly (string | undefined)[],
  count: number | undefined,
  config: EstimateConfig,
): EstimateResult {
  if (count === undefined) return problem("names no maximum size (scalingConfig.maxSize), so nothing bounds its power");
  const powers: PowerEstimate[] = [];
  for (const type of types) {
    const power = type === undefined ? undefined : instancePower(type, config.utilisation);
    if (!power)
      return problem(`has the instance type ${type ?? "(none given)"}, which is not in the table; choose a known type`);
    powers.push(power);
  }
  const region = regionOf(resource);
  if (region === undefined) return problem("has no region, neither of its own nor of its provider");
  const intensity = intensityOf(region, config.intensities);
  if (!intensity) return unknownZone(region);
  // Of several types any may be chosen: the hungriest counts.
  const power = powers.reduce((most, each) => (each.watts > most.watts ? each : most));
  const extent: Extent = { replicas: count, basis: "maximum size", hoursPerMonth: 730 };
  return combine(power, extent, config.pue ?? PUE["aws"]!, intensity);
}

function combine(power: PowerEstimate, extent: Extent, pue: number, intensity: Intensity): Estimate {
  const { replicas, basis, hoursPerMonth } = extent;
  const kwh = (replicas * power.watts * pue * hoursPerMonth) / 1000;
  return {
    gramsPerMonth: kwh * intensity.gramsPerKwh,
    working:
      `${replicas} (${basis}) x ${power.watts.toFixed(2)} W x PUE ${pue} x ${hoursPerMonth} h x ` +
      `${intensity.gramsPerKwh} g/kWh [${power.method}; ${intensity.basis}]`,
  };
}

function problem(text: string): EstimateResult {
  return { problem: text, uncovered: false };
}

function unknownZone(zone: string): EstimateResult {
  return problem(
    `is in ${zone}, whose grid intensity is not in the table; give it in the configuration's intensities with year and source`,
  );
}
