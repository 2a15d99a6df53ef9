import { type Static, Type } from "@sinclair/typebox";
import { PublicationSchema } from "./formats";
import { BoundarySchema, CreditSchema, InstrumentSchema, ResidualMixSchema } from "./rules";

export const CONFIGURATION = Type.Object({
  MNO_SR_BOUNDARY: Type.Union([...BoundarySchema.anyOf], {
    default: "cloud-customer",
    description:
      "cloud-customer: the provider's electricity is Scope 3 category 1; own-data-centre: the electricity is Scope 2",
  }),
  MNO_SR_REGION_BOUNDARIES: Type.Record(Type.String(), BoundarySchema, {
    default: {},
    description: "Boundary of the regions that have another one, by region (JSON object)",
  }),
  MNO_SR_INSTRUMENTS: Type.Array(InstrumentSchema, {
    default: [],
    description:
      "Contracts and certificates for market-based figures, in the order in which they are used (JSON array)",
  }),
  MNO_SR_RESIDUAL_MIXES: Type.Array(ResidualMixSchema, {
    default: [],
    description:
      "Residual mix by region for what no instrument covers; location-based where there is none (JSON array)",
  }),
  MNO_SR_CREDITS: Type.Array(CreditSchema, {
    default: [],
    description: "Cancelled credits and removals, shown apart and taken off nothing (JSON array)",
  }),
  MNO_SR_SIGNING_KEY_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "Ed25519 private key (PEM) that signs closed reports; unsigned without" }),
  ),
  MNO_SR_PUBLICATION: Type.Optional(
    Type.Object(PublicationSchema.properties, {
      additionalProperties: false,
      description: "Where reports are published, for carbon.txt (JSON object)",
    }),
  ),
  MNO_SR_EVENT_MEMORY_DAYS: Type.Number({
    minimum: 1,
    default: 400,
    description: "Days for which event ids are kept; older events are refused, for they might be counted twice",
  }),
  MNO_SR_RESTATE_SECONDS: Type.Number({
    minimum: 1,
    default: 300,
    description: "Seconds between two looks for late events of closed periods, which then are restated",
  }),
  MNO_SR_CLOSE_AFTER_DAYS: Type.Number({
    minimum: 0,
    default: 0,
    description: "Days after its end at which a calendar month (UTC) is closed by itself; 0: only on request",
  }),
});
export type Configuration = Static<typeof CONFIGURATION>;
