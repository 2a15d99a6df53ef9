/**
 * Feeds of carbon intensity that are asked over the network: where they answer, and the secrets that they want. Components
 * open the way to them, the runtime asks them.
 */
export const INTENSITY_FEED_HOSTS = {
  "electricity-maps": { host: "api.electricitymaps.com", secrets: ["MNO_INTENSITY_ELECTRICITY_MAPS_TOKEN"] },
  watttime: { host: "api.watttime.org", secrets: ["MNO_INTENSITY_WATTTIME_USER", "MNO_INTENSITY_WATTTIME_PASSWORD"] },
  uk: { host: "api.carbonintensity.org.uk", secrets: [] },
  entsoe: { host: "web-api.tp.entsoe.eu", secrets: ["MNO_INTENSITY_ENTSOE_TOKEN"] },
} as const satisfies Record<string, { host: string; secrets: readonly string[] }>;

/** Feeds that every runtime has without asking anybody: a typical day, and a yearly table. */
export const BUILT_IN_INTENSITY_FEEDS = ["profile", "static"] as const;
