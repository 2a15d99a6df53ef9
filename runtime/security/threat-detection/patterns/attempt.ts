import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { Attempt } from "./patterns";

const HTTP_ACTIVITY = 4002;
const AUTHENTICATION = 3002;
const FAILURE = 2;
const LOGON = 1;
/** Statuses that say: not there, or not for you. */
const PROBED = new Set([400, 401, 403, 404, 405]);

/** What of the event is counted; null where it is neither an attempt to log in nor a request. */
export function attemptOf(event: OcsfEvent): Attempt | null {
  const source = event.src_endpoint?.ip;
  if (source === undefined) return null;
  const { time, status_id } = event;
  if (event.class_uid === AUTHENTICATION && event.activity_id === LOGON) {
    const target = event.user?.uid ?? event.user?.name;
    return target === undefined ? null : { kind: "login", source, target, isFailure: status_id === FAILURE, time };
  }
  const path = event.http_request?.url?.path;
  if (event.class_uid !== HTTP_ACTIVITY || path === undefined) return null;
  const code = event.http_response?.code;
  const isFailure = status_id === FAILURE || (code !== undefined && PROBED.has(code));
  return { kind: "request", source, target: path, isFailure, time };
}
