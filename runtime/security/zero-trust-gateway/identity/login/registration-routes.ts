import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import type { GatewayRequest, Reply, ReservedRoute } from "../../contracts";
import { LOGIN_COOKIE, readCookie, setCookie } from "../../sessions/cookie";
import { DIRECTORY, type Session } from "../../sessions/session";
import { freshProof, stepUpRequired } from "../../signals/step-up";
import type { Completion } from "./completion";
import type { Directory } from "./directory";
import { checkOwnPage, fieldsOf, json, PREFIX } from "./exchange";
import type { Origins } from "./origins";
import { type SealedState, STATE_SECONDS } from "./sealed";
import type { SecondFactors } from "./second-factors";

export interface RegistrationDependencies {
  readonly directory: Directory;
  readonly factors: SecondFactors;
  readonly completion: Completion;
  readonly sealed: SealedState;
  readonly origins: Origins;
  readonly clock: Clock;
  readonly proofMilliseconds: number;
}

/**
 * Adds an authenticator to a built-in user. Who just proved who they are may; by the strongest factor that the user has, or a
 * stolen password would be enough to add one's own.
 */
export function registrationRoutes(deps: RegistrationDependencies): readonly ReservedRoute[] {
  const { factors, sealed, origins } = deps;
  return [
    {
      method: "POST",
      path: `${PREFIX}/webauthn/options`,
      async handle(request) {
        const session = await owner(deps, request);
        const options = await factors.registrationOptions(session.userId, { origin: origins.of(request) });
        const { challenge } = options;
        const state = await sealed.seal({ kind: "registration", sessionId: session.id, challenge });
        return json(200, options, [setCookie(request, LOGIN_COOKIE, state, STATE_SECONDS)]);
      },
    },
    {
      method: "POST",
      path: `${PREFIX}/webauthn`,
      async handle(request, body): Promise<Reply> {
        const session = await owner(deps, request);
        const { state, spend } = await sealed.open("registration", readCookie(request, LOGIN_COOKIE));
        if (state.sessionId !== session.id) throw new MnoError("MNO_LOGIN_STATE_INVALID", "Begin anew in this session");
        await spend();
        const answer = fieldsOf(request, body).get("webauthn");
        await factors.register(session.userId, state.challenge, answer, { origin: origins.of(request) });
        return json(201, { registered: true }, [setCookie(request, LOGIN_COOKIE, "", 0)]);
      },
    },
  ];
}

async function owner(deps: RegistrationDependencies, request: GatewayRequest): Promise<Session> {
  checkOwnPage(request);
  const session = await deps.completion.present(request);
  if (session === undefined) throw new MnoError("MNO_UNAUTHENTICATED", "Log in first");
  const user = session.source === DIRECTORY ? deps.directory.byId(session.userId) : undefined;
  if (user === undefined) throw new MnoError("MNO_NOT_FOUND", "Authenticators of this user are its issuer's");
  const hasFactor = user.totp !== undefined || (await deps.factors.authenticators(session.userId)).length > 0;
  const fresh = freshProof(session, deps.clock.now(), deps.proofMilliseconds);
  if (!fresh || (hasFactor && session.assurance === "password")) {
    throw stepUpRequired("An authenticator is added to the account", deps.proofMilliseconds);
  }
  return session;
}
