/** Numbers and times as people read them. Times are RFC 3339 or ms since the epoch; they are shown in UTC. */

const SECOND = 1000;
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3600 * SECOND, 86_400 * SECOND];

/** In the largest unit that leaves 1 or more before the point: 0.0123 of [kg, g, mg] is 12.3 mg. */
function inUnits(value: number, units: readonly (readonly [factor: number, unit: string])[]): string {
  const size = Math.abs(value);
  const [factor, unit] = units.find(([each]) => size >= each) ?? units.at(-1)!;
  return `${number(value / factor)} ${unit}`;
}

/** Three digits that mean something. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "?";
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

export const grams = (value: number): string =>
  value === 0
    ? "0 g"
    : inUnits(value, [
        [1e6, "t"],
        [1e3, "kg"],
        [1, "g"],
        [1e-3, "mg"],
        [1e-6, "µg"],
      ]);

export const energy = (kwh: number): string =>
  kwh === 0
    ? "0 kWh"
    : inUnits(kwh, [
        [1e3, "MWh"],
        [1, "kWh"],
        [1e-3, "Wh"],
        [1e-6, "mWh"],
      ]);

export const watts = (value: number): string => (value >= 1000 ? `${number(value / 1000)} kW` : `${number(value)} W`);

export const percent = (share: number): string => `${number(share * 100)} %`;

const at = (time: string | number): number => (typeof time === "number" ? time : Date.parse(time));

/** With the seconds where they matter, and with the day where it is not today's. */
export function clock(time: string | number, now: number, span = HOUR): string {
  const text = new Date(at(time)).toISOString();
  const day = text.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? "" : `${text.slice(5, 10)} `;
  return `${day}${text.slice(11, span < HOUR ? 19 : 16)}`;
}

export const date = (time: string): string => time.slice(0, 10);

export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size < 2 * MINUTE) return `${String(Math.round(size / SECOND))} s`;
  if (size < 2 * HOUR) return `${String(Math.round(size / MINUTE))} min`;
  if (size < 2 * DAY) return `${number(size / HOUR)} h`;
  return `${String(Math.round(size / DAY))} days`;
}

/** "3 min ago", "in 2 h". */
export function relative(time: string | number, now: number): string {
  const away = at(time) - now;
  return away > 0 ? `in ${duration(away)}` : `${duration(away)} ago`;
}
