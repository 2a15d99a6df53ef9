import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { Tracer } from "../../../kernel/telemetry/traces";
import { type Enforcement, type Entered, Refusal } from "../enforcement/enforcement";
import type { Via } from "../enforcement/record";
import type { InboundMessage } from "../enforcement/understand";
import type { AssertionSigner } from "../forwarding/assertion";
import { identityHeaders } from "../forwarding/identity-headers";
import { refusalHeaders, statusOf } from "../forwarding/refusal";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../../../kernel/http/problems";
import type { GatewayIdentity } from "../identity/parts";

export interface CheckDependencies {
  readonly enforcement: Enforcement;
  readonly signer: AssertionSigner;
  readonly headersOf: GatewayIdentity["headersOf"];
  readonly limitHeaders: GatewayIdentity["limitHeaders"];
  readonly tracer: Tracer;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly time: () => number;
  readonly newId: () => string;
  /** What Envoy puts before the path of a request; "" for none. */
  readonly prefix: string;
}

/** What a mesh proxy asks about. */
export interface Check {
  readonly message: InboundMessage;
  /** The content, if the proxy shows all of it. */
  readonly content: Buffer | "not shown" | undefined;
  /** SPIFFE id of the workload that the request goes to. */
  readonly destination: string | undefined;
}

/** Name, value, name, value throughout. */
export type Checked =
  | {
      readonly allowed: true;
      readonly toUpstream: string[];
      readonly toClient: string[];
      readonly remove: readonly string[];
    }
  | { readonly allowed: false; readonly status: number; readonly headers: string[]; readonly body: string };

/** Decides on a request that somebody else forwards. It never throws: what goes wrong is a refusal with a status of 5xx. */
export async function check(
  dependencies: CheckDependencies,
  via: Via,
  { message, content, destination }: Check,
): Promise<Checked> {
  const { enforcement, signer, time, limitHeaders, log } = dependencies;
  let entered: Entered | undefined;
  try {
    entered = enforcement.enter(message, via);
    const { understood } = entered;
    const { request, forwarded } = understood;
    if (forwarded.path !== request.target) {
      // Nobody here can change the path that goes on.
      const why = "The request is refused: its path has another form than the one that it would be decided by";
      throw enforcement.refuse(entered.trail, new MnoError("MNO_REQUEST_MALFORMED", why));
    }
    const shown = Buffer.isBuffer(content) ? { read: limited(content) } : content;
    // Proxies keep the headers of the hop to themselves; this one they show.
    const upgrade = request.headers["sec-websocket-key"] !== undefined;
    const { grant } = await enforcement.admit(entered, { upgrade, content: shown, destination });
    const facts = grant.spend();
    const told = identityHeaders(facts, signer.sign(facts, time()));
    return {
      allowed: true,
      toUpstream: flat(told),
      toClient: ["x-mno-decision", facts.record.id, ...flat(limitHeaders(facts.limits))],
      remove: understood.stripped.filter((name) => !Object.hasOwn(told, name)),
    };
  } catch (error) {
    const coded =
      error instanceof Refusal
        ? error.error
        : new MnoError("MNO_ENFORCEMENT_UNAVAILABLE", "The gateway could not decide", { cause: error });
    if (!(error instanceof Refusal)) log.error({ err: error }, "a check met a fault of the gateway");
    const further = entered ? dependencies.headersOf(coded, entered.understood.request) : {};
    const headers = ["content-type", PROBLEM_MEDIA_TYPE, ...refusalHeaders(coded, message.id, further)];
    return {
      allowed: false,
      status: statusOf(coded, further),
      headers,
      body: JSON.stringify({ ...toProblem(coded), decision: message.id }),
    };
  }
}

function limited(content: Buffer) {
  return async ({ maximumBytes }: { maximumBytes: number }): Promise<Buffer> => {
    if (content.length <= maximumBytes) return content;
    throw new MnoError("MNO_REQUEST_TOO_LARGE", `The route takes at most ${String(maximumBytes)} bytes of content`);
  };
}

function flat(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flat();
}
