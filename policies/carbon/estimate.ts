/** Estimated emissions of one resource in a month. What cannot be estimated is said, never counted as zero. */
import { localWorkload } from "../shared/local";
import { podWorkload } from "../shared/podspec";
import type { Resource } from "../shared/rule";
import { demandOf, regionOf, surroundings, usesUnaccountedPower, type Demand, type Surroundings } from "./cloud";
import type { EstimateConfig } from "./configuration";
import type { Factors, PowerSource, Provider } from "./factors";
import { signalFault } from "./intensity";
import { declarations } from "./labels";
import { localRequests, podRequests, type Requests } from "./requests";
import {
  autoscalerBounds,
  boundFrom,
  hours,
  localExtent,
  podExtent,
  type AutoscalerBounds,
  type Count,
  type Extent,
} from "./scaling";

const GIB = 1024 ** 3;

/** What one resource's estimate needs to know of the others. */
export interface StackView {
  bounds: AutoscalerBounds;
  around: Surroundings;
}

export interface Estimate {
  /** Operational gCO2e a month at each number of replicas; the gate judges the maximum. */
  grams: Count;
  /** Typical error of the power model, as a share. */
  errorShare: number;
  /** The machines' manufacture at the maximum, gCO2e a month; absent where no table tells. */
  embodiedGrams?: number;
  /** "3 (declared) x 5.1 W x PUE 1.135 x 730 h x 275.81 g/kWh [method; basis]" */
  working: string;
}

/** The estimate; or why there is none; undefined: the resource uses no power of its own. */
export type EstimateResult = Estimate | { problem: string } | undefined;

/** One replica: its power and, where a table tells, the share of its manufacture. */
interface Unit extends PowerSource {
  embodiedGramsPerMonth?: number;
}

export function stackView(resources: readonly Resource[], config: EstimateConfig): StackView {
  return {
    bounds: autoscalerBounds(resources, config.assumedMaximumReplicas),
    around: surroundings(resources, config.assumedGigabytes),
  };
}

export function estimate(
  resource: Resource,
  config: EstimateConfig,
  view: StackView,
  factors: Factors,
): EstimateResult {
  const labels = declarations(resource);
  const local = localWorkload(resource);
  if (local) {
    const requests = localRequests(local);
    if (!requests)
      return problem(
        "declares no requests, so nothing bounds its power; declare requests.cpuCores and requests.memoryBytes",
      );
    const extent = localExtent(local, labels, config.assumedMaximumReplicas);
    return requestEstimate({ ...requests, gpus: 0 }, extent, config, factors);
  }
  const workload = podWorkload(resource);
  if (workload) {
    const { requests, missing } = podRequests(workload.pod);
    if (missing.length > 0)
      return problem(`declares no requests for ${missing.join(", ")}, so nothing bounds its power`);
    const extent = podExtent(workload, labels, view.bounds, config.assumedMaximumReplicas);
    return requestEstimate(requests, extent, config, factors);
  }
  // An autoscaler uses no power; reading it says where its target is not known yet.
  boundFrom(resource, config.assumedMaximumReplicas);
  const demand = demandOf(resource, view.around);
  if (demand === undefined) return unaccounted(resource, config);
  if ("problem" in demand) return demand;
  return demandEstimate(demand, regionOf(resource), hours(labels), config, factors);
}

function requestEstimate(requests: Requests, extent: Extent, config: EstimateConfig, factors: Factors): EstimateResult {
  const { wattsPerCore, wattsPerGpu } = config;
  const { gpus } = requests;
  if (gpus > 0 && wattsPerGpu === undefined)
    return problem(`requests ${gpus} GPUs, whose power no table here tells; give wattsPerGpu`);
  const rest = (requests.memoryBytes / GIB) * factors.wattsPerGib + gpus * (wattsPerGpu ?? 0);
  const unit: Unit = {
    watts: (utilisation) => requests.cpuCores * (wattsPerCore ?? factors.core.watts(utilisation)) + rest,
    method:
      wattsPerCore === undefined
        ? `requests, ${factors.core.method}`
        : `requests at the configured ${wattsPerCore} W per core`,
    errorShare: wattsPerCore === undefined ? factors.core.errorShare : 0,
  };
  return combine(unit, extent, { provider: undefined, region: config.zone }, config, factors);
}

function demandEstimate(
  demand: Demand,
  region: string | undefined,
  hoursPerMonth: number,
  config: EstimateConfig,
  factors: Factors,
): EstimateResult {
  const storageWatts = demand.storage.reduce(
    (sum, { gigabytes, medium, copies }) => sum + (gigabytes / 1000) * copies * factors.wattsPerTerabyte[medium],
    0,
  );
  const units: Unit[] = demand.machines.length === 0 ? [{ watts: () => 0, method: "storage", errorShare: 0 }] : [];
  for (const type of demand.machines) {
    const machine = type === undefined ? undefined : factors.machine(demand.provider, type);
    if (!machine)
      return problem(
        `has the instance type ${type ?? "(none given)"}, which is not in the table; choose a known type or give its power in machines`,
      );
    units.push(machine);
  }
  if (region === undefined) return problem("has no region, neither of its own nor of its provider");
  // Of several types any may be chosen: the hungriest counts.
  const hungriest = units.reduce((most, each) =>
    each.watts(config.utilisation) > most.watts(config.utilisation) ? each : most,
  );
  const unit = { ...hungriest, watts: (utilisation: number) => hungriest.watts(utilisation) + storageWatts };
  return combine(unit, { ...demand.count, basis: demand.basis, hoursPerMonth }, { ...demand, region }, config, factors);
}

function combine(
  unit: Unit,
  extent: Extent,
  place: { provider: Provider | undefined; region: string | undefined },
  { utilisation, signal }: EstimateConfig,
  factors: Factors,
): EstimateResult {
  const intensity = place.region === undefined ? factors.dirtiest() : factors.intensity(place.region);
  if (!intensity) {
    return problem(
      `is in ${place.region}, whose grid intensity is not in the table; give it in the configuration's intensities with year and source`,
    );
  }
  const fault = signalFault(intensity, signal);
  if (fault !== undefined) return problem(`is in ${place.region ?? "no named zone"}: ${fault}`);
  const pue = factors.pue(place.provider, place.region);
  const watts = unit.watts(utilisation);
  const { minimum, desired, maximum, basis, hoursPerMonth } = extent;
  const each = (watts * pue * hoursPerMonth * intensity.gramsPerKwh) / 1000;
  return {
    grams: { minimum: minimum * each, desired: desired * each, maximum: maximum * each },
    errorShare: unit.errorShare,
    ...(unit.embodiedGramsPerMonth === undefined ? {} : { embodiedGrams: maximum * unit.embodiedGramsPerMonth }),
    working:
      `${maximum} (${basis}) x ${watts.toFixed(2)} W x PUE ${pue} x ${hoursPerMonth} h x ${intensity.gramsPerKwh} g/kWh ` +
      `[at ${Math.round(utilisation * 100)} % CPU, ${unit.method}; ${intensity.basis}]`,
  };
}

function unaccounted({ type }: Resource, { assumedGramsPerMonth }: EstimateConfig): EstimateResult {
  const assumed = Object.hasOwn(assumedGramsPerMonth, type) ? assumedGramsPerMonth[type]! : undefined;
  if (assumed !== undefined) {
    const grams = { minimum: assumed, desired: assumed, maximum: assumed };
    return { grams, errorShare: 0, working: `${assumed} g as configured for ${type}` };
  }
  return usesUnaccountedPower(type)
    ? problem(`(${type}) uses power that this pack has no estimate for; give an upper bound in assumedGramsPerMonth`)
    : undefined;
}

function problem(text: string): { problem: string } {
  return { problem: text };
}
