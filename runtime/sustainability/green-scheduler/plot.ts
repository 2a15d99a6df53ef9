import type { WhatIfView } from "./schemas";

const [WIDTH, HEIGHT] = [860, 320];
const MARGIN = { left: 64, right: 16, top: 40, bottom: 44 };
/** One hue by region, in order; told apart by the colour-blind (Okabe and Ito, 2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/** Pure: what a job would cost at each start, as SVG: one line by region, unsafe starts dashed, its slots shaded. */
export function whatIfPlot(view: WhatIfView): string {
  const points = view.starts.map(({ region, start, expectedGrams, safe }) => ({
    region,
    at: Date.parse(start),
    expectedGrams,
    safe,
  }));
  const title = `${view.job}: gCO2e at each start`;
  if (points.length === 0) {
    const why = view.intensity.map((one) => one.why).join("; ");
    return svg(`${text(MARGIN.left, 24, title)}${text(MARGIN.left, 60, `no trusted forecast: ${why}`)}`);
  }
  const times = points.map(({ at }) => at);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(...points.map(({ expectedGrams }) => expectedGrams)) || 1;
  const x = (at: number): number =>
    MARGIN.left + ((at - first) / Math.max(1, last - first)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (grams: number): number => HEIGHT - MARGIN.bottom - (grams / most) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const clip = (at: number): number => Math.min(last, Math.max(first, at));
  const slots = view.slots.map(({ from, to }) => {
    const [left, right] = [x(clip(Date.parse(from))), x(clip(Date.parse(to)))];
    const width = n(Math.max(1, right - left));
    return `<rect x="${n(left)}" y="${n(MARGIN.top)}" width="${width}" height="${n(HEIGHT - MARGIN.top - MARGIN.bottom)}" fill="#009e73" opacity="0.15"/>`;
  });
  const lines = [...new Set(points.map(({ region }) => region))].map((region, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const own = points.filter((point) => point.region === region);
    const path = (which: typeof own): string =>
      which.map(({ at, expectedGrams }) => `${n(x(at))},${n(y(expectedGrams))}`).join(" ");
    const solid = `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path(own.filter(({ safe }) => safe))}"/>`;
    const dashed = `<polyline fill="none" stroke="${colour}" stroke-dasharray="3 4" points="${path(own.filter(({ safe }) => !safe))}"/>`;
    return `${solid}${dashed}${text(WIDTH - 160, 18 + 14 * index, region, colour)}`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = first + share * (last - first);
    const label = `${new Date(at).toISOString().slice(5, 16).replace("T", " ")}Z`;
    return `${text(Math.min(x(at) - 36, WIDTH - 90), HEIGHT - 22, label)}${text(4, y(share * most) + 4, (share * most).toPrecision(3))}`;
  });
  const sources = view.intensity.map(({ source, signal, asOf }) =>
    [source, signal, asOf?.slice(0, 10)].filter(Boolean).join(", "),
  );
  const note = text(MARGIN.left, HEIGHT - 6, `${sources.join("; ")}; shaded: planned, dashed: endangers the deadline`);
  return svg([text(MARGIN.left, 24, title), ...slots, ...lines, ...ticks, note].join(""));
}

const n = (value: number): string => value.toFixed(1);

function text(x: number, y: number, content: string, colour = "#333"): string {
  return `<text x="${n(x)}" y="${n(y)}" fill="${colour}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

function svg(content: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" ` +
    `font-family="sans-serif" font-size="11" role="img">${content}</svg>`
  );
}
