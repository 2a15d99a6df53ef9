import { type FeatureGroup, logScale } from "../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import { distance, fitTemplate } from "../../runtime/security/behavioral-authentication/behaviour/template";
import { median } from "../contract";

type Row = readonly number[];

/** Learns from enrolment samples, oldest first, and tells how unlike them a sample is. */
export type Detector = (enrolled: readonly Row[], columns: readonly FeatureGroup[]) => (sample: Row) => number;

/** The engine's own code. */
export const ours: Detector = (enrolled, columns) => {
  const scaled = (row: Row): number[] => row.map((value, index) => logScale(columns[index]!, value));
  const template = fitTemplate(enrolled.map(scaled), columns);
  return (sample) => distance(template, scaled(sample));
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const columnsOf = (rows: readonly Row[]): number[][] => rows[0]!.map((_, index) => rows.map((row) => row[index]!));

/** Killourhy and Maxion 2009: mean vector, and the mean distance of each feature from it. */
const manhattan: Detector = (enrolled) => {
  const centre = columnsOf(enrolled).map(mean);
  return (sample) => sum(sample.map((value, index) => Math.abs(value - centre[index]!)));
};

const scaledManhattan: Detector = (enrolled) => {
  const centre = columnsOf(enrolled).map(mean);
  const scale = columnsOf(enrolled).map((values, index) =>
    mean(values.map((value) => Math.abs(value - centre[index]!))),
  );
  return (sample) =>
    sum(sample.map((value, index) => Math.abs(value - centre[index]!) / Math.max(scale[index]!, 1e-9)));
};

/** About the median, each feature's share capped. */
const winsorised =
  (cap: number): Detector =>
  (enrolled) => {
    const centre = columnsOf(enrolled).map(median);
    const scale = columnsOf(enrolled).map((values, index) =>
      mean(values.map((value) => Math.abs(value - centre[index]!))),
    );
    return (sample) =>
      sum(
        sample.map((value, index) => Math.min(Math.abs(value - centre[index]!) / Math.max(scale[index]!, 1e-9), cap)),
      );
  };

/** Number of features more than 1.96 standard deviations from their mean. */
const outlierCount: Detector = (enrolled) => {
  const centre = columnsOf(enrolled).map(mean);
  const deviation = columnsOf(enrolled).map((values, index) =>
    Math.sqrt(sum(values.map((value) => (value - centre[index]!) ** 2)) / Math.max(values.length - 1, 1)),
  );
  return (sample) =>
    sample.filter((value, index) => Math.abs(value - centre[index]!) > 1.96 * Math.max(deviation[index]!, 1e-9)).length;
};

/** Mean distance to the three nearest samples, features scaled as in the scaled Manhattan. */
const nearest: Detector = (enrolled) => {
  const centre = columnsOf(enrolled).map(mean);
  const scale = columnsOf(enrolled).map((values, index) =>
    mean(values.map((value) => Math.abs(value - centre[index]!))),
  );
  const apart = (a: Row, b: Row): number =>
    sum(a.map((value, index) => Math.abs(value - b[index]!) / Math.max(scale[index]!, 1e-9)));
  return (sample) =>
    mean(
      enrolled
        .map((one) => apart(one, sample))
        .sort((a, b) => a - b)
        .slice(0, 3),
    );
};

export const PEERS: Readonly<Record<string, Detector>> = {
  Manhattan: manhattan,
  "scaled Manhattan": scaledManhattan,
  "winsorised c=3": winsorised(3),
  "winsorised c=4": winsorised(4),
  "z count": outlierCount,
  "3 nearest": nearest,
};
