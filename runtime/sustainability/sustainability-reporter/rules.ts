import { type Static, Type } from "@sinclair/typebox";

/** What a report is made by beside the records: where the boundary lies, and what the contracts say. */

const closed = { additionalProperties: false } as const;
const Text = (description: string) => Type.String({ minLength: 1, maxLength: 500, description });
const Time = (description: string) => Type.String({ format: "date-time", description });
const Grams = (description: string) => Type.Number({ minimum: 0, description });

/**
 * `cloud-customer`: the provider buys the electricity, it is Scope 3 category 1 of the customer. `own-data-centre`: Scope 2.
 * Source: GHG Protocol Corporate Value Chain (Scope 3) Standard, Scope 2 Guidance (2015).
 */
export const BoundarySchema = Type.Union([Type.Literal("cloud-customer"), Type.Literal("own-data-centre")]);
export type Boundary = Static<typeof BoundarySchema>;

export const InstrumentSchema = Type.Object(
  {
    name: Text("Contract or certificate"),
    region: Text("Region whose energy it covers"),
    kind: Type.Union([
      Type.Literal("certificate"),
      Type.Literal("power-purchase-agreement"),
      Type.Literal("supplier-rate"),
    ]),
    gramsPerKwh: Grams("Emission factor that the instrument conveys, gCO2e/kWh"),
    kwh: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: "Energy it covers between `from` and `to`, shared evenly over that time; null: all",
    }),
    renewable: Type.Boolean({ description: "Whether the energy is from renewable sources (ESRS E1-5)" }),
    from: Time("Start of its validity"),
    to: Time("End of its validity"),
    source: Text("Who says so: registry and serial numbers, or contract"),
  },
  closed,
);
export type Instrument = Static<typeof InstrumentSchema>;

export const ResidualMixSchema = Type.Object(
  {
    region: Text("Region"),
    gramsPerKwh: Grams("Residual mix, gCO2e/kWh"),
    source: Text("Publisher and year"),
  },
  closed,
);
export type ResidualMix = Static<typeof ResidualMixSchema>;

/** ESRS E1-7. Shown beside the emissions and never taken off them. */
export const CreditSchema = Type.Object(
  {
    name: Text("Project or registry's serial numbers"),
    kind: Type.Union([Type.Literal("credit"), Type.Literal("removal")]),
    tonnesCo2e: Type.Number({ minimum: 0 }),
    standard: Text("Standard of quality, such as a registry's name"),
    cancelledAt: Time("When it was cancelled"),
  },
  closed,
);
export type Credit = Static<typeof CreditSchema>;

export interface Rules {
  boundary: Boundary;
  /** By region, where it is another than `boundary`. */
  regionBoundaries: Readonly<Record<string, Boundary>>;
  instruments: readonly Instrument[];
  residualMixes: readonly ResidualMix[];
  credits: readonly Credit[];
}

/** Own entries only: a region may be called `constructor`. */
export const boundaryOf = ({ boundary, regionBoundaries }: Rules, region: string): Boundary =>
  Object.hasOwn(regionBoundaries, region) ? regionBoundaries[region]! : boundary;
