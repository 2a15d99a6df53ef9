import { drawChart, formatCount, type Paint } from "./chart";
import type { Decision } from "./decisions";
import type { SecondOfLoad } from "./tally";

/** One second of the run, as it is shown. */
export interface Sample extends SecondOfLoad {
  /** Seconds since the replay began. */
  atSeconds: number;
  inFlight: number;
  /** Undefined while the platform's API does not answer. */
  ready?: number;
  desired?: number;
}

export interface View {
  url: string;
  samples: readonly Sample[];
  /** Length of the replay, seconds. */
  replaySeconds: number;
  totals: { offered: number; ok: number; failed: number; shed: number };
  sloMs: number;
  /** Latest first. */
  decisions: readonly Decision[];
  /** What the run is doing or what is missing. */
  note: string;
}

export interface Size {
  columns: number;
  rows: number;
}

const PANELS = 3;
const DECISION_ROWS = 4;
const SMALLEST_CHART = 2;

/** Draws the whole picture: at most `size.rows` lines, none wider than `size.columns`. */
export function drawFrame(view: View, size: Size, paint: Paint): string[] {
  const width = Math.max(20, size.columns);
  const fit = (text: string): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
  const last = view.samples.at(-1);

  // Title and note, a heading per panel, "decisions" and its rows; the charts share what is left.
  const forCharts = (decisionRows: number): number =>
    Math.floor((size.rows - 2 - PANELS - (decisionRows > 0 ? decisionRows + 1 : 0)) / PANELS);
  const decisionRows = forCharts(DECISION_ROWS) >= SMALLEST_CHART ? DECISION_ROWS : 0;
  const height = Math.max(1, forCharts(decisionRows));

  const panel = (heading: string, chart: Parameters<typeof drawChart>[0]): string[] => [
    paint(fit(heading), "bold"),
    ...drawChart(chart, width, height, paint),
  ];
  const { offered, ok, failed, shed } = view.totals;
  const lines = [
    paint(
      fit(
        `${view.url}  ${formatTime(last?.atSeconds ?? 0)} of ${formatTime(view.replaySeconds)}  offered ${formatCount(offered)}  ` +
          `ok ${formatCount(ok)}  failed ${formatCount(failed)}  shed ${formatCount(shed)}`,
      ),
      "bold",
    ),
    paint(fit(view.note), "dim"),
    ...panel(`load, requests/s   ━ offered ${show(last?.offered)}   █ served ${show(last?.served)}`, {
      area: view.samples.map((sample) => sample.served),
      line: view.samples.map((sample) => sample.offered),
    }),
    ...panel(`replicas   ━ desired ${show(last?.desired)}   █ ready ${show(last?.ready)}`, {
      area: view.samples.map((sample) => sample.ready),
      line: view.samples.map((sample) => sample.desired),
    }),
    ...panel(`latency, ms   ━ p99 ${show(last?.p99Ms)}   █ p50 ${show(last?.p50Ms)}   ┄ SLO ${show(view.sloMs)}`, {
      area: view.samples.map((sample) => sample.p50Ms),
      line: view.samples.map((sample) => sample.p99Ms),
      threshold: view.sloMs,
    }),
  ];
  if (decisionRows > 0) {
    const decisions = view.decisions.slice(0, decisionRows).map((decision) => fit(describeDecision(decision)));
    lines.push(paint(fit("autoscaling decisions, latest first"), "bold"), ...decisions);
  }
  return lines.slice(0, Math.max(1, size.rows));
}

/** One second as one line of text, for logs and pipes. */
export function plainLine(sample: Sample): string {
  return [
    formatTime(sample.atSeconds),
    `offered ${show(sample.offered)}/s`,
    `served ${show(sample.served)}/s`,
    `failed ${show(sample.failed)}`,
    `shed ${show(sample.shed)}`,
    `in flight ${show(sample.inFlight)}`,
    `replicas ${show(sample.ready)} ready, ${show(sample.desired)} desired`,
    `p50 ${show(sample.p50Ms)} ms`,
    `p99 ${show(sample.p99Ms)} ms`,
  ].join("  ");
}

export function describeDecision(decision: Decision): string {
  const time = decision.at.slice(11, 19);
  return `${time}  ${String(decision.fromReplicas)} → ${String(decision.toReplicas)}  ${decision.reason}`;
}

const show = (value: number | undefined): string => (value === undefined ? "–" : formatCount(value));

/** 75 -> 1:15 */
function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, "0")}`;
}
