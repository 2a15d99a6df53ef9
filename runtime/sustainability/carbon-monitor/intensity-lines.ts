import { type Static, Type } from "@sinclair/typebox";

/** A line that is worth an event when a region's intensity crosses it. */
export const IntensityLineSchema = Type.Object(
  {
    gramsPerKwh: Type.Number({ exclusiveMinimum: 0, description: "The line, gCO2e/kWh" }),
    region: Type.Optional(Type.String({ minLength: 1, description: "Only in this region" })),
    hysteresisPercent: Type.Number({
      minimum: 0,
      maximum: 50,
      default: 5,
      description: "How far below the line, in percent of it, intensity must fall before it counts as below again",
    }),
  },
  { additionalProperties: false },
);
export type IntensityLine = Static<typeof IntensityLineSchema>;
export type Side = "above" | "below";

/**
 * The side of the line on which an intensity is, given the side it was on: above from the line on, below again once it is
 * under the line by the hysteresis. A wobble around the line crosses it once.
 */
export function sideOf(line: IntensityLine, gramsPerKwh: number, before: Side | undefined): Side {
  if (gramsPerKwh >= line.gramsPerKwh) return "above";
  const low = line.gramsPerKwh * (1 - line.hysteresisPercent / 100);
  return before === "above" && gramsPerKwh > low ? "above" : "below";
}
