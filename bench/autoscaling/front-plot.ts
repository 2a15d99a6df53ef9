import type { Front } from "./contenders";
import type { Outcome } from "./replay";

const WIDTH = 760;
const HEIGHT = 470;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 24, 64, 52];
/** Percent of time under-provisioned, logarithmic; what is below the least is drawn at it. */
const [LEAST, MOST] = [0.01, 100];
const COLOURS = ["#0b6e99", "#7b8794", "#b8860b", "#8e5ea2", "#c0562b", "#4a9a4a"];
const GRID_X = [0.01, 0.1, 0.5, 1, 10, 100];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2933; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #9aa5b1; stroke-opacity: 0.35; }
  .bar { fill: #0b6e99; fill-opacity: 0.08; }
  polyline { fill: none; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) { text { fill: #e4e7eb; } }`;

/** Waste over time under-provisioned, one line per policy along its knob; the shaded corner is the bar to reach. */
export function plotFronts(
  title: string,
  fronts: readonly Front[],
  bound: Outcome,
  bar: { timeUnderPercent: number; wastePercent: number },
): string {
  const most = Math.max(40, bound.wastePercent * 2);
  const x = (percent: number): number => {
    const clipped = Math.min(Math.max(percent, LEAST), MOST);
    return LEFT + (Math.log(clipped / LEAST) / Math.log(MOST / LEAST)) * (WIDTH - LEFT - RIGHT);
  };
  const y = (percent: number): number => TOP + (1 - Math.min(percent, most) / most) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (const percent of GRID_X) {
    const at = show(x(percent));
    parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`);
    parts.push(`<text x="${at}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${percent}</text>`);
  }
  for (let percent = 0; percent <= most; percent += most / 4) {
    const at = show(y(percent));
    parts.push(`<line class="grid" y1="${at}" y2="${at}" x1="${LEFT}" x2="${WIDTH - RIGHT}"/>`);
    parts.push(`<text x="${LEFT - 6}" y="${show(y(percent) + 4)}" text-anchor="end">${show(percent)}</text>`);
  }
  const corner = { x: x(bar.timeUnderPercent), y: y(bar.wastePercent) };
  parts.push(
    `<rect class="bar" x="${LEFT}" y="${show(corner.y)}" width="${show(corner.x - LEFT)}" height="${show(HEIGHT - BOTTOM - corner.y)}"/>`,
  );
  fronts.forEach(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const sorted = points.toSorted((a, b) => a.timeUnderPercent - b.timeUnderPercent);
    const line = sorted.map((point) => `${show(x(point.timeUnderPercent))},${show(y(point.wastePercent))}`).join(" ");
    parts.push(`<polyline points="${line}" stroke="${colour}"/>`);
    for (const { knob, timeUnderPercent, wastePercent, changesPerDay } of points) {
      const tip = `${name}, knob ${String(knob)}: ${timeUnderPercent.toFixed(2)} % under, ${wastePercent.toFixed(1)} % waste, ${changesPerDay.toFixed(0)} changes a day`;
      parts.push(
        `<circle cx="${show(x(timeUnderPercent))}" cy="${show(y(wastePercent))}" r="3.5" fill="${colour}"><title>${escape(tip)}</title></circle>`,
      );
    }
    parts.push(legend(index, name, colour));
  });
  parts.push(
    `<path d="M${show(x(bound.timeUnderPercent))} ${show(y(bound.wastePercent) - 6)}l5 6l-5 6l-5 -6z" fill="none" stroke="#7b8794"><title>oracle: ${bound.wastePercent.toFixed(1)} % waste</title></path>`,
    legend(fronts.length, "oracle (diamond)", "#7b8794"),
    `<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle">time under-provisioned, percent (logarithmic)</text>`,
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">waste, percent of demand</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="16" y="24">${escape(title)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** One line below the other at the upper right. */
function legend(index: number, name: string, colour: string): string {
  const left = WIDTH - RIGHT - 230;
  const top = TOP + 14 + index * 17;
  return `<circle cx="${left}" cy="${top - 4}" r="4" fill="${colour}"/><text x="${left + 10}" y="${top}">${escape(name)}</text>`;
}

const show = (value: number): string => String(Math.round(value * 10) / 10);

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escape = (raw: string): string => raw.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
