import { bucketMilliseconds, type TrendPoint } from "../trend";

/** Text as it may stand in HTML and SVG, attributes included. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${String(sign.codePointAt(0))};`);

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 64;
const BOTTOM = 22;
const MOST_SIGNS = 28;

/** Bars over time, one for each point, in gCO2e; a time without a record is a gap. */
export function trendPlot(points: readonly TrendPoint[], period: { from: string; to: string }, title: string): string {
  const [from, to] = [Date.parse(period.from), Date.parse(period.to)];
  const values = points.map((point) => Number(point.operationalGramsCo2e));
  const most = Math.max(...values, 0);
  const step = ((WIDTH - LEFT) * bucketMilliseconds(from, to)) / (to - from);
  const height = HEIGHT - BOTTOM - 10;
  const bars = values.map((value, index) => {
    const tall = most === 0 ? 0 : (value / most) * height;
    const { at, operationalGramsCo2e } = points[index]!;
    // The first bucket may begin before the period.
    const x = Math.max(LEFT, LEFT + ((WIDTH - LEFT) * (Date.parse(at) - from)) / (to - from));
    const label = `${at}: ${operationalGramsCo2e} gCO2e`;
    return `<rect x="${x.toFixed(2)}" y="${(HEIGHT - BOTTOM - tall).toFixed(2)}" width="${Math.max(step * 0.9, 0.3).toFixed(2)}" height="${tall.toFixed(2)}"><title>${escape(label)}</title></rect>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
<line x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH}" y2="${HEIGHT - BOTTOM}"/>
<text x="${LEFT - 6}" y="16" text-anchor="end">${escape(short(most))} g</text><text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>
${bars.join("\n")}
<text x="${LEFT}" y="${HEIGHT - 6}">${escape(period.from.slice(0, 16))}</text><text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${escape(period.to.slice(0, 16))}</text>
</svg>`;
}

/** One bar for each name, in the order given; the first is the longest. */
export function barPlot(rows: readonly { name: string; value: number }[], unit: string, title: string): string {
  const most = rows[0]?.value ?? 0;
  const line = 20;
  const bars = rows.map(({ name, value }, index) => {
    const wide = most === 0 ? 0 : (value / most) * 380;
    const y = index * line;
    return `<text x="190" y="${y + 14}" text-anchor="end"><title>${escape(name)}</title>${escape(clipped(name))}</text><rect x="196" y="${y + 3}" width="${wide.toFixed(2)}" height="14"/><text x="${(202 + wide).toFixed(2)}" y="${y + 14}">${escape(`${short(value)} ${unit}`)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${Math.max(rows.length, 1) * line + 4}" role="img" aria-label="${escape(title)}">
${bars.join("\n")}
</svg>`;
}

/** What there is room for beside the bars; whole signs, not halves of them. */
const clipped = (name: string): string => {
  const signs = [...name];
  return signs.length <= MOST_SIGNS ? name : `${signs.slice(0, MOST_SIGNS - 1).join("")}…`;
};

const short = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });
