import { createHash, randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent, type EventContext } from "../../../kernel/events/codec";
import { enqueue } from "../../../kernel/events/outbox";
import type { AgentContext } from "../../../kernel/lifecycle/agent";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { Queryable } from "../../../kernel/store/database";

/** OCSF API Activity: 99 is what another replica, or this one at another time, told of already. */
const ACTIVITIES = {
  "put-policy-set": 3,
  "delete-policy-set": 4,
  "put-policy-schema": 3,
  "restore-policy-version": 3,
  "put-policy-entities": 3,
  "change-policy-entities": 3,
  "reload-policy-folder": 3,
  "activate-policy": 99,
  "dry-run-policy": 2,
  "put-routes": 3,
} as const;
const SUCCESS = 1;
const FAILURE = 2;
const INFORMATIONAL = 1;
const MEDIUM = 3;
/** Replicas that see one change within this tell of one event. */
const BUCKET_MILLISECONDS = 600_000;

type PolicyOperation = keyof typeof ACTIVITIES;

/** Who asked: who has the API's token is believed about their name, as quantum-cryptography believes it. */
interface Actor {
  readonly uid: string;
  readonly address?: string;
}

export interface PolicyChange {
  readonly operation: PolicyOperation;
  readonly actor: Actor;
  readonly resource: { readonly type: string; readonly uid: string };
  /** Digests and numbers; texts of policies may hold secrets. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly facts?: Readonly<Record<string, number | string>>;
}

interface PolicyEventsDependencies extends Pick<AgentContext, "database" | "log" | "outbox"> {
  readonly clock: EventContext["clock"];
  readonly tracer: EventContext["tracer"];
}

/** Tells of changes of policies, made and refused: OCSF API Activity. */
export class PolicyEvents {
  constructor(private readonly deps: PolicyEventsDependencies) {}

  /** In the transaction that makes the change; nudge afterwards. */
  async within(tx: Queryable, change: PolicyChange): Promise<void> {
    await enqueue(tx, [this.event(change, undefined, randomUUID())]);
  }

  nudge(): void {
    this.deps.outbox.nudge();
  }

  async made(change: PolicyChange): Promise<void> {
    await this.tell(this.event(change, undefined, randomUUID()));
  }

  /** As `made`, once for all replicas that see it. */
  async seen(change: PolicyChange, error?: unknown): Promise<void> {
    const bucket = Math.floor(this.deps.clock.now() / BUCKET_MILLISECONDS);
    const { operation, before, after, facts } = change;
    const text = JSON.stringify([operation, before, after, facts, codeOf(error), bucket]);
    await this.tell(this.event(change, error, createHash("sha256").update(text).digest("hex").slice(0, 32)));
  }

  /** Does the work; what it refuses is told, and refused still. Errors: those of the work. */
  async watched<T>(change: PolicyChange, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const event = this.event(change, error, randomUUID());
      await this.tell(event).catch((cause: unknown) => {
        const log: Logger = this.deps.log;
        log.error({ err: cause, operation: change.operation }, "the refusal of a change of policies could not be told");
      });
      throw error;
    }
  }

  private async tell(event: CloudEvent): Promise<void> {
    await this.deps.database.transaction((tx) => enqueue(tx, [event]));
    this.nudge();
  }

  private event(change: PolicyChange, error: unknown, uid: string): CloudEvent {
    const { operation, actor, resource, before, after, facts } = change;
    const code = codeOf(error);
    const data = ocsfEvent("apiActivity", {
      uid: `policy.${uid}`,
      product: "zero-trust-gateway",
      activity_id: ACTIVITIES[operation],
      severity_id: code === undefined ? INFORMATIONAL : MEDIUM,
      time: new Date(this.deps.clock.now()),
      status_id: code === undefined ? SUCCESS : FAILURE,
      ...(code !== undefined && { status_detail: code }),
      message: `${operation}: ${resource.type} ${resource.uid}${code === undefined ? "" : ` refused: ${code}`}`,
      actor: { user: { uid: actor.uid } },
      ...(actor.address !== undefined && { src_endpoint: { ip: actor.address } }),
      api: { operation, service: { name: "zero-trust-gateway" } },
      resources: [{ uid: resource.uid, type: resource.type }],
      ...(after !== undefined && { policy: { uid: resource.uid, version: after } }),
      unmapped: { before: before ?? null, after: after ?? null, ...facts },
    });
    return createEvent(
      { type: "mno.security.policy.changed", source: "/mno/zero-trust-gateway", subject: resource.uid, data },
      { ...this.deps, id: () => `policy.${uid}` },
    );
  }
}

/** Who asks for what over the API; the keeper adds from what to what. */
export type Intent = Pick<PolicyChange, "operation" | "actor" | "resource">;

export function askedBy({ headers, ip }: Asker, operation: PolicyOperation, type: string, uid: string): Intent {
  return { operation, actor: actorOf({ headers, ip }), resource: { type, uid } };
}

type Asker = Pick<FastifyRequest, "headers" | "ip">;

/** Whoever calls the API, by the name that they give. */
function actorOf({ headers, ip }: Asker): Actor {
  const given = headers["mno-caller"];
  const uid = typeof given === "string" && /^[\x21-\x7e]{1,128}$/.test(given) ? given : "api";
  return { uid, address: ip };
}

/** Of JSON that may not be told itself: SHA-256, hexadecimal, the first 16 digits. */
export function digestOf(json: unknown): string {
  return createHash("sha256").update(JSON.stringify(json)).digest("hex").slice(0, 16);
}

/** Not the message, which may quote what was refused. */
function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof MnoError ? error.code : "MNO_INTERNAL";
}
