import type { Logger } from "pino";
import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import { enqueue } from "../../../../kernel/events/outbox";
import type { Database } from "../../../../kernel/store/database";
import type { GatewayRequest } from "../../contracts";
import { DEVICE_SECONDS, type LoginThrottle } from "../../limits/login-throttle";
import { DEVICE_COOKIE, LOGIN_COOKIE, readSecret, SESSION_COOKIE, setCookie } from "../../sessions/cookie";
import { refused, type SessionEventContext } from "../../sessions/events";
import { type Assurance, digestOf, type Session } from "../../sessions/session";
import type { Proof, Sessions } from "../../sessions/sessions";
import type { AssessedRisk, AssessmentOutcome, Behaviour, Samples } from "../../signals/behaviour";
import type { ContinuousRisk } from "../../signals/risk-source";
import type { Subjects } from "../subjects";

export interface CompletionDependencies {
  readonly sessions: Sessions;
  readonly subjects: Subjects;
  readonly throttle: LoginThrottle;
  readonly risk: ContinuousRisk;
  readonly behaviour: Behaviour | undefined;
  readonly database: Database;
  readonly clock: Clock;
  readonly tracer: SessionEventContext["tracer"];
  readonly log: Logger;
  readonly sessionSeconds: number;
  readonly onCommit: () => void;
  readonly count: (outcome: "success" | "failure" | "step-up") => void;
}

/** What every way to log in has in common: the assessment before, the session and its cookies after. */
export class Completion {
  constructor(private readonly deps: CompletionDependencies) {}

  /** What behavioural authentication thinks of the attempt. Errors: MNO_LOGIN_REFUSED, MNO_ACCOUNT_DISABLED, MNO_RISK_UNAVAILABLE. */
  async assess(userId: string, request: GatewayRequest, samples: Samples = {}): Promise<AssessedRisk | undefined> {
    const { subjects, behaviour } = this.deps;
    const { disabled } = await subjects.stateOf(userId);
    if (disabled) throw new MnoError("MNO_ACCOUNT_DISABLED", "The account was disabled by its issuer");
    const device = readSecret(request, DEVICE_COOKIE);
    const deviceId = device === undefined ? {} : { deviceId: digestOf(device) };
    const risk = await behaviour?.assess({ userId, ...deviceId }, request, samples);
    if (risk?.level !== "high") return risk;
    await this.refuse(userId, "high risk", request);
    throw new MnoError("MNO_LOGIN_REFUSED", `The login was refused: ${risk.reasons.join("; ")}`);
  }

  /** The cookies of a new session; what the browser had before is over. */
  async login(proof: Proof, request: GatewayRequest, risk: AssessedRisk | undefined): Promise<string[]> {
    const { sessions, throttle, risk: continuous, count } = this.deps;
    const deviceSecret = readSecret(request, DEVICE_COOKIE);
    const { userId } = proof;
    const device = await throttle.rememberDevice({ userId, deviceSecret });
    const before = await this.present(request);
    const { session, secret } = await sessions.establish({ ...proof, device: digestOf(device) }, request, before);
    const begun = (await this.begin(session, request)) ?? risk;
    if (begun !== undefined) continuous.remember(session, request, begun);
    if (risk !== undefined) this.report(risk.assessmentId, "success");
    count("success");
    return [...this.cookies(request, secret), setCookie(request, DEVICE_COOKIE, device, DEVICE_SECONDS)];
  }

  /**
   * Shows the session to behavioural authentication as it begins, so that what is later unlike it is seen to be: the first to use it
   * may be a thief. Without an answer the first request shows it.
   */
  private async begin(session: Session, request: GatewayRequest): Promise<AssessedRisk | undefined> {
    const { userId, id: sessionId, device } = session;
    const behaver = { userId, sessionId, sessionAgeSeconds: 0, ...(device !== null && { deviceId: device }) };
    return this.deps.behaviour?.assess(behaver, request).catch(() => undefined);
  }

  /** The cookies of the session after its user proved again who they are. */
  async stepUp(session: Session, assurance: Assurance, request: GatewayRequest, at?: number): Promise<string[]> {
    const { sessions, risk, count } = this.deps;
    // Asked for before the session ends under its old name.
    const assessed = risk.assessmentOf(session);
    const proved = await sessions.prove(session, assurance, request, at);
    if (assessed !== undefined) {
      risk.remember(proved.session, request, assessed);
      this.report(assessed.assessmentId, "step-up-passed");
    }
    count("step-up");
    return this.cookies(request, proved.secret);
  }

  /** Errors: MNO_RATE_LIMITED, which an event tells too: somebody guesses. */
  async attempt(userId: string, request: GatewayRequest): Promise<void> {
    try {
      const deviceSecret = readSecret(request, DEVICE_COOKIE);
      await this.deps.throttle.begin({ userId, address: request.address, deviceSecret });
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_RATE_LIMITED") {
        await this.tellRefused(userId, error.message, request);
      }
      throw error;
    }
  }

  /** Says that a login failed: in an event, for who counts them, and to behavioural authentication. */
  async refuse(userId: string, reason: string, request: GatewayRequest, assessmentId?: string): Promise<void> {
    await this.tellRefused(userId, reason, request);
    await this.deps.throttle.failed(request.address);
    if (assessmentId !== undefined) this.report(assessmentId, "failure");
  }

  private async tellRefused(userId: string, reason: string, request: GatewayRequest): Promise<void> {
    const { database, onCommit, count } = this.deps;
    await database.transaction((tx) => enqueue(tx, [refused(userId, reason, request, this.deps)]));
    onCommit();
    count("failure");
  }

  /** The session that the browser presents, if it is one. */
  async present(request: GatewayRequest): Promise<Session | undefined> {
    const secret = readSecret(request, SESSION_COOKIE);
    if (secret === undefined) return undefined;
    try {
      return await this.deps.sessions.resolve(secret, request);
    } catch (error) {
      if (error instanceof MnoError && error.status === 401) return undefined;
      throw error;
    }
  }

  report(assessmentId: string, outcome: AssessmentOutcome): void {
    void this.deps.behaviour?.report(assessmentId, outcome).then((told) => {
      if (!told)
        this.deps.log.warn({ outcome }, "behavioural authentication could not be told what became of an attempt");
    });
  }

  private cookies(request: GatewayRequest, secret: string): string[] {
    return [
      setCookie(request, SESSION_COOKIE, secret, this.deps.sessionSeconds),
      setCookie(request, LOGIN_COOKIE, "", 0),
    ];
  }
}
