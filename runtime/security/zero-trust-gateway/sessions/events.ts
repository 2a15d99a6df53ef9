import { randomUUID } from "node:crypto";
import type { Clock } from "../../../kernel/clock";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent, type EventContext } from "../../../kernel/events/codec";
import { ocsfEvent, type OcsfParts } from "../../../kernel/ocsf/event";
import type { GatewayRequest } from "../contracts";
import type { Session } from "./session";

const SOURCE = "/mno/zero-trust-gateway";
/** OCSF Authentication: activities and states. */
const LOGON = 1;
const LOGOFF = 2;
const SUCCESS = 1;
const FAILURE = 2;
const MEDIUM = 3;

export interface SessionEventContext {
  readonly clock: Clock;
  readonly tracer: EventContext["tracer"];
}

export function established(
  session: Session,
  request: GatewayRequest | undefined,
  context: SessionEventContext,
): CloudEvent {
  const data = authentication(session, LOGON, context, { status_id: SUCCESS, ...seenIn(request) });
  return createEvent({ type: "mno.security.session.established", source: SOURCE, subject: session.id, data }, context);
}

export function revoked(session: Session, context: SessionEventContext): CloudEvent {
  const data = authentication(session, LOGOFF, context, {
    status_id: SUCCESS,
    status_detail: session.endReason ?? "ended",
    src_endpoint: { ip: session.client.address },
  });
  return createEvent({ type: "mno.security.session.revoked", source: SOURCE, subject: session.id, data }, context);
}

/** A login that failed. `userId` is as it was claimed: whether there is such a user is not told. */
export function refused(
  userId: string,
  reason: string,
  request: GatewayRequest,
  context: SessionEventContext,
): CloudEvent {
  const data = ocsfEvent("authentication", {
    ...base(LOGON, context),
    severity_id: MEDIUM,
    status_id: FAILURE,
    status_detail: reason,
    user: { uid: userId.slice(0, 256) },
    ...seenIn(request),
  });
  return createEvent(
    { type: "mno.security.login.refused", source: SOURCE, subject: userId.slice(0, 256), data },
    context,
  );
}

function authentication(
  session: Session,
  activity: number,
  context: SessionEventContext,
  more: Partial<OcsfParts>,
): ReturnType<typeof ocsfEvent> {
  const user = { uid: session.userId };
  const { id: uid, source: issuer, establishedAt: created_time, assurance } = session;
  const is_mfa = assurance === "mfa" || assurance === "phishing-resistant";
  return ocsfEvent("authentication", {
    ...base(activity, context),
    actor: { user },
    user,
    session: { uid, issuer, created_time, is_mfa },
    ...more,
  });
}

function base(activity_id: number, { clock }: SessionEventContext) {
  return { uid: randomUUID(), product: "zero-trust-gateway", activity_id, time: new Date(clock.now()) };
}

function seenIn(request: GatewayRequest | undefined): Partial<OcsfParts> {
  if (request === undefined) return {};
  const agent = request.headers["user-agent"]?.[0]?.slice(0, 4096);
  return {
    traceId: request.traceId,
    correlationUid: request.id,
    src_endpoint: { ip: request.address },
    http_request: { uid: request.id, http_method: request.method, ...(agent !== undefined && { user_agent: agent }) },
  };
}
