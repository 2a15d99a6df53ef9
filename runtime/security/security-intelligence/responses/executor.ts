import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent } from "../../../kernel/events/codec";
import { enqueue } from "../../../kernel/events/outbox";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { EventContext } from "../incidents/events";
import type { Incident } from "../incidents/incident";
import type { Action } from "./response";
import type { Outcome, Performer } from "./actions";
import { changed, MAX_ATTEMPTS, mayBecome, proposals, type Response, type ResponsePolicy } from "./response";
import type { ResponseStore } from "./store";

export interface ExecutorOptions {
  readonly database: Database;
  readonly store: ResponseStore;
  readonly performers: Readonly<Record<Action, Performer>>;
  readonly policies: readonly ResponsePolicy[];
  readonly context: EventContext;
  readonly clock: Clock;
  readonly onEvents: () => void;
  readonly onExecuted: (action: Action, outcome: "executed" | "failed") => void;
}

const AT_ONCE = 50;
const MAX_BACKOFF = 300_000;

/** Proposes responses, and carries out what is approved: each at least once, so that every action has to be repeatable. */
export class Executor {
  constructor(private readonly options: ExecutorOptions) {}

  /** In the transaction of the incident. */
  async consider(tx: Queryable, incident: Incident): Promise<Response[]> {
    const { store, policies, clock } = this.options;
    return store.propose(tx, proposals(incident, policies, clock.now()));
  }

  /** Carries out what is approved and due, and takes back what has lasted its time. */
  async round(): Promise<void> {
    const { store, clock } = this.options;
    for (const response of await store.due(clock.now(), AT_ONCE)) await this.execute(response);
    for (const response of await store.expired(clock.now(), AT_ONCE)) await this.expire(response);
  }

  async approve(id: string, by: string): Promise<Response> {
    const response = await this.move(id, "approved", by, "approved", { attempts: 0 });
    await this.execute(response);
    return this.options.store.get(id);
  }

  reject(id: string, by: string, why: string): Promise<Response> {
    return this.move(id, "rejected", by, why);
  }

  /** Takes an executed response back. Throws MNO_RESPONSE_UNSUPPORTED where that cannot be. */
  async undo(id: string, by: string): Promise<Response> {
    const { store, performers } = this.options;
    const response = await store.get(id);
    if (!mayBecome(response.status, "undone")) throw conflict(response, "undone");
    const performer = performers[response.action];
    if (!performer.undo) throw new MnoError("MNO_RESPONSE_UNSUPPORTED", `${response.action} cannot be taken back`);
    const { what, events } = await performer.undo(response);
    return this.settle(changed(response, "undone", by, what, this.options.clock.now()), events);
  }

  private async execute(response: Response): Promise<void> {
    const { performers, clock, onExecuted } = this.options;
    const attempts = response.attempts + 1;
    let outcome: Outcome;
    try {
      outcome = await performers[response.action].perform(response);
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      const now = clock.now();
      const final = error.code === "MNO_RESPONSE_UNSUPPORTED" || attempts >= MAX_ATTEMPTS;
      const next = changed(response, final ? "failed" : "approved", "executor", error.message, now);
      const due = now + (final ? 0 : Math.min(MAX_BACKOFF, 1000 * 4 ** attempts));
      await this.settle({ ...next, attempts, changedAt: due }, []);
      if (final) onExecuted(response.action, "failed");
      return;
    }
    const now = clock.now();
    const done = changed(response, "executed", "executor", outcome.what, now);
    const lasts = performers[response.action].lastsSeconds;
    const expiresAt = lasts === undefined ? null : now + lasts * 1000;
    await this.settle({ ...done, attempts, expiresAt }, outcome.events);
    onExecuted(response.action, "executed");
  }

  /** What cannot be taken back now is tried again, for as long as it takes: nobody else would do it. */
  private async expire({ id }: Response): Promise<void> {
    const { database, store, clock } = this.options;
    try {
      await this.undo(id, "expiry");
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      await database.transaction(async (tx) => {
        const present = await store.get(id, tx, true);
        if (present.status !== "executed") return;
        const what = `could not be taken back: ${error.message}`.slice(0, 1000);
        const known = present.history.at(-1)?.what === what;
        const told = known ? present : changed(present, "executed", "expiry", what, clock.now());
        await store.put(tx, { ...told, expiresAt: clock.now() + MAX_BACKOFF });
      });
    }
  }

  /** Keeps the response with the events that tell of it. */
  private async settle(response: Response, events: readonly CloudEvent[]): Promise<Response> {
    const { database, store, context, onEvents } = this.options;
    await database.transaction(async (tx) => {
      const present = await store.get(response.id, tx, true);
      const same = present.status === response.status && response.status === "approved";
      if (!same && !mayBecome(present.status, response.status)) throw conflict(present, response.status);
      const told = response.status === "approved" ? [] : [responseEvent(response, context)];
      await store.put(tx, { ...response, incident: present.incident });
      await enqueue(tx, [...events, ...told]);
    });
    onEvents();
    return response;
  }

  private async move(
    id: string,
    status: "approved" | "rejected",
    by: string,
    what: string,
    more: Partial<Response> = {},
  ): Promise<Response> {
    const { database, store, clock } = this.options;
    return database.transaction(async (tx) => {
      const response = await store.get(id, tx, true);
      if (!mayBecome(response.status, status)) throw conflict(response, status);
      const next = { ...changed(response, status, by, what, clock.now()), ...more };
      await store.put(tx, next);
      return next;
    });
  }
}

function conflict({ id, status }: Response, wanted: string): MnoError {
  return new MnoError("MNO_RESPONSE_CONFLICT", `Response ${id} is ${status} and cannot become ${wanted}`);
}

/** OCSF Remediation Activity: 1 isolate, 2 evict, 3 restore, 4 harden. */
const ACTIVITIES: Readonly<Record<Action, number>> = {
  "revoke-session": 2,
  "raise-risk": 4,
  "tighten-policy": 4,
  "isolate-workload": 1,
  "rotate-key": 4,
};

function responseEvent(response: Response, context: EventContext): CloudEvent {
  const { id, incident, action, target, status, history } = response;
  const failed = status === "failed";
  const data = ocsfEvent("remediationActivity", {
    uid: `${id}-${history.length}-${response.changedAt}`,
    product: "security-intelligence",
    activity_id: status === "undone" ? 3 : ACTIVITIES[action],
    correlationUid: incident,
    time: new Date(context.clock.now()),
    severity_id: failed ? 3 : 1,
    status_id: failed ? 2 : 1,
    status_detail: status,
    message: `${action} of ${target.kind} ${target.id}: ${history.at(-1)?.what ?? status}`.slice(0, 8192),
    observables: [{ name: target.kind, type_id: 99, value: target.id }],
    unmapped: { action, response: id, incident, by: history.at(-1)?.by ?? "" },
  });
  return createEvent(
    { type: "mno.security.response.executed", source: "/mno/security-intelligence", subject: incident, data },
    context,
  );
}
