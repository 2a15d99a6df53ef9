import { type Static, type TObject, Type } from "@sinclair/typebox";

const FEED_NAMES = ["electricity-maps", "watttime", "uk", "entsoe", "file", "profile", "static", "demo"] as const;

export type FeedName = (typeof FEED_NAMES)[number];

const Zones = Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }));

/** The kernel's keys of carbon intensity. */
export const INTENSITY_KEYS = {
  MNO_INTENSITY_FEEDS: Type.Array(Type.Union(FEED_NAMES.map((name) => Type.Literal(name))), {
    minItems: 1,
    uniqueItems: true,
    default: ["profile", "static"],
    description: `Sources of carbon intensity in the order in which they are asked, as JSON; of ${FEED_NAMES.join(", ")}`,
  }),
  MNO_INTENSITY_SIGNAL: Type.Union([Type.Literal("average"), Type.Literal("marginal")], {
    default: "average",
    description:
      "average or marginal; every feed must be of it (watttime is marginal, file either, all others average)",
  }),
  MNO_INTENSITY_ZONES: Type.Partial(Type.Object(Object.fromEntries(FEED_NAMES.map((name) => [name, Zones]))), {
    additionalProperties: false,
    default: {},
    description: 'A feed\'s own name of a region, by feed, as JSON: {"watttime": {"us-west-1": "CAISO_NORTH"}}',
  }),
  MNO_INTENSITY_TIMEOUT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 120,
    default: 10,
    description: "How long one question to a feed of carbon intensity may take",
  }),
  MNO_INTENSITY_ELECTRICITY_MAPS_TOKEN: Type.Optional(
    Type.String({ minLength: 1, description: "Token of the Electricity Maps API" }),
  ),
  MNO_INTENSITY_WATTTIME_USER: Type.Optional(Type.String({ minLength: 1, description: "WattTime account" })),
  MNO_INTENSITY_WATTTIME_PASSWORD: Type.Optional(
    Type.String({ minLength: 1, description: "Password of the WattTime account" }),
  ),
  MNO_INTENSITY_ENTSOE_TOKEN: Type.Optional(
    Type.String({ minLength: 1, description: "Security token of the ENTSO-E Transparency Platform" }),
  ),
  MNO_INTENSITY_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "File of carbon intensity, .json or .csv, for the feed `file`" }),
  ),
};

export type IntensityConfiguration = Static<TObject<typeof INTENSITY_KEYS>>;
