import { ocsfEvent } from "../../../runtime/kernel/ocsf/event";
import type { OcsfEvent } from "../../../runtime/kernel/ocsf/schema";
import { seeded } from "../../../runtime/kernel/random";
import type { Sample } from "../../../runtime/security/threat-detection/detectors/detector";
import type { Rows } from "../../../runtime/security/threat-detection/ensemble/committee";

/** Half past eleven in the morning, UTC. */
export const START = Date.parse("2026-03-02T11:30:00Z");

/** Standard normal numbers. */
export function gaussians(seed: number): () => number {
  const random = seeded(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Rows of standard normal numbers. */
export function normalRows(count: number, columns: number, seed: number): Rows {
  const next = gaussians(seed);
  return { raw: Float64Array.from({ length: count * columns }, next), count };
}

export const sampleOf = ({ raw, count }: Rows, columns: number): Sample => ({
  data: raw,
  rows: count,
  width: columns,
  numeric: columns,
});

let made = 0;
const uid = (): string => `event-${(made += 1)}`;

export function login(user: string, ip: string, succeeds: boolean, time: number): OcsfEvent {
  return ocsfEvent("authentication", {
    uid: uid(),
    product: "test",
    activity_id: 1,
    time: new Date(time),
    status_id: succeeds ? 1 : 2,
    user: { uid: user },
    src_endpoint: { ip },
  });
}

export function request(path: string, ip: string, time: number, code = 200, query = ""): OcsfEvent {
  return ocsfEvent("httpActivity", {
    uid: uid(),
    product: "test",
    activity_id: 3,
    time: new Date(time),
    status_id: code < 400 ? 1 : 2,
    src_endpoint: { ip },
    http_request: {
      http_method: "GET",
      user_agent: "Mozilla/5.0",
      url: { path, hostname: "shop", query_string: query },
    },
    http_response: { code },
  });
}
