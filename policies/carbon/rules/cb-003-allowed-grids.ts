import { CARBON_FREE_TABLE } from "../../../factors/tables";
import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { POD_KINDS, podWorkload } from "../../shared/podspec";
import type { StackRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";
import { CLOUD_KINDS, regionOf } from "../cloud";
import {
  INTENSITIES_SCHEMA,
  SIGNAL_SCHEMA,
  carbonFreeShare,
  intensityOf,
  signalFault,
  type GivenIntensity,
  type Intensity,
  type Signal,
} from "../intensity";
import { isListed, regionsWithin } from "../regions";

interface Config {
  allowedRegions: string[];
  residency: string[];
  maximumGramsPerKwh: number;
  minimumCarbonFreeShare?: number;
  oldestYear?: number;
  signal: Signal;
  zone?: string;
  intensities: Record<string, GivenIntensity>;
}

/** Regions that advice names. */
const ADVISED = 3;

export const allowedGrids: StackRule<Config> = {
  scope: "stack",
  id: "CB-003",
  name: "allowed-grids",
  title: "Everything runs on an allowed grid",
  severity: "medium",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "Software Carbon Intensity (ISO/IEC 21031)",
      version: "2024",
      clause: "Carbon intensity (I), location-based, no market-based measures",
    },
  ],
  card: {
    rule: "A region is where data may be, and on the allow list or below the limit of intensity; signal and year are named.",
    why: "The same work differs by fifty times between grids, and average and marginal signals rank them the other way round.",
    avoid: "aws region ap-south-1 (598 g/kWh); a region nobody has a figure for",
    prefer: "europe-north1, eu-north-1, northamerica-northeast1; allowedRegions where data residency decides",
  },
  remediation:
    "Move to a cleaner region within `residency`, or put the region into allowedRegions where latency decides. For a region that the table " +
    "lacks give its figure in intensities, with year, source and signal. Name `zone` for local and Kubernetes workloads.",
  config: {
    allowedRegions: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Regions or zones that are allowed whatever their intensity; when given, all others are refused.",
    },
    residency: {
      type: "array",
      items: { type: "string" },
      default: [],
      description:
        "Where data may be: regions or zones, an entry may end in *. It comes before carbon: outside is refused however clean, inside the " +
        "cleanest is allowed however dirty. Cleaner regions are advised within it only, and without it none.",
    },
    maximumGramsPerKwh: {
      type: "number",
      minimum: 0,
      default: 500,
      description: "Highest intensity without an allow list, of the signal.",
    },
    minimumCarbonFreeShare: {
      type: "number",
      minimum: 0,
      maximum: 1,
      description: "Lowest carbon-free share of a region's energy, 0 to 1; published by Google for its own regions.",
    },
    oldestYear: { type: "integer", minimum: 2000, description: "Oldest year that a figure may be of." },
    signal: SIGNAL_SCHEMA,
    zone: { type: "string", minLength: 1, description: "Zone of local and Kubernetes workloads." },
    intensities: INTENSITIES_SCHEMA,
  },
  kinds: [LOCAL_KIND, ...POD_KINDS, ...CLOUD_KINDS],
  *evaluate(resources, { config }) {
    let zoneMissing = false;
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
        const isWorkload = localWorkload(resource) !== undefined || podWorkload(resource) !== undefined;
        const region = isWorkload ? config.zone : regionOf(resource);
        if (isWorkload && region === undefined) zoneMissing = true;
        if (region === undefined) return;
        for (const finding of regionFaults(region, config)) yield { ...finding, urn };
      });
    }
    if (zoneMissing) yield { unchecked: true, message: "the workloads' zone is not configured; name it in `zone`." };
  },
};

function* regionFaults(region: string, config: Config): Iterable<Finding> {
  const { allowedRegions, residency, intensities, signal } = config;
  const intensity = intensityOf(region, intensities);
  const figure = intensity ? `${intensity.gramsPerKwh} g/kWh (${intensity.basis})` : "of unknown intensity";
  if (residency.length > 0 && !isListed(region, residency)) {
    yield {
      message: `${region}, ${figure}, is not where data may be: ${residency.join(", ")}. Carbon cannot outweigh that.`,
    };
  } else if (isListed(region, allowedRegions)) {
    return;
  } else if (allowedRegions.length > 0) {
    yield { message: `${region}, ${figure}, is not among the allowed regions: ${allowedRegions.join(", ")}.` };
  } else if (!intensity) {
    yield {
      message: `${region} has no intensity in the table; give it in intensities with year and source, or allow the region.`,
    };
  } else {
    const fault = signalFault(intensity, signal);
    if (fault === undefined) yield* gridFaults(region, intensity, config);
    else yield { message: `${region}: ${fault}.` };
  }
}

function* gridFaults(region: string, intensity: Intensity, config: Config): Iterable<Finding> {
  const { maximumGramsPerKwh, minimumCarbonFreeShare, oldestYear } = config;
  const figure = `${intensity.gramsPerKwh} g/kWh (${intensity.basis})`;
  if (oldestYear !== undefined && intensity.year < oldestYear)
    yield {
      message: `${region} has a figure of ${intensity.year} (${intensity.basis}); the oldest allowed is of ${oldestYear}.`,
    };
  if (intensity.gramsPerKwh > maximumGramsPerKwh) {
    const advice = adviceFor(region, intensity, config);
    if (advice !== undefined)
      yield { message: `${region} has ${figure}; the limit is ${maximumGramsPerKwh} g/kWh.${advice}` };
  }
  if (minimumCarbonFreeShare === undefined) return;
  const share = carbonFreeShare(region);
  if (share === undefined) {
    yield {
      unchecked: true,
      message: `nobody publishes a carbon-free share of ${region}; its intensity alone was judged.`,
    };
  } else if (share < minimumCarbonFreeShare) {
    const basis = CARBON_FREE_TABLE.source;
    yield {
      message: `${region} is carbon-free at ${share} of its energy (${basis}); the lowest allowed is ${minimumCarbonFreeShare}.`,
    };
  }
}

/** Where to go in place of a region over the limit; undefined: it is the cleanest that residency leaves, and stays allowed. */
function adviceFor(region: string, { gramsPerKwh }: Intensity, config: Config): string | undefined {
  const { residency, intensities, signal } = config;
  if (residency.length === 0)
    return " Name in `residency` where data may be, and cleaner regions within it are advised.";
  const cleaner = regionsWithin(residency, region, signal, intensities)
    .filter((each) => each.gramsPerKwh < gramsPerKwh)
    .slice(0, ADVISED);
  if (cleaner.length === 0) return undefined;
  const names = cleaner.map((each) => `${each.region} (${each.gramsPerKwh})`).join(", ");
  return ` Cleaner within residency, by the ${signal} signal: ${names} g/kWh; look at price and latency before you move.`;
}
