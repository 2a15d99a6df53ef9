import { MnoError } from "../../../../exports";
import type { GatewayRequest, Reply, ReservedRoute } from "../../contracts";
import type { LoginThrottle } from "../../limits/login-throttle";
import { DEVICE_COOKIE, LOGIN_COOKIE, readCookie, readSecret, setCookie } from "../../sessions/cookie";
import type { Assurance, Session } from "../../sessions/session";
import type { Samples } from "../../signals/behaviour";
import type { Completion } from "./completion";
import type { Directory } from "./directory";
import type { DirectoryUser } from "./directory-schema";
import { checkOwnPage, fieldsOf, json, next, PREFIX, redirect, returnPath, textIn } from "./exchange";
import type { Origins } from "./origins";
import { proofPage } from "./pages";
import { verifyPassword } from "./passwords";
import { type LoginState, type SealedState, STATE_SECONDS } from "./sealed";
import type { SecondFactors } from "./second-factors";

const MOST_PASSWORD = 256;
const MOST_NAME = 128;
const PROOF = `${PREFIX}/login/proof`;
type Pending = Extract<LoginState, { kind: "pending" }>;

export interface DirectoryRoutesDependencies {
  readonly directory: Directory;
  readonly factors: SecondFactors;
  readonly throttle: LoginThrottle;
  readonly completion: Completion;
  readonly sealed: SealedState;
  readonly origins: Origins;
}

/** Logins and step-ups of the built-in users: password, then TOTP or WebAuthn where the user has it. */
export class DirectoryRoutes {
  constructor(private readonly deps: DirectoryRoutesDependencies) {}

  readonly routes: readonly ReservedRoute[] = [
    { method: "POST", path: `${PREFIX}/login`, handle: (request, body) => this.password(request, body) },
    { method: "GET", path: PROOF, handle: (request) => this.ask(request) },
    { method: "POST", path: PROOF, handle: (request, body) => this.proof(request, body) },
    { method: "POST", path: `${PREFIX}/login/webauthn`, handle: (request) => this.challenge(request) },
  ];

  /** Errors: MNO_LOGIN_REFUSED, MNO_RATE_LIMITED, MNO_OVERLOADED, MNO_ACCOUNT_DISABLED, MNO_RISK_UNAVAILABLE. */
  private async password(request: GatewayRequest, body: Buffer): Promise<Reply> {
    checkOwnPage(request);
    const { directory, throttle, completion, factors, sealed, origins } = this.deps;
    const fields = fieldsOf(request, body);
    const name = textIn(fields, "user", MOST_NAME);
    const password = textIn(fields, "password", MOST_PASSWORD);
    if (name === undefined || password === undefined) {
      throw new MnoError("MNO_REQUEST_MALFORMED", "The body must have user and password");
    }
    const returnTo = returnPath(fields.get("return_to"), origins.of(request));
    const userId = directory.idOf(name);
    await completion.attempt(userId, request);
    const user = directory.byName(name);
    const matches = await verifyPassword(password, user?.password ?? directory.decoy);
    if (!matches || user === undefined) {
      await completion.refuse(userId, "user or password wrong", request);
      throw new MnoError("MNO_LOGIN_REFUSED", "The user or the password is wrong");
    }
    const risk = await completion.assess(userId, request, samplesIn(fields));
    if (user.totp !== undefined || (await factors.authenticators(userId)).length > 0) {
      await throttle.advanced(this.attempt(userId, request));
      const assessed = risk === undefined ? {} : { assessmentId: risk.assessmentId };
      const state = await sealed.seal({ kind: "pending", userId, returnTo, ...assessed });
      return next(request, PROOF, [setCookie(request, LOGIN_COOKIE, state, STATE_SECONDS)]);
    }
    // Nothing stronger can be asked of this user: what was proved is as fresh as it gets.
    const cookies = await completion.login(directory.proofOf(userId, user, "password"), request, risk);
    await throttle.succeeded(this.attempt(userId, request));
    return next(request, returnTo, cookies);
  }

  /** Sends a session's user to prove again who they are. */
  async stepUp(session: Session, returnTo: string, request: GatewayRequest): Promise<Reply> {
    const { userId, id: sessionId } = session;
    const state = await this.deps.sealed.seal({ kind: "pending", userId, returnTo, sessionId });
    return redirect(PROOF, [setCookie(request, LOGIN_COOKIE, state, STATE_SECONDS)]);
  }

  private async ask(request: GatewayRequest): Promise<Reply> {
    const { state, user } = await this.pending(request);
    const webauthn = (await this.deps.factors.authenticators(state.userId)).length > 0;
    const totp = user.totp !== undefined;
    return proofPage({ webauthn, totp, password: this.mayProveByPassword(state, webauthn || totp) });
  }

  /** Who has no second factor proves again by the password: who stole the session has not got that. */
  private mayProveByPassword({ sessionId }: Pending, hasFactor: boolean): boolean {
    return sessionId !== undefined && !hasFactor;
  }

  private async challenge(request: GatewayRequest): Promise<Reply> {
    checkOwnPage(request);
    const { factors, sealed, origins } = this.deps;
    const { state } = await this.pending(request);
    const options = await factors.authenticationOptions(state.userId, { origin: origins.of(request) });
    const challenged = await sealed.seal({ ...state, challenge: options.challenge });
    return json(200, options, [setCookie(request, LOGIN_COOKIE, challenged, STATE_SECONDS)]);
  }

  private async proof(request: GatewayRequest, body: Buffer): Promise<Reply> {
    checkOwnPage(request);
    const { directory, throttle, completion } = this.deps;
    const { state, user, spend } = await this.pending(request);
    const { userId, returnTo, assessmentId } = state;
    await completion.attempt(userId, request);
    const assurance = await this.prove(request, fieldsOf(request, body), state, user);
    if (assurance === undefined) {
      await completion.refuse(userId, "second factor wrong", request);
      if (assessmentId !== undefined) completion.report(assessmentId, "step-up-failed");
      throw new MnoError("MNO_LOGIN_REFUSED", "The proof is wrong; a code is good once");
    }
    await spend();
    if (state.sessionId !== undefined) {
      const session = await this.sessionOf(state, request);
      const cookies = await completion.stepUp(session, assurance, request);
      await throttle.succeeded(this.attempt(userId, request));
      return next(request, returnTo, cookies);
    }
    // The risk of minutes ago is remembered by the assessment's id alone: the first request is assessed anew.
    const cookies = await completion.login(directory.proofOf(userId, user, assurance), request, undefined);
    await throttle.succeeded(this.attempt(userId, request));
    if (assessmentId !== undefined) completion.report(assessmentId, "step-up-passed");
    return next(request, returnTo, cookies);
  }

  private async prove(
    request: GatewayRequest,
    fields: ReadonlyMap<string, unknown>,
    state: Pending,
    user: DirectoryUser,
  ): Promise<Assurance | undefined> {
    const { factors, origins } = this.deps;
    const { userId, challenge } = state;
    const answer = fields.get("webauthn");
    if (answer !== undefined) {
      if (challenge === undefined) return undefined;
      const passed = await factors.checkAuthentication(userId, challenge, answer, { origin: origins.of(request) });
      return passed ? "phishing-resistant" : undefined;
    }
    const code = textIn(fields, "code", 6);
    if (code !== undefined) {
      return user.totp !== undefined && (await factors.checkTotp(userId, user.totp, code)) ? "mfa" : undefined;
    }
    const password = textIn(fields, "password", MOST_PASSWORD);
    const hasFactor = user.totp !== undefined || (await factors.authenticators(userId)).length > 0;
    if (password === undefined || !this.mayProveByPassword(state, hasFactor)) return undefined;
    return (await verifyPassword(password, user.password)) ? "password" : undefined;
  }

  private async pending(
    request: GatewayRequest,
  ): Promise<{ state: Pending; user: DirectoryUser; spend: () => Promise<void> }> {
    const { sealed, directory } = this.deps;
    const { state, spend } = await sealed.open("pending", readCookie(request, LOGIN_COOKIE));
    const user = directory.byId(state.userId);
    if (user === undefined) throw new MnoError("MNO_LOGIN_STATE_INVALID", "There is no such user any more");
    return { state, user, spend };
  }

  /** The session that is to be renewed must still be the browser's own. */
  private async sessionOf({ sessionId }: Pending, request: GatewayRequest): Promise<Session> {
    const session = await this.deps.completion.present(request);
    if (session !== undefined && session.id === sessionId) return session;
    throw new MnoError("MNO_SESSION_OVER", "The session ended meanwhile; log in again");
  }

  private attempt(userId: string, request: GatewayRequest) {
    return { userId, address: request.address, deviceSecret: readSecret(request, DEVICE_COOKIE) };
  }
}

/** Keystrokes come from a form as JSON text. What cannot be read says nothing about the user. */
function samplesIn(fields: ReadonlyMap<string, unknown>): Samples {
  const given = fields.get("keystrokes");
  if (typeof given !== "string") return typeof given === "object" && given !== null ? { keystrokes: given } : {};
  try {
    return given === "" ? {} : { keystrokes: JSON.parse(given) as unknown };
  } catch {
    return {};
  }
}
