import { XMLParser } from "fast-xml-parser";
import { GENERATION_GRAMS_PER_KWH } from "../../../../factors/generation";
import { FeedFault } from "../feed";
import { arrayOf, objectOf, textOf, timeOf } from "../fields";
import type { IntensityPoint } from "../intensity";
import { HOUR_MS, MINUTE_MS } from "../series";
import { lookUp } from "./zones";

const LISTS = new Set(["TimeSeries", "Period", "Point", "Reason"]);
const RESOLUTIONS: Readonly<Record<string, number>> = {
  PT15M: 15 * MINUTE_MS,
  PT30M: 30 * MINUTE_MS,
  PT60M: HOUR_MS,
  PT1H: HOUR_MS,
};
/** Positions are counted from 1; a document of a year in quarter hours has so many. */
const MOST_POSITIONS = 36_000;
/** Storage gives back what others generated. */
const STORAGE = "B25";
/** A kind of plant that makes less than this share may be late without making a moment incomplete. */
const SLIGHT_SHARE = 0.01;

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  processEntities: false,
  isArray: (name) => LISTS.has(name),
});

/** Generation in MW by kind of plant at each moment. */
type Mix = Map<number, { to: number; byKind: Map<string, number> }>;

/**
 * Intensity of generation from an A75 document (actual generation per type): sum of generation by factor over generation.
 * Moments at which a kind of plant is missing that else matters are left out: the last hours come in kind by kind.
 * Errors: FeedFault, with ENTSO-E's reason where the document is an acknowledgement.
 */
export function parseGeneration(xml: string): IntensityPoint[] {
  const root = rootOf(xml);
  if (root.Acknowledgement_MarketDocument !== undefined) throw refusal(root.Acknowledgement_MarketDocument);
  const document = objectOf(root.GL_MarketDocument, "GL_MarketDocument");
  const mix: Mix = new Map();
  for (const series of document.TimeSeries === undefined ? [] : arrayOf(document.TimeSeries, "TimeSeries")) {
    addSeries(mix, objectOf(series, "TimeSeries"));
  }
  const kinds = weightyKinds(mix);
  return [...mix]
    .filter(([, { byKind }]) => kinds.every((kind) => byKind.has(kind)))
    .sort(([a], [b]) => a - b)
    .flatMap(([from, { to, byKind }]) => {
      const gramsPerKwh = intensityOf(byKind);
      return gramsPerKwh === undefined ? [] : [{ from, to, gramsPerKwh, estimated: false }];
    });
}

function rootOf(xml: string): Record<string, unknown> {
  try {
    return objectOf(parser.parse(xml), "document");
  } catch {
    throw new FeedFault("did not answer in XML");
  }
}

function refusal(document: unknown): FeedFault {
  const [reason] = arrayOf(objectOf(document, "Acknowledgement_MarketDocument").Reason ?? [{}], "Reason");
  const { code, text } = objectOf(reason, "Reason");
  const told = typeof text === "string" ? text.replace(/\s+/g, " ").slice(0, 200) : "without a reason";
  return new FeedFault(`has no data (${typeof code === "string" ? code.slice(0, 10) : "no code"}): ${told}`);
}

function addSeries(mix: Mix, series: Record<string, unknown>): void {
  // With an out-domain the series is consumption: pumping, and plants' own use.
  if (series["outBiddingZone_Domain.mRID"] !== undefined) return;
  const kind = textOf(objectOf(series.MktPSRType, "MktPSRType").psrType, "psrType");
  if (kind === STORAGE) return;
  if (lookUp(GENERATION_GRAMS_PER_KWH, kind) === undefined) {
    throw new FeedFault(`names a kind of plant that has no emission factor: ${kind.slice(0, 10)}`);
  }
  const unit = series["quantity_Measure_Unit.name"];
  if (unit !== undefined && unit !== "MAW") throw new FeedFault("answered in another unit than MAW (megawatt)");
  for (const period of arrayOf(series.Period, "Period")) addPeriod(mix, kind, objectOf(period, "Period"));
}

function addPeriod(mix: Mix, kind: string, period: Record<string, unknown>): void {
  const interval = objectOf(period.timeInterval, "timeInterval");
  const start = timeOf(interval.start, "timeInterval.start");
  const end = timeOf(interval.end, "timeInterval.end");
  const step = lookUp(RESOLUTIONS, textOf(period.resolution, "resolution"));
  if (step === undefined) throw new FeedFault("answered in another resolution than 15, 30 or 60 minutes");
  const positions = Math.round((end - start) / step);
  if (positions > MOST_POSITIONS) throw new FeedFault("answered for more time than anybody asks for");
  const given = new Map(
    arrayOf(period.Point, "Point").map((value) => {
      const point = objectOf(value, "Point");
      return [decimalOf(point.position, "position"), decimalOf(point.quantity, "quantity")] as const;
    }),
  );
  // Curve type A03: a position that is left out repeats the one before.
  let quantity: number | undefined;
  for (let position = 1; position <= positions; position += 1) {
    quantity = given.get(position) ?? quantity;
    if (quantity !== undefined) add(mix, start + (position - 1) * step, step, kind, quantity);
  }
}

function add(mix: Mix, from: number, step: number, kind: string, megawatt: number): void {
  let moment = mix.get(from);
  if (!moment) mix.set(from, (moment = { to: from + step, byKind: new Map() }));
  moment.byKind.set(kind, (moment.byKind.get(kind) ?? 0) + Math.max(0, megawatt));
}

function weightyKinds(mix: Mix): string[] {
  const sums = new Map<string, number>();
  for (const { byKind } of mix.values()) {
    for (const [kind, megawatt] of byKind) sums.set(kind, (sums.get(kind) ?? 0) + megawatt);
  }
  const total = [...sums.values()].reduce((a, b) => a + b, 0);
  return [...sums].filter(([, sum]) => sum > total * SLIGHT_SHARE).map(([kind]) => kind);
}

function intensityOf(byKind: ReadonlyMap<string, number>): number | undefined {
  let grams = 0;
  let total = 0;
  for (const [kind, megawatt] of byKind) {
    grams += megawatt * GENERATION_GRAMS_PER_KWH[kind]!;
    total += megawatt;
  }
  return total === 0 ? undefined : grams / total;
}

function decimalOf(value: unknown, field: string): number {
  const text = textOf(value, field).trim();
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new FeedFault(`answered with ${field} that is no decimal number`);
  return Number(text);
}
