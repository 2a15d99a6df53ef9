import type { Paths } from "../history/history";
import type { Place } from "../travel/place";
import type { UserAgent } from "./user-agent";

/** An attempt as the model sees it. */
export interface Attempt {
  /** ms since 1970. */
  time: number;
  /** Pseudonym of the address. */
  address: string;
  place: Place;
  agent: UserAgent;
  /** Pseudonym of the User-Agent header. */
  agentText: string;
  /** Pseudonym; absent where the client showed none. */
  device?: string | undefined;
  rttMs?: number | undefined;
}

/** Without the version: programs are updated, and only the whole user agent tells. */
export const familyOf = (name: string): string => name.replace(/ \d+$/, "");

/** What a client that shows no device id has for one. */
export const NO_DEVICE = "none";

export function pathsOf({ time, address, place, agent, agentText, device, rttMs }: Attempt): Paths {
  return {
    network: [place.country ?? "?", String(place.asn ?? "?"), address],
    client: [agent.device, familyOf(agent.os), familyOf(agent.browser), agentText],
    device: [device ?? NO_DEVICE],
    hour: [hourOf(time)],
    ...(rttMs === undefined ? {} : { rtt: [String(rttClass(rttMs))] }),
  };
}

/** Working day or weekend, and the hour, both in UTC: a user's habit is a habit in any time zone. */
export function hourOf(time: number): string {
  const date = new Date(time);
  const day = date.getUTCDay();
  return `${day === 0 || day === 6 ? "weekend" : "weekday"} ${String(date.getUTCHours())}`;
}

/** Classes of round-trip time that are a factor of √2 wide: what distance and access network make of it. */
export function rttClass(rttMs: number): number {
  return Math.round(2 * Math.log2(Math.max(rttMs, 1)));
}
