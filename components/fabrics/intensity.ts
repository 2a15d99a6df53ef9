import type * as pulumi from "@pulumi/pulumi";
import { BUILT_IN_INTENSITY_FEEDS, type FieldFault, INTENSITY_FEED_HOSTS } from "../../runtime/exports";
import { faultsOf } from "../arguments";
import { EgressHost } from "../mesh/egress-host";
import { MeshKind } from "../mesh/kinds";
import type { KubernetesAgent } from "../workload/kubernetes/agent";
import type { SecretReferenceArgs } from "../workload/kubernetes/container-types";
import type { FabricArgs, SecretKeyArgs } from "./fabric";

/** A source of carbon intensity that is asked over the network. */
export const IntensityFeed = {
  /** Electricity Maps API v3, average signal; wants a token. */
  ElectricityMaps: "electricity-maps",
  /** WattTime API v3, marginal signal; wants user and password. */
  WattTime: "watttime",
  /** UK Carbon Intensity API, average signal. */
  UkCarbonIntensity: "uk",
  /** ENTSO-E Transparency Platform, average signal computed from generation by type; wants a token. */
  Entsoe: "entsoe",
} as const;
export type IntensityFeed = (typeof IntensityFeed)[keyof typeof IntensityFeed];

/** Where carbon intensity comes from. */
export interface IntensityArgs {
  /** In the order in which they are asked; behind the last come the tables that every runtime has. */
  feeds: IntensityFeed[];
  /** Where the feeds' credentials are, by the key of docs/configuration.md, such as MNO_INTENSITY_ENTSOE_TOKEN. */
  credentials?: { [key: string]: SecretKeyArgs };
}

/** What an agent that asks for carbon intensity is told. */
export interface IntensitySettings {
  configuration: Record<string, string>;
  secretReferences: SecretReferenceArgs[];
}

/** The configuration of an agent that asks `intensity`, which is without fault. Behind a feed of the average come the tables; of the marginal there are none. */
export function intensitySettings(intensity?: IntensityArgs): IntensitySettings {
  if (intensity === undefined) return { configuration: {}, secretReferences: [] };
  const { feeds, credentials = {} } = intensity;
  const marginal = feeds.includes(IntensityFeed.WattTime);
  return {
    configuration: {
      MNO_INTENSITY_FEEDS: JSON.stringify(marginal ? feeds : [...feeds, ...BUILT_IN_INTENSITY_FEEDS]),
      MNO_INTENSITY_SIGNAL: marginal ? "marginal" : "average",
    },
    secretReferences: Object.entries(credentials).map(([variable, at]) => ({ variable, ...at })),
  };
}

/**
 * Lets `agents` reach the feeds. A NetworkPolicy knows no names and opens port 443 to any address; a mesh, where there is one,
 * lets out to these hosts only.
 */
export function reachIntensity(
  name: string,
  agents: readonly KubernetesAgent[],
  { feeds }: IntensityArgs,
  { namespace, mesh = MeshKind.None, labels }: Pick<FabricArgs, "namespace" | "mesh" | "labels">,
  parent?: pulumi.Resource,
): void {
  const because = `carbon intensity of ${feeds.join(", ")}`;
  for (const agent of agents) agent.connections.allowToAddresses("0.0.0.0/0", [443], because);
  if (mesh === MeshKind.None) return;
  const hosts = feeds.map((feed) => INTENSITY_FEED_HOSTS[feed].host);
  const optional = labels === undefined ? {} : { labels };
  new EgressHost(name, { kind: mesh, namespace, hosts, because, ...optional }, parent && { parent });
}

/** Faults of the arguments; each message says what would be right. */
export function validateIntensity(intensity?: IntensityArgs): FieldFault[] {
  if (intensity === undefined) return [];
  const { feeds, credentials = {} } = intensity;
  const known = Object.values(IntensityFeed);
  const wanted = [...new Set<string>(feeds.flatMap((feed) => [...(INTENSITY_FEED_HOSTS[feed]?.secrets ?? [])]))];
  const missing = wanted.filter((key) => credentials[key] === undefined);
  const spare = Object.keys(credentials).filter((key) => !wanted.includes(key));
  const marginal = feeds.includes(IntensityFeed.WattTime);
  return faultsOf([
    [feeds.length === 0, "intensity.feeds", "must name at least one feed; leave intensity out for the tables alone"],
    [new Set(feeds).size !== feeds.length, "intensity.feeds", "names a feed twice"],
    ...feeds
      .filter((feed) => !known.includes(feed))
      .map((feed) => [true, "intensity.feeds", `holds ${feed}; it must be of ${known.join(", ")}`] as const),
    [
      marginal && feeds.length > 1,
      "intensity.feeds",
      "mixes watttime, which is marginal, with feeds of the average: name it alone or not at all",
    ],
    [missing.length > 0, "intensity.credentials", `lack ${missing.join(", ")}, which the feeds want`],
    [spare.length > 0, "intensity.credentials", `hold ${spare.join(", ")}, which none of the feeds wants`],
  ]);
}
