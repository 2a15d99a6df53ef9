import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import { IntensityChain } from "./chain";
import type { FeedName, IntensityConfiguration } from "./configuration";
import type { IntensityFeed } from "./feed";
import { demoFeed } from "./feeds/demo";
import { ElectricityMapsFeed } from "./feeds/electricity-maps";
import { EntsoeFeed } from "./feeds/entsoe";
import { FileFeed } from "./feeds/file";
import { profileFeed, staticFeed } from "./feeds/tables";
import { UkCarbonIntensityFeed } from "./feeds/uk-carbon-intensity";
import { WattTimeFeed } from "./feeds/watttime";
import type { Fetch } from "./http";
import type { Intensity } from "./intensity";
import type { FeedMemory } from "./memory";
import type { ChainWatch } from "./watch";

export interface IntensityDependencies {
  clock: Clock;
  fetch?: Fetch;
  memory?: FeedMemory;
  watch?: ChainWatch;
}

/**
 * The configured chain of feeds; nothing is asked before the first question.
 * Errors: MNO_CONFIG_INVALID when a feed lacks its key, or the feeds are not all of the configured signal.
 */
export function openIntensity(config: IntensityConfiguration, dependencies: IntensityDependencies): Intensity {
  const feeds = config.MNO_INTENSITY_FEEDS.map((name) => feedOf(name, config, dependencies));
  const signal = config.MNO_INTENSITY_SIGNAL;
  const others = feeds.filter((feed) => feed.signal !== signal);
  if (others.length > 0) {
    const told = others.map((feed) => `${feed.name} is ${feed.signal}`).join(", ");
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `MNO_INTENSITY_SIGNAL is ${signal}, but of MNO_INTENSITY_FEEDS ${told}: average and marginal intensity are never mixed`,
    );
  }
  const timeoutMilliseconds = config.MNO_INTENSITY_TIMEOUT_SECONDS * 1000;
  const { clock, memory, watch } = dependencies;
  return new IntensityChain({ feeds, clock, timeoutMilliseconds, ...(memory && { memory }), ...(watch && { watch }) });
}

function feedOf(name: FeedName, config: IntensityConfiguration, dependencies: IntensityDependencies): IntensityFeed {
  const { clock, fetch = globalThis.fetch } = dependencies;
  const zones = (config.MNO_INTENSITY_ZONES as Partial<Record<FeedName, Record<string, string>>>)[name] ?? {};
  const required = (key: keyof IntensityConfiguration): string => {
    const value = config[key];
    if (typeof value === "string") return value;
    throw new MnoError("MNO_CONFIG_INVALID", `${key} is required, because MNO_INTENSITY_FEEDS names ${name}`);
  };
  switch (name) {
    case "electricity-maps": {
      const token = required("MNO_INTENSITY_ELECTRICITY_MAPS_TOKEN");
      return new ElectricityMapsFeed({ token, fetch, clock, zones });
    }
    case "watttime": {
      const user = required("MNO_INTENSITY_WATTTIME_USER");
      const password = required("MNO_INTENSITY_WATTTIME_PASSWORD");
      return new WattTimeFeed({ user, password, fetch, clock, zones });
    }
    case "uk":
      return new UkCarbonIntensityFeed({ fetch, clock, zones });
    case "entsoe":
      return new EntsoeFeed({ token: required("MNO_INTENSITY_ENTSOE_TOKEN"), fetch, clock, zones });
    case "file":
      return new FileFeed({ path: required("MNO_INTENSITY_FILE"), signal: config.MNO_INTENSITY_SIGNAL, zones });
    case "profile":
      return profileFeed(zones);
    case "static":
      return staticFeed(zones);
    case "demo":
      return demoFeed(zones);
  }
}
