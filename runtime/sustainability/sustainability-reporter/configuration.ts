import { type Static, Type } from "@sinclair/typebox";
import { type FieldFault, MnoError } from "../../exports";
import { PublicationSchema } from "./formats";
import { BoundarySchema, CreditSchema, InstrumentSchema, ResidualMixSchema, type Rules } from "./rules";

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
    description:
      "Days after its end at which a calendar month (UTC) is closed by itself, up to a year of months that were missed included, none without a record; 0: only on request",
  }),
});
export type Configuration = Static<typeof CONFIGURATION>;

/** What reports are made by. Errors: MNO_CONFIG_INVALID with every fault that no schema sees. */
export function rulesOf(config: Configuration): Rules {
  const faults: FieldFault[] = [];
  // RFC 3339 has leap seconds, which JavaScript has not.
  const isTime = (field: string, text: string): boolean => {
    const known = !Number.isNaN(Date.parse(text));
    if (!known) faults.push({ field, message: `${text} is no time` });
    return known;
  };
  config.MNO_SR_INSTRUMENTS.forEach(({ from, to }, index) => {
    const field = `MNO_SR_INSTRUMENTS/${index}`;
    const known = [isTime(`${field}/from`, from), isTime(`${field}/to`, to)].every(Boolean);
    if (known && Date.parse(to) <= Date.parse(from)) {
      faults.push({ field, message: `is valid until ${to}, which is not after ${from}` });
    }
  });
  config.MNO_SR_CREDITS.forEach(({ cancelledAt }, index) => {
    isTime(`MNO_SR_CREDITS/${index}/cancelledAt`, cancelledAt);
  });
  const regions = config.MNO_SR_RESIDUAL_MIXES.map(({ region }) => region);
  for (const region of new Set(regions.filter((one, index) => regions.indexOf(one) !== index))) {
    faults.push({ field: "MNO_SR_RESIDUAL_MIXES", message: `has more than one mix of ${region}` });
  }
  if (faults.length > 0) {
    const told = faults.map(({ field, message }) => `${field} ${message}`).join("; ");
    throw new MnoError("MNO_CONFIG_INVALID", `The rules of reports are not valid: ${told}`, { faults });
  }
  return {
    boundary: config.MNO_SR_BOUNDARY,
    regionBoundaries: config.MNO_SR_REGION_BOUNDARIES,
    instruments: config.MNO_SR_INSTRUMENTS,
    residualMixes: config.MNO_SR_RESIDUAL_MIXES,
    credits: config.MNO_SR_CREDITS,
  };
}
