import { ATTACKERS } from "./population";
import type { Curve } from "./risk";

const PANEL = 280;
const HEIGHT = 360;
const [LEFT, GAP, TOP, BOTTOM] = [52, 36, 72, 48];
const WIDTH = LEFT + ATTACKERS.length * (PANEL + GAP);
/** Share of logins asked again, logarithmic. */
const LEAST = 0.002;
const COLOURS = ["#0b6e99", "#4a9a4a", "#c0562b", "#7b8794"];
const GRID_X = [0.01, 0.05, 0.2, 1];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2933; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #9aa5b1; stroke-opacity: 0.35; }
  polyline { fill: none; stroke-width: 1.7; }
  @media (prefers-color-scheme: dark) { text { fill: #e4e7eb; } }`;

/** One panel per kind of attacker, one line per method: the higher the better. */
export function plotCurves(title: string, curves: readonly Curve[]): string {
  const methods = [...new Set(curves.map(({ method }) => method))];
  const panels = ATTACKERS.map((attacker, index) => {
    const left = LEFT + index * (PANEL + GAP);
    const x = (share: number): string => (left + (Math.log(share / LEAST) / -Math.log(LEAST)) * PANEL).toFixed(1);
    const y = (share: number): string => (TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
    const vertical = GRID_X.map(
      (share) =>
        `<line class="grid" x1="${x(share)}" x2="${x(share)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>` +
        `<text x="${x(share)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${100 * share} %</text>`,
    );
    const horizontal = [0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        `<line class="grid" x1="${left}" x2="${left + PANEL}" y1="${y(share)}" y2="${y(share)}"/>` +
        (index === 0
          ? `<text x="${left - 6}" y="${Number(y(share)) + 4}" text-anchor="end">${100 * share} %</text>`
          : ""),
    );
    const lines = curves
      .filter((curve) => curve.attacker === attacker)
      .map(({ method, points }) => {
        const line = points.map(({ reauthenticated, blocked }) => `${x(reauthenticated)},${y(blocked)}`).join(" ");
        return `<polyline points="${line}" stroke="${COLOURS[methods.indexOf(method)]!}"><title>${method}</title></polyline>`;
      });
    return [`<text x="${left}" y="${TOP - 8}">${attacker} attackers</text>`, ...vertical, ...horizontal, ...lines].join(
      "\n",
    );
  });
  const legend = methods.map(
    (method, index) =>
      `<line x1="${LEFT + index * 180}" x2="${LEFT + 22 + index * 180}" y1="44" y2="44" stroke="${COLOURS[index]!}" stroke-width="2"/>` +
      `<text x="${LEFT + 28 + index * 180}" y="48">${method}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<style>${STYLE}</style><text class="title" x="${LEFT}" y="22">${title}</text>`,
    ...legend,
    ...panels,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">share of the users' own logins that are asked for another factor</text>`,
    "</svg>\n",
  ].join("\n");
}
