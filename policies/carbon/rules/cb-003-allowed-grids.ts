import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { POD_KINDS, podWorkload } from "../../shared/podspec";
import type { StackRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";
import { INSTANCE_KIND, NODE_GROUP_KIND, regionOf } from "../cloud";
import { INTENSITIES_SCHEMA, intensityOf, type GivenIntensity } from "../intensity";

interface Config {
  allowedRegions: string[];
  maximumGramsPerKwh: number;
  zone?: string;
  intensities: Record<string, GivenIntensity>;
}

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
    rule: "A region is on the allow list, or its average grid intensity is below the limit; signal and year are named.",
    why: "The same work differs by fifty times between grids, and average and marginal signals rank them the other way round.",
    avoid: "aws region ap-south-1 (598 g/kWh); a region nobody has a figure for",
    prefer: "europe-north1, eu-north-1, northamerica-northeast1; allowedRegions where data residency decides",
  },
  remediation:
    "Move to a cleaner region, or put the region into allowedRegions where residency or latency decides. For a region that the table lacks " +
    "give its figure in intensities, with year and source. Name `zone` for local and Kubernetes workloads.",
  config: {
    allowedRegions: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Regions or zones that are allowed whatever their intensity; when given, all others are refused.",
    },
    maximumGramsPerKwh: {
      type: "number",
      minimum: 0,
      default: 500,
      description: "Highest average intensity without an allow list.",
    },
    zone: { type: "string", minLength: 1, description: "Zone of local and Kubernetes workloads." },
    intensities: INTENSITIES_SCHEMA,
  },
  kinds: [LOCAL_KIND, ...POD_KINDS, INSTANCE_KIND, NODE_GROUP_KIND],
  *evaluate(resources, { config }) {
    const judged = new Set<string>();
    let zoneMissing = false;
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
        const isWorkload = localWorkload(resource) !== undefined || podWorkload(resource) !== undefined;
        const region = isWorkload ? config.zone : regionOf(resource);
        if (isWorkload && region === undefined) zoneMissing = true;
        if (region === undefined || judged.has(region)) return;
        judged.add(region);
        for (const finding of regionFaults(region, config)) yield { ...finding, urn };
      });
    }
    if (zoneMissing) yield { unchecked: true, message: "the workloads' zone is not configured; name it in `zone`." };
  },
};

function* regionFaults(region: string, config: Config): Iterable<Finding> {
  const { allowedRegions, maximumGramsPerKwh } = config;
  if (allowedRegions.includes(region)) return;
  const intensity = intensityOf(region, config.intensities);
  const figure = intensity ? `${intensity.gramsPerKwh} g/kWh (${intensity.basis})` : "of unknown intensity";
  if (allowedRegions.length > 0) {
    yield { message: `${region}, ${figure}, is not among the allowed regions: ${allowedRegions.join(", ")}.` };
  } else if (!intensity) {
    yield {
      message: `${region} has no intensity in the table; give it in intensities with year and source, or allow the region.`,
    };
  } else if (intensity.gramsPerKwh > maximumGramsPerKwh) {
    yield { message: `${region} has ${figure}; the limit is ${maximumGramsPerKwh} g/kWh.` };
  }
}
