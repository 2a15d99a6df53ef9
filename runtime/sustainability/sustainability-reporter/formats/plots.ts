import type { TrendPoint } from "../trend";

/** Text as it may stand in HTML and SVG, attributes included. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${String(sign.codePointAt(0))};`);

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 64;
const BOTTOM = 22;

/** Bars over time, one for each point, in gCO2e. */
export function trendPlot(points: readonly TrendPoint[], title: string): string {
  const values = points.map((point) => Number(point.operationalGramsCo2e));
  const most = Math.max(...values, 0);
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const height = HEIGHT - BOTTOM - 10;
  const bars = values.map((value, index) => {
    const tall = most === 0 ? 0 : (value / most) * height;
    const x = LEFT + index * step;
    const label = `${points[index]!.at}: ${points[index]!.operationalGramsCo2e} gCO2e`;
    return `<rect x="${x.toFixed(2)}" y="${(HEIGHT - BOTTOM - tall).toFixed(2)}" width="${Math.max(step * 0.9, 0.3).toFixed(2)}" height="${tall.toFixed(2)}"><title>${escape(label)}</title></rect>`;
  });
  const first = points[0]?.at.slice(0, 10) ?? "";
  const last = points.at(-1)?.at.slice(0, 10) ?? "";
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
<line x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH}" y2="${HEIGHT - BOTTOM}"/>
<text x="${LEFT - 6}" y="16" text-anchor="end">${escape(short(most))} g</text><text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>
${bars.join("\n")}
<text x="${LEFT}" y="${HEIGHT - 6}">${escape(first)}</text><text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${escape(last)}</text>
</svg>`;
}

/** One bar for each name, the longest on top. */
export function barPlot(rows: readonly { name: string; value: number }[], unit: string, title: string): string {
  const sorted = rows.toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  const most = sorted[0]?.value ?? 0;
  const line = 20;
  const bars = sorted.map(({ name, value }, index) => {
    const wide = most === 0 ? 0 : (value / most) * 380;
    const y = index * line;
    return `<text x="190" y="${y + 14}" text-anchor="end">${escape(name)}</text><rect x="196" y="${y + 3}" width="${wide.toFixed(2)}" height="14"/><text x="${(202 + wide).toFixed(2)}" y="${y + 14}">${escape(`${short(value)} ${unit}`)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${Math.max(sorted.length, 1) * line + 4}" role="img" aria-label="${escape(title)}">
${bars.join("\n")}
</svg>`;
}

const short = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });
