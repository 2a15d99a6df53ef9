import type { Outlook } from "./api";
import { clock, number } from "./format";
import { type Html, html } from "./html";

const WIDTH = 960;
const LEFT = 150;
const RIGHT = 12;
const [TOP, CURVE] = [14, 150];
const ROW = 20;
const AXIS = 20;

/** Where times lie on the page. */
export interface TimeScale {
  from: number;
  to: number;
  x(time: number): number;
}

export function timeScale(from: number, to: number): TimeScale {
  const span = Math.max(1, to - from);
  const inside = (time: number): number => Math.min(to, Math.max(from, time));
  return { from, to, x: (time) => LEFT + ((inside(time) - from) / span) * (WIDTH - LEFT - RIGHT) };
}

/** A stretch of a job's time, planned or past. */
export interface Bar {
  from: number;
  to: number;
  kind: "planned" | "ran";
}

export interface Row {
  key: string;
  label: string;
  href: string;
  /** Said when the row has the focus or the pointer. */
  detail: string;
  bars: readonly Bar[];
  release: number | undefined;
  deadline: number | undefined;
}

const n = (value: number): string => value.toFixed(1);
const ms = (time: string): number => Date.parse(time);

/** The forecast with its band, and below it, on the same time, when each job runs, with its deadline. */
export function chart(outlook: Outlook, rows: readonly Row[], scale: TimeScale, now: number): Html {
  const { past, ahead, region } = outlook;
  const highest = Math.max(
    ...past.map((one) => one.gramsPerKwh),
    ...ahead.map(({ gramsPerKwh, high }) => high ?? gramsPerKwh),
  );
  const most = roundUp(highest);
  const y = (grams: number): number => TOP + CURVE - (grams / most) * CURVE;
  const steps = (points: readonly { from: string; to: string }[], of: (i: number) => number): string =>
    points
      .map((point, i) => `${n(scale.x(ms(point.from)))},${n(y(of(i)))} ${n(scale.x(ms(point.to)))},${n(y(of(i)))}`)
      .join(" ");
  const banded = ahead.filter(({ low, high }) => low !== null && high !== null);
  const band =
    banded.length > 0 &&
    html`<polygon
      class="band"
      points="${steps(banded, (i) => banded[i]!.high!)} ${steps(
        banded.toReversed().map(({ from, to }) => ({ from: to, to: from })),
        (i) => banded.at(-1 - i)!.low!,
      )}"
    />`;
  const bottom = TOP + CURVE + rows.length * ROW + 6;
  const height = bottom + AXIS;
  const span = scale.to - scale.from;
  const ticks = ticksOf(scale).map(
    (time) =>
      html`<line class="grid" x1="${n(scale.x(time))}" x2="${n(scale.x(time))}" y1="${TOP}" y2="${n(bottom)}" /><text
          x="${n(scale.x(time))}"
          y="${n(bottom + 14)}"
          text-anchor="middle"
          >${clock(time, now, span)}</text
        >`,
  );
  const levels = [0, 0.5, 1].map(
    (share) =>
      html`<text x="${LEFT - 6}" y="${n(y(share * most) + 4)}" text-anchor="end">${number(share * most)}</text>`,
  );
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${n(height)}"
    role="group"
    aria-label="Intensity of ${region} over time, gCO2e per kWh, and when jobs run"
  >
    ${ticks}${levels}
    <text x="${LEFT + 4}" y="11">gCO2e/kWh, UTC</text>
    ${band}
    <polyline class="past" points="${steps(past, (i) => past[i]!.gramsPerKwh)}" />
    <polyline class="ahead" points="${steps(ahead, (i) => ahead[i]!.gramsPerKwh)}" />
    ${rows.map((row, i) => rowOf(row, scale, TOP + CURVE + 6 + i * ROW))}
    <line class="now" x1="${n(scale.x(now))}" x2="${n(scale.x(now))}" y1="${TOP}" y2="${n(bottom)}" />
    <text class="now" x="${n(scale.x(now) + 3)}" y="${n(TOP + 8)}">now</text>
  </svg>`;
}

function rowOf({ key, label, href, detail, bars, release, deadline }: Row, scale: TimeScale, top: number): Html {
  const middle = top + ROW / 2;
  const from = scale.x(release ?? bars[0]?.from ?? scale.from);
  const to = scale.x(deadline ?? scale.to);
  const drawn = bars.map((bar) => {
    const x = scale.x(bar.from);
    const width = Math.max(3, scale.x(bar.to) - x);
    return html`<rect
      class="${bar.kind}"
      x="${n(x)}"
      y="${n(top + 4)}"
      width="${n(width)}"
      height="${ROW - 8}"
      rx="2"
    />`;
  });
  const end = deadline !== undefined && deadline <= scale.to && deadline >= scale.from;
  const mark =
    end &&
    html`<path
      class="deadline"
      d="M${n(to)} ${n(top + 2)}V${n(top + ROW - 2)}M${n(to - 4)} ${n(top + 2)}H${n(to + 1)}"
    />`;
  return html`<a href="${href}" data-key="${key}" data-detail="${detail}" aria-label="${label}: ${detail}"
    ><title>${label}: ${detail}</title> <rect class="hit" x="0" y="${n(top)}" width="${WIDTH}" height="${ROW}" /><line
      class="window"
      x1="${n(from)}"
      x2="${n(Math.max(from, to))}"
      y1="${n(middle)}"
      y2="${n(middle)}"
    />${drawn}${mark}<text x="2" y="${n(middle + 4)}">${short(label)}</text></a
  >`;
}

/** Distances between ticks, ms. */
const DISTANCES = [5, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800].map(
  (s) => s * 1000,
);
const MOST_TICKS = 9;

/** Round times, as many as can be read; none so near to an end that its text would be cut. */
export function ticksOf({ from, to }: Pick<TimeScale, "from" | "to">): number[] {
  const distance = DISTANCES.find((each) => (to - from) / each <= MOST_TICKS) ?? DISTANCES.at(-1)!;
  const first = Math.ceil(from / distance) * distance;
  const all = Array.from(
    { length: Math.max(0, Math.floor((to - first) / distance) + 1) },
    (_, i) => first + i * distance,
  );
  return all.filter((time) => time <= to - (to - from) / 40).slice(0, 2 * MOST_TICKS);
}

/** The next number that begins with 1, 2, 3, 4, 5, 6 or 8: the axis ends there. */
export function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 3, 4, 5, 6, 8].find((digit) => digit * size >= value) ?? 10) * size;
}

const short = (label: string): string => (label.length > 20 ? `${label.slice(0, 19)}…` : label);
