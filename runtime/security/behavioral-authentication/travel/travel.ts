import { haversineKm, type Place, type Point, pointOf } from "./place";

/** Where somebody was seen, and when (ms since 1970). */
export interface Sighting extends Place {
  time: number;
}

export interface TravelRules {
  /** km/h above which nobody travels; airliners cruise at 900. */
  maxSpeedKmh: number;
  /** km below which speed says nothing but that databases are coarse. */
  minDistanceKm: number;
  /** km up to which a move is not looked at, whatever its speed. */
  ignoredKm: number;
  /** Minutes within which two places are two networks of one person (VPN on or off, mobile and Wi-Fi). */
  ignoredMinutes: number;
  /** Autonomous systems that are no place: relays, VPNs, secure web gateways, aeroplanes. */
  relayAsns: ReadonlySet<number>;
}

export interface Travel {
  verdict: "impossible" | "possible" | "excepted" | "unknown";
  from: (Point & { time: number; country: string | null; asn: number | null }) | null;
  to: (Point & { time: number; country: string | null; asn: number | null }) | null;
  /** Less both accuracy radii; null where a place is not known. */
  distanceKm: number | null;
  speedKmh: number | null;
  reason: string;
}

/**
 * Whether the user can have got from the last place to this one: v = d / max(dt, 1 min), with d the great-circle distance
 * less both accuracy radii. What would be impossible but for an exception says which. `trustedEgress`: the address is one of
 * the organisation's own gates, whose place says nothing about the user.
 */
export function judgeTravel(
  from: Sighting | undefined,
  to: Sighting,
  rules: TravelRules,
  trustedEgress: boolean,
): Travel {
  const origin = from && pointOf(from);
  const goal = pointOf(to);
  const ends = { from: endOf(from, origin), to: endOf(to, goal), distanceKm: null, speedKmh: null };
  if (from === undefined || origin === undefined || goal === undefined) {
    const which = from === undefined ? "no earlier place of the user is known" : "a place is not known";
    return { ...ends, verdict: "unknown", reason: which };
  }
  const distanceKm = Math.max(0, haversineKm(origin, goal) - origin.accuracyKm - goal.accuracyKm);
  const minutes = Math.abs(to.time - from.time) / 60_000;
  const speedKmh = distanceKm / (Math.max(minutes, 1) / 60);
  const measured = { ...ends, distanceKm, speedKmh };
  const move = `${distanceKm.toFixed(0)} km in ${minutes.toFixed(0)} min, ${speedKmh.toFixed(0)} km/h`;
  if (distanceKm < rules.ignoredKm) return { ...measured, verdict: "possible", reason: `${move}: near enough` };
  if (speedKmh <= rules.maxSpeedKmh || distanceKm <= rules.minDistanceKm) {
    return { ...measured, verdict: "possible", reason: `${move}: can be travelled` };
  }
  const exception = exceptionOf(from, to, minutes, rules, trustedEgress);
  if (exception !== undefined) return { ...measured, verdict: "excepted", reason: `${move}, but ${exception}` };
  const limit = `over ${String(rules.maxSpeedKmh)} km/h and ${String(rules.minDistanceKm)} km`;
  return { ...measured, verdict: "impossible", reason: `${move}: ${limit}` };
}

function exceptionOf(
  from: Sighting,
  to: Sighting,
  minutes: number,
  { relayAsns, ignoredMinutes }: TravelRules,
  trustedEgress: boolean,
): string | undefined {
  for (const { asn } of [from, to]) {
    if (asn !== undefined && relayAsns.has(asn)) return `AS${String(asn)} is a relay, VPN or in-flight network`;
  }
  if (trustedEgress) return "the address is a trusted egress of the organisation";
  if (minutes < ignoredMinutes) return `within ${String(ignoredMinutes)} min one person may use two networks`;
  return undefined;
}

function endOf(sighting: Sighting | undefined, point: Point | undefined): Travel["to"] {
  if (sighting === undefined || point === undefined) return null;
  const { time, country, asn } = sighting;
  return { ...point, time, country: country ?? null, asn: asn ?? null };
}
