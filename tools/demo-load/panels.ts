import { drawBar, drawChart } from "./chart";
import type { Endpoint } from "./observers/balancer";
import type { Pool } from "./observers/pools";
import { type Colour, fit, formatCount, formatTime, type Line, percent, printable, show, span, wrap } from "./text";
import { missedFraction, type View } from "./view";
import { whys } from "./why";

/** The parts of the picture. Each returns lines of its own width or less; the frame puts them together. */

/** Of a run longer than this the charts show the latest part. Seconds. */
const LONGEST_SPAN = 180;
const NAME_WIDTH = 10;

export function titlePanel(view: View, width: number): Line[] {
  const { totals, replaySeconds } = view;
  const elapsed = view.samples.at(-1)?.atSeconds ?? 0;
  const time = `${formatTime(elapsed)} of ${formatTime(replaySeconds)} `;
  const bar = drawBar(replaySeconds === 0 ? 1 : elapsed / replaySeconds, 12, "cyan");
  const missed = missedFraction(totals);
  return [
    [
      ...fit(
        [span("Scalability Fabric", "bold"), span(`  ${view.url}  ${view.phase}`, "dim")],
        width - time.length - 13,
      ),
      span(` ${time}`),
      ...bar,
    ],
    [
      span(`${formatCount(totals.offered)} requests`),
      span(`  ${formatCount(totals.failed)} failed`, totals.failed > 0 ? "red" : "green"),
      span(`  ${formatCount(totals.shed)} shed`, totals.shed > 0 ? "red" : "green"),
      span(`  p50 ${show(totals.p50Ms)}  p99 ${show(totals.p99Ms)} ms`),
      span(`  ${(missed * 100).toFixed(2)} % past the SLO`, missed > 0.01 ? "yellow" : "green"),
      ...view.losses.map((loss) => span(`  ${printable(loss)}`, "yellow")),
    ],
  ];
}

const spanOf = (view: View): number =>
  Math.min(LONGEST_SPAN, Math.max(Math.ceil(view.replaySeconds), view.samples.length, 1));

export function loadPanel(view: View, width: number, height: number): Line[] {
  const { samples } = view;
  const last = samples.at(-1);
  const colours = { area: "blue", line: "yellow" } as const;
  const chart = {
    area: samples.map(({ served }) => served),
    line: samples.map(({ offered }) => offered),
    colours,
    span: spanOf(view),
  };
  return [
    legend("load", [
      ["━offered", show(last?.offered), "yellow"],
      ["█served", `${show(last?.served)} /s`, "blue"],
    ]),
    ...drawChart(chart, width, height),
  ];
}

export function latencyPanel(view: View, width: number, height: number): Line[] {
  const { samples, sloMs } = view;
  const last = samples.at(-1);
  const chart = {
    area: samples.map(({ p50Ms }) => p50Ms),
    line: samples.map(({ p99Ms }) => p99Ms),
    threshold: sloMs,
    colours: { area: "cyan", line: "yellow" } as const,
    span: spanOf(view),
  };
  return [
    legend("latency", [
      ["━p99", show(last?.p99Ms), "yellow"],
      ["█p50", show(last?.p50Ms), "cyan"],
      ["┄SLO", `${show(sloMs)} ms`, "red"],
    ]),
    ...drawChart(chart, width, height),
  ];
}

export function replicaHistoryPanel(view: View, width: number, height: number): Line[] {
  const { samples } = view;
  const last = samples.at(-1);
  const chart = {
    area: samples.map(({ ready }) => ready),
    line: samples.map(({ desired }) => desired),
    colours: { area: "green", line: "yellow" } as const,
    span: spanOf(view),
  };
  return [
    legend("replicas", [
      ["━desired", show(last?.desired), "yellow"],
      ["█ready", show(last?.ready), "green"],
    ]),
    ...drawChart(chart, width, height),
  ];
}

export function replicaPanel({ fabric: { scaling } }: View, width: number): Line[] {
  const row = (name: string, value: number | undefined, colour: Colour, note = ""): Line =>
    gaugeRow(
      name,
      value === undefined ? 0 : value / Math.max(1, scaling?.maximum ?? 1),
      `${show(value)}${note}`,
      width,
      colour,
    );
  const forecast = scaling?.forecast;
  return [
    [
      span("replicas", "bold"),
      span(scaling ? `  ${show(scaling.minimum)} to ${show(scaling.maximum)}` : "  unknown", "dim"),
    ],
    row("desired", scaling?.desired, "yellow"),
    row("ready", scaling?.ready, "green"),
    row("forecast", forecast?.replicas, "cyan", forecast && !forecast.trusted ? " (untried)" : ""),
  ];
}

const STATE_SIGNS: Record<Endpoint["state"], [sign: string, colour: Colour]> = {
  fit: ["●", "green"],
  unfit: ["✕", "red"],
  draining: ["◌", "yellow"],
  leaving: ["◌", "dim"],
};

/** One bar per endpoint, relative to the largest share; `rows` lines at most with the heading. */
export function endpointPanel({ fabric }: View, width: number, rows: number): Line[] {
  const endpoints = fabric.balancer?.endpoints ?? [];
  const counts = fabric.decided["global-load-balancer"].counts;
  const retries = counts.get("retry sent") ?? 0;
  const ejected = counts.get("endpoint ejected") ?? 0;
  const heading: Line = [
    span("endpoints", "bold"),
    ...(fabric.balancer ? [] : [span("  unknown", "dim")]),
    span(`  ${formatCount(retries)} retries`, retries > 0 ? "yellow" : "dim"),
    span(`  ${formatCount(ejected)} ejected`, ejected > 0 ? "yellow" : "dim"),
  ];
  const most = Math.max(...endpoints.map(({ share }) => share), Number.MIN_VALUE);
  const lines = endpoints.map((endpoint): Line => {
    const [sign, colour] = STATE_SIGNS[endpoint.state];
    const figures = `${percent(endpoint.share).padStart(6)} ${formatCount(endpoint.inFlight).padStart(3)} busy`;
    const length = Math.max(1, width - NAME_WIDTH - 2 - figures.length);
    const name = [span(`${sign} `, colour), ...fit([span(printable(endpoint.id))], NAME_WIDTH)];
    return [...name, ...drawBar(endpoint.share / most, length, colour), span(figures)];
  });
  const room = rows - 1;
  if (lines.length <= room) return [heading, ...lines];
  return [heading, ...lines.slice(0, room - 1), [span(`and ${formatCount(lines.length - room + 1)} more`, "dim")]];
}

export function capacityPanel({ fabric: { elastic } }: View, width: number): Line[] {
  const nodes = elastic ? `  of ${formatCount(elastic.nodes)} node${elastic.nodes === 1 ? "" : "s"}` : "  unknown";
  return [
    [span("capacity taken", "bold"), span(nodes, "dim")],
    ...(elastic?.gauges ?? []).map(({ name, used, total }) => {
      const share = total > 0 ? used / total : 0;
      const unit = name === "memory" ? " GiB" : "";
      const figures = `${used.toFixed(1)} of ${total.toFixed(1)}${unit}`;
      return gaugeRow(name, share, figures, width, share > 0.9 ? "red" : share > 0.75 ? "yellow" : "blue");
    }),
  ];
}

/** One line per pool, with a heading where there is room for it; `rows` at most. */
export function poolPanel({ fabric }: View, width: number, rows: number): Line[] {
  const found = fabric.pools?.pools;
  if (!found || found.length === 0) return [[span("pools", "bold"), span(found ? "  none" : "  unknown", "dim")]];
  const heading: Line[] = rows > 1 ? [[span("pools", "bold"), span("  leased, waiting", "dim")]] : [];
  return [...heading, ...found.slice(0, rows - heading.length).map((pool) => poolRow(pool, width))];
}

function poolRow({ name, leased, maximum, waiting }: Pool, width: number): Line {
  const figures = `${formatCount(leased)} of ${formatCount(maximum)}, ${formatCount(waiting)} wait`;
  return gaugeRow(printable(name), maximum > 0 ? leased / maximum : 0, figures, width, waiting > 0 ? "yellow" : "cyan");
}

const FIGURES_WIDTH = 16;

function gaugeRow(name: string, fraction: number, figures: string, width: number, colour: Colour): Line {
  const length = Math.max(1, width - NAME_WIDTH - 1 - FIGURES_WIDTH - 1);
  return [...fit([span(name)], NAME_WIDTH), span(" "), ...drawBar(fraction, length, colour), span(` ${figures}`)];
}

/** One line per engine, or two where there is room for them. */
export function whyPanel(view: View, width: number, rowsEach: number): Line[] {
  return whys(view).flatMap(({ name, time, text, faulty }) => {
    const indent = NAME_WIDTH + 1 + 9;
    return wrap(text, Math.max(1, width - indent), rowsEach).map((part, index): Line => [
      index === 0 ? span(name.padEnd(NAME_WIDTH + 1), "bold") : span(" ".repeat(NAME_WIDTH + 1)),
      span((index === 0 ? time : "").padEnd(9), "dim"),
      span(part, ...(faulty ? (["yellow"] as const) : [])),
    ]);
  });
}

function legend(name: string, entries: readonly (readonly [sign: string, value: string, colour: Colour])[]): Line {
  return [
    span(name, "bold"),
    ...entries.flatMap(([sign, value, colour]) => [span(" "), span(sign, colour), span(` ${value}`)]),
  ];
}
