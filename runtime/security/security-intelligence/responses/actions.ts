import { request } from "undici";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent } from "../../../kernel/events/codec";
import type { Sibling } from "../../../kernel/http/sibling";
import type { EventContext } from "../incidents/events";
import { isolation, type IsolationParts } from "./isolation";
import type { Action, Response } from "./response";

const ANSWER_MILLISECONDS = 10_000;
const RISK_SECONDS = 3600;

/** What came of an action: in words, and the events that are part of it. */
export interface Outcome {
  readonly what: string;
  readonly events: readonly CloudEvent[];
}

export interface Performer {
  /** Seconds after which it is taken back by itself; it lasts where this is absent. */
  readonly lastsSeconds?: number;
  /** Does it; doing it again is the same. Throws MNO_RESPONSE_FAILED (try again) or _UNSUPPORTED (do not). */
  perform(response: Response): Promise<Outcome>;
  /** Takes it back; undefined where that cannot be. */
  undo?(response: Response): Promise<Outcome>;
}

/** The actions, over the other engines' HTTP interfaces, the cluster and the event bus. */
export function performers(
  { gateway, keys, isolate }: { gateway: Sibling; keys: Sibling; isolate: IsolationParts },
  context: EventContext,
  now: Clock,
): Record<Action, Performer> {
  const [call, callKeys] = [caller(gateway), caller(keys)];
  return {
    "revoke-session": {
      perform: async ({ target }) => {
        // A session that is not there any more is as good as one that was ended.
        const status = await call("DELETE", `/zero-trust-gateway/v1/sessions/${encodeURIComponent(target.id)}`, [404]);
        return { what: status === 404 ? "the session was over already" : "the session was ended", events: [] };
      },
    },
    "raise-risk": {
      perform: async (response) => ({ what: "risk raised to high", events: [risk(response, "high", context, now)] }),
      undo: async (response) => ({ what: "risk lowered again", events: [risk(response, "low", context, now)] }),
    },
    "tighten-policy": {
      perform: async (response) => {
        await call("PUT", policyPath(response), [], { text: forbid(response) });
        return { what: "a policy forbids everything to the target", events: [] };
      },
      undo: async (response) => {
        await call("DELETE", policyPath(response), [404]);
        return { what: "the policy was taken away", events: [] };
      },
    },
    "isolate-workload": isolation(isolate),
    "rotate-key": {
      perform: async ({ target }) => {
        await callKeys("POST", `/quantum-cryptography/v1/keys/${encodeURIComponent(target.id)}/rotate`, [], {});
        return { what: "the key has a new version", events: [] };
      },
    },
  };
}

type Call = (method: "PUT" | "POST" | "DELETE", path: string, alsoFine: number[], body?: unknown) => Promise<number>;

function caller({ baseUrl, headers }: Sibling): Call {
  return async (method, path, alsoFine, body) => {
    const refuse = (why: string): never => {
      throw new MnoError("MNO_RESPONSE_FAILED", `${method} ${path}: ${why}`);
    };
    const answer = await request(`${baseUrl}${path}`, {
      method,
      headers: {
        ...headers,
        // The name that a key's grants know this engine by.
        "mno-caller": "security-intelligence",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    }).catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
    const text = await answer.body.text();
    if (answer.statusCode >= 300 && !alsoFine.includes(answer.statusCode)) {
      refuse(`${answer.statusCode} ${text.slice(0, 300)}`);
    }
    return answer.statusCode;
  };
}

function risk({ id, incident, target, reason }: Response, level: "low" | "high", context: EventContext, clock: Clock) {
  const raised = level === "high";
  return createEvent(
    {
      type: "mno.security.risk.changed",
      source: "/mno/security-intelligence",
      subject: target.id,
      data: {
        subjectType: target.kind as "user" | "session" | "workload",
        subject: target.id,
        level,
        previousLevel: raised ? null : "high",
        probability: raised ? 0.95 : 0.05,
        reasons: [raised ? reason : `response ${id} was taken back`],
        because: incident,
        expiresAt: new Date(clock.now() + RISK_SECONDS * 1000).toISOString(),
      },
    },
    context,
  );
}

/** One policy set for each target, so that taking it back touches nothing else. */
function policyPath({ id }: Response): string {
  return `/zero-trust-gateway/v1/policies/incident-${id.replace("_", "-")}`;
}

/** Cedar: nothing is permitted to the target, whatever permits say. */
function forbid({ target, incident }: Response): string {
  const type = target.kind === "workload" ? "Workload" : "User";
  // JSON's escapes of quotes and backslashes are Cedar's; what else JSON escapes is written as Cedar's \u{...}.
  const quoted = JSON.stringify(target.id).replace(/\\u([0-9a-f]{4})|\\([bf])/g, (_, code: string, letter: string) =>
    code ? `\\u{${code}}` : letter === "b" ? "\\u{8}" : "\\u{c}",
  );
  return `@id("${incident}")\nforbid (principal == ${type}::${quoted}, action, resource);\n`;
}
