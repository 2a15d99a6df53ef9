import { type Static, Type } from "@sinclair/typebox";

/**
 * Relays and aeroplanes that are known to be no place: Akamai, Cloudflare and Fastly (egress of iCloud Private Relay and WARP),
 * Zscaler, Netskope; Panasonic Avionics and Intelsat (in-flight).
 */
const RELAY_ASNS = [36_183, 13_335, 54_113, 22_616, 62_044, 53_813, 55_256, 64_294, 22_351];

export const CONFIGURATION = Type.Object({
  MNO_BA_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description:
        "Secret that identifiers are hashed and records sealed under; the same for all replicas. Without it one is made in MNO_STATE_DIR",
    }),
  ),
  MNO_BA_GEO_FILES: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "MaxMind databases (.mmdb) and range tables (.csv, .json) of country, network and place",
  }),
  MNO_BA_TRUSTED_EGRESS: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Address ranges of the organisation's own gates, whose place says nothing of the user",
  }),
  MNO_BA_RELAY_ASNS: Type.Array(Type.Integer({ minimum: 0 }), {
    default: RELAY_ASNS,
    description: "Autonomous systems that are no place: relays, VPNs, secure web gateways, aeroplanes",
  }),
  MNO_BA_TRAVEL_KMH: Type.Number({ exclusiveMinimum: 0, default: 900, description: "km/h above which nobody travels" }),
  MNO_BA_TRAVEL_KM: Type.Number({ minimum: 0, default: 500, description: "km below which speed says nothing" }),
  MNO_BA_TRAVEL_IGNORED_KM: Type.Number({ minimum: 0, default: 50, description: "km up to which a move is ignored" }),
  MNO_BA_TRAVEL_IGNORED_MINUTES: Type.Number({
    minimum: 0,
    default: 10,
    description: "Minutes within which one person may use two networks; a session's change of country counts at once",
  }),
  MNO_BA_STEP_UP_RATE: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.05,
    description: "Share of the users' own attempts that may be asked for another factor",
  }),
  MNO_BA_DENY_RATE: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.001,
    description: "Share of the users' own attempts that may be advised against",
  }),
  MNO_BA_ATTACK_PROBABILITY: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 0.5,
    default: 0.001,
    description: "Share of attempts that are attacks, until outcomes tell",
  }),
  MNO_BA_COLD_START: Type.Union([Type.Literal("step-up"), Type.Literal("trust")], {
    default: "step-up",
    description: "Whether a user without history must show another factor, or is trusted on first use",
  }),
  MNO_BA_HALF_LIFE_DAYS: Type.Number({
    minimum: 1,
    maximum: 3650,
    default: 180,
    description: "Days after which a login counts half",
  }),
  MNO_BA_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    default: 30,
    description: "Days that assessments are kept; users without an attempt are forgotten after 13 times as long",
  }),
});
export type Configuration = Static<typeof CONFIGURATION>;
