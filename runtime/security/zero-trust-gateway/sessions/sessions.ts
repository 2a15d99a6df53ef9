import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import { enqueue } from "../../../kernel/events/outbox";
import type { Queryable } from "../../../kernel/store/database";
import type { EntityRef, GatewayRequest } from "../contracts";
import type { SubjectChange } from "../identity/parts";
import { agentFamily } from "./agent-family";
import type { Changes } from "./changes";
import { established, revoked, type SessionEventContext } from "./events";
import { Remembered } from "./remembered";
import { type Assurance, type ClientView, digestOf, newSecret, overReason, type Session } from "./session";
import type { SessionFilter, SessionSelector, SessionStore } from "./store";

const REMEMBERED = 50_000;
/** Why a session is over that there never was, or that is long forgotten. */
export const UNKNOWN_SESSION = "it is not known";
/** A use is written at most this often, and at most every tenth of the idle time. */
const TOUCH_MILLISECONDS = 60_000;

export interface SessionLimits {
  readonly idleMilliseconds: number;
  readonly absoluteMilliseconds: number;
  readonly perUser: number;
}

/** What a login proved. */
export interface Proof {
  readonly userId: string;
  readonly source: string;
  readonly providerSession?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parents: readonly EntityRef[];
  readonly assurance: Assurance;
  readonly device?: string;
  /** When the user proved it to the issuer; now, by default. */
  readonly authenticatedAt?: number;
}

export interface Established {
  readonly session: Session;
  /** For the client's cookie; nothing else ever sees it. */
  readonly secret: string;
}

export interface SessionsDependencies {
  readonly store: SessionStore;
  readonly changes: Changes;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly tracer: SessionEventContext["tracer"];
  /** Events were committed. */
  readonly onCommit: () => void;
  readonly count: (outcome: "established" | "replaced" | "revoked" | "refused") => void;
}

/** Sessions of this gateway, the same on every replica. */
export class Sessions {
  private readonly known: Remembered<Session>;

  constructor(private readonly deps: SessionsDependencies) {
    this.known = new Remembered<Session>(deps.changes, REMEMBERED);
    deps.changes.onChange(({ kind, subject }) => {
      if (subject === "*") this.known.forgetWhere(() => true);
      else if (kind === "session") this.known.forget(subject);
      else if (kind === "user") this.known.forgetWhere(({ userId }) => userId === subject);
    });
  }

  /**
   * Begins a session under a new secret. What the client presented before is ended, so that nobody goes on with a secret from
   * before the login (session fixation); above the limit the user's oldest ends.
   */
  async establish(proof: Proof, request: GatewayRequest, replaces?: Session): Promise<Established> {
    const { limits, clock } = this.deps;
    const now = clock.now();
    const secret = newSecret();
    const session: Session = {
      ...proof,
      id: digestOf(secret),
      providerSession: proof.providerSession ?? null,
      establishedAt: now,
      authenticatedAt: Math.min(now, proof.authenticatedAt ?? now),
      seenAt: now,
      expiresAt: now + limits.absoluteMilliseconds,
      client: clientOf(request),
      certificate: request.certificateThumbprint ?? null,
      device: proof.device ?? null,
      endedAt: null,
      endReason: null,
    };
    await this.begin(session, request, replaces, "replaced by a login");
    this.deps.count("established");
    return { session, secret };
  }

  /** After the user proved again who they are: the same session, as old as it was, under a new secret. */
  async prove(session: Session, assurance: Assurance, request: GatewayRequest, at?: number): Promise<Established> {
    const now = this.deps.clock.now();
    const secret = newSecret();
    const proved: Session = {
      ...session,
      id: digestOf(secret),
      assurance,
      authenticatedAt: Math.min(now, at ?? now),
      seenAt: now,
      client: clientOf(request),
    };
    await this.begin(proved, request, session, "rotated");
    this.deps.count("replaced");
    return { session: proved, secret };
  }

  private async begin(
    session: Session,
    request: GatewayRequest,
    replaces: Session | undefined,
    reason: string,
  ): Promise<void> {
    const { store, limits } = this.deps;
    await this.commit(async (tx) => {
      const now = session.seenAt;
      const active = await store.lockUser(tx, session.userId, now);
      const ended = replaces === undefined ? [] : await store.end(tx, { id: replaces.id }, reason, now);
      // A session that was revoked meanwhile cannot be renewed.
      if (reason === "rotated" && ended.length === 0) {
        throw new MnoError("MNO_SESSION_OVER", "The session ended meanwhile; log in again");
      }
      const others = active.filter(({ id }) => id !== replaces?.id);
      for (const { id } of others.slice(0, Math.max(0, others.length - limits.perUser + 1))) {
        ended.push(...(await store.end(tx, { id }, `more than ${limits.perUser} sessions`, now)));
      }
      await store.insert(tx, session);
      await enqueue(tx, [established(session, request, this.deps)]);
      return ended;
    });
  }

  /**
   * The session of a secret. Errors: MNO_SESSION_OVER (unknown, ended, expired, idle), MNO_SESSION_STOPPED (bound to a client
   * certificate that did not come with it; ended now).
   */
  async resolve(secret: string, request: GatewayRequest): Promise<Session> {
    const { store, clock, limits, count } = this.deps;
    const id = digestOf(secret);
    const over = (reason: string): never => {
      count("refused");
      throw new MnoError("MNO_SESSION_OVER", `The session is over: ${reason}; log in again`, {
        extensions: { reason },
      });
    };
    const load = async (): Promise<Session> => (await store.find(id)) ?? over(UNKNOWN_SESSION);
    let session = await this.known.get(id, load);
    // Another replica may have seen it used.
    if (overReason(session, clock.now(), limits.idleMilliseconds) === "idle") session = await load();
    const reason = overReason(session, clock.now(), limits.idleMilliseconds);
    if (reason !== undefined) over(reason);
    if (session.certificate !== null && session.certificate !== request.certificateThumbprint) {
      await this.end({ id }, "presented without the client certificate that it is bound to");
      throw new MnoError("MNO_SESSION_STOPPED", "The session is bound to another client certificate; log in again");
    }
    return this.touch(session);
  }

  /** Whether the secret was a session's when it was seen last; not whether it still is. */
  remembers(secret: string): boolean {
    return this.known.has(digestOf(secret));
  }

  private async touch(session: Session): Promise<Session> {
    const { store, clock, limits } = this.deps;
    const now = clock.now();
    if (now - session.seenAt < Math.min(TOUCH_MILLISECONDS, limits.idleMilliseconds / 10)) return session;
    await store.touch(session.id, now);
    const touched = { ...session, seenAt: now };
    this.known.refresh(session.id, session, touched);
    return touched;
  }

  /** Ends them on every replica within a second, and says so; those that are over already are left. */
  async end(selector: SessionSelector, reason: string): Promise<Session[]> {
    return this.commit((tx) => this.deps.store.end(tx, selector, reason, this.deps.clock.now()));
  }

  /** As `end`, inside a transaction of the caller, who tells the changes after its commit. */
  async endWithin(
    tx: Queryable,
    selector: SessionSelector,
    reason: string,
  ): Promise<{ ended: Session[]; changes: SubjectChange[] }> {
    const ended = await this.deps.store.end(tx, selector, reason, this.deps.clock.now());
    return { ended, changes: await this.note(tx, ended) };
  }

  async assureWithin(tx: Queryable, selector: SessionSelector, assurance: Assurance): Promise<SubjectChange[]> {
    const changed = await this.deps.store.assure(tx, selector, assurance, this.deps.clock.now());
    const changes = changed.map(({ id }) => ({ kind: "session" as const, subject: id }));
    await this.deps.changes.record(tx, changes);
    return changes;
  }

  list(filter: SessionFilter): Promise<Session[]> {
    const now = this.deps.clock.now();
    return this.deps.store.list({ ...filter, now, seenAfter: now - this.deps.limits.idleMilliseconds });
  }

  /** Active or ended in the last day. Errors: MNO_SESSION_NOT_FOUND. */
  async find(id: string): Promise<Session> {
    const session = await this.deps.store.find(id);
    if (session === undefined) throw new MnoError("MNO_SESSION_NOT_FOUND", `There is no session ${id}`);
    return session;
  }

  prune(): Promise<void> {
    return this.deps.store.prune(this.deps.clock.now());
  }

  /** Runs `work`, which ends sessions, in a transaction with what follows from it. */
  private async commit(work: (tx: Queryable) => Promise<Session[]>): Promise<Session[]> {
    const { store, changes, onCommit, count } = this.deps;
    const [ended, told] = await store.transaction(async (tx) => {
      const sessions = await work(tx);
      return [sessions, await this.note(tx, sessions)] as const;
    });
    changes.tell(told);
    onCommit();
    for (let i = 0; i < ended.length; i++) count("revoked");
    return ended;
  }

  private async note(tx: Queryable, ended: readonly Session[]): Promise<SubjectChange[]> {
    const changes = ended.map(({ id }) => ({ kind: "session" as const, subject: id }));
    await this.deps.changes.record(tx, changes);
    await enqueue(
      tx,
      ended.map((session) => revoked(session, this.deps)),
    );
    return changes;
  }
}

export function clientOf(request: GatewayRequest): ClientView {
  return { address: request.address, agent: agentFamily(request.headers["user-agent"]?.[0]) };
}
