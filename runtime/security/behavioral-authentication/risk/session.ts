import type { SessionAnchor } from "../profile";
import { type Attempt, familyOf } from "./features";
import type { Factor } from "./score";

/** ln of likelihood ratios: what a session does not change on its own, somebody else has changed. */
const OTHER_PROGRAM = 8;
const OTHER_DEVICE = 6;
const DEVICE_GONE = 3;
const OTHER_COUNTRY = 3;
const OTHER_NETWORK = 1;
const OTHER_VERSION = 0.5;
const MOST = 10;

/**
 * Whether a session goes on where it began: same system, browser and device, and a network that can be changed by walking. A
 * session's secret that was stolen is used from elsewhere. `noPlace`: the network is a relay or trusted egress.
 */
export function sessionFactor(anchor: SessionAnchor, attempt: Attempt, noPlace: boolean): Factor {
  const { agent, agentText, device, place } = attempt;
  const changes: [string, number][] = [];
  if (familyOf(anchor.os) !== familyOf(agent.os) || familyOf(anchor.browser) !== familyOf(agent.browser)) {
    changes.push([`${anchor.browser} on ${anchor.os} became ${agent.browser} on ${agent.os}`, OTHER_PROGRAM]);
  } else if (anchor.agentText !== agentText) changes.push(["the user agent changed its version", OTHER_VERSION]);
  if (anchor.device !== null && device === undefined) changes.push(["the device id is gone", DEVICE_GONE]);
  else if (anchor.device !== null && anchor.device !== device) changes.push(["another device", OTHER_DEVICE]);
  if (!noPlace && anchor.country !== (place.country ?? null)) {
    changes.push([
      `from ${anchor.country ?? "no known country"} to ${place.country ?? "no known country"}`,
      OTHER_COUNTRY,
    ]);
  } else if (!noPlace && anchor.asn !== (place.asn ?? null)) changes.push(["another network", OTHER_NETWORK]);
  return {
    name: "session",
    contribution: Math.min(
      changes.reduce((sum, [, evidence]) => sum + evidence, 0),
      MOST,
    ),
    detail: changes.length === 0 ? "as when the session began" : changes.map(([what]) => what).join(", "),
  };
}

export function anchorOf(id: string, attempt: Attempt, drift: number): SessionAnchor {
  const { time, agent, agentText, device, place } = attempt;
  return {
    id,
    time,
    os: agent.os,
    browser: agent.browser,
    agentText,
    device: device ?? null,
    country: place.country ?? null,
    asn: place.asn ?? null,
    drift,
    level: null,
  };
}
