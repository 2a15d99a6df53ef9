import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { GatewayRequest, Reply, ReservedRoute } from "../contracts";
import type { Issuer } from "../identity/issuer-schema";
import { effectsOf, eventName } from "./effects";
import type { Consequence, Intake } from "./intake";
import { invalidSet, OLDEST_MILLISECONDS, type SecurityEventTokens, type SetFault } from "./security-event-tokens";
import { subjectOf } from "./subject-identifiers";

export interface ReceiverDependencies {
  readonly tokens: SecurityEventTokens;
  readonly intake: Intake;
  readonly issuers: readonly Issuer[];
  readonly log: Logger;
  readonly count: (event: string, outcome: "applied" | "repeated" | "ignored" | "refused") => void;
}

/**
 * Receives security event tokens by push (RFC 8935): 202 when what follows from one is durable, or was before; 400 with its
 * reason for one that will never be taken; 503 for one to be sent again.
 */
export function signalsRoute(deps: ReceiverDependencies): ReservedRoute {
  return {
    method: "POST",
    path: "/.mno/signals",
    async handle(request, body) {
      try {
        await receive(deps, request, body);
        return { status: 202, headers: {}, body: "" };
      } catch (error) {
        if (!(error instanceof MnoError) || error.code !== "MNO_SIGNAL_INVALID") throw error;
        deps.count("other", "refused");
        deps.log.warn({ err: error.extensions.err }, `a security event token was refused: ${error.message}`);
        return faultReply(error);
      }
    },
  };
}

async function receive(deps: ReceiverDependencies, request: GatewayRequest, body: Buffer): Promise<void> {
  const type = request.headers["content-type"]?.[0]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/secevent+jwt") {
    throw invalidSet("invalid_request", "The media type must be application/secevent+jwt");
  }
  const [authorization] = request.headers.authorization ?? [];
  const set = await deps.tokens.verify(body.toString("latin1").trim(), authorization);
  const subject = subjectOf(set.subject, set.transmitter, deps.issuers);
  const consequences: (Consequence & { name: string })[] = Object.entries(set.events).map(([uri, event]) => {
    const about =
      subject ?? (event.subject === undefined ? undefined : subjectOf(event.subject, set.transmitter, deps.issuers));
    const effects = about === undefined ? [] : effectsOf(uri, event, about, set.issuedAt);
    return { name: eventName(uri), subject: about ?? {}, effects };
  });
  const applied = await deps.intake.apply(
    JSON.stringify([set.transmitter.issuer, set.jti]),
    consequences,
    // Longer than any copy of it would be believed.
    2 * OLDEST_MILLISECONDS,
  );
  for (const { name, effects } of consequences) {
    const outcome = !applied ? "repeated" : effects.length > 0 ? "applied" : "ignored";
    deps.count(name, outcome);
    if (name === "verification") deps.log.info({ issuer: set.transmitter.issuer }, "a stream of signals was verified");
    else if (outcome === "ignored")
      deps.log.warn({ issuer: set.transmitter.issuer, event: name }, "a signal changes nothing here");
  }
}

function faultReply(error: MnoError): Reply {
  const err = error.extensions.err as SetFault;
  return {
    status: 400,
    headers: { "content-type": "application/json", "content-language": "en" },
    body: JSON.stringify({ err, description: error.message }),
  };
}
