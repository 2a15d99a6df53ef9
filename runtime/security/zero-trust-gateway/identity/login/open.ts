import type { Logger } from "pino";
import type { Clock } from "../../../../kernel/clock";
import type { Database } from "../../../../kernel/store/database";
import type { ReservedRoute } from "../../contracts";
import type { FailedIdentifications } from "../../limits/failures";
import type { LoginThrottle } from "../../limits/login-throttle";
import type { SessionEventContext } from "../../sessions/events";
import type { Sessions } from "../../sessions/sessions";
import type { Behaviour } from "../../signals/behaviour";
import type { ContinuousRisk } from "../../signals/risk-source";
import type { TrustedIssuer } from "../access-tokens";
import type { IdentityConfiguration } from "../configuration";
import type { Discovery } from "../discovery";
import type { FetchJson } from "../http-json";
import { DIRECTORY_PREFIX } from "../issuers";
import type { Once } from "../once";
import type { Subjects } from "../subjects";
import { Completion } from "./completion";
import { Directory } from "./directory";
import { DirectoryRoutes } from "./directory-routes";
import { OidcClient } from "./oidc-client";
import { OidcRoutes } from "./oidc-routes";
import type { Origins } from "./origins";
import { registrationRoutes } from "./registration-routes";
import { SealedState } from "./sealed";
import { SecondFactors } from "./second-factors";
import { SessionPages } from "./session-pages";

export interface LoginParts {
  readonly config: IdentityConfiguration;
  readonly log: Logger;
  readonly clock: Clock;
  readonly tracer: SessionEventContext["tracer"];
  readonly database: Database;
  readonly onCommit: () => void;
  readonly count: (outcome: "success" | "failure" | "step-up") => void;
  readonly sessions: Sessions;
  readonly subjects: Subjects;
  readonly throttle: LoginThrottle;
  readonly failures: FailedIdentifications;
  readonly risk: ContinuousRisk;
  readonly behaviour: Behaviour | undefined;
  readonly once: Once;
  readonly origins: Origins;
  readonly key: Buffer;
  readonly trusted: readonly TrustedIssuer[];
  readonly discovery: Discovery;
  readonly fetchJson: FetchJson;
}

/** The ways to log in that the configuration has. Errors: MNO_CONFIG_INVALID. */
export function openLogin(parts: LoginParts): { routes: readonly ReservedRoute[]; isPossible: boolean } {
  const { config, clock, once, sessions, origins, throttle, failures, database } = parts;
  const proofMilliseconds = config.MNO_ZTG_STEP_UP_SECONDS * 1000;
  const sealed = new SealedState(parts.key, once, clock);
  const completion = new Completion({ ...parts, sessionSeconds: config.MNO_ZTG_SESSION_SECONDS });
  const clients = parts.trusted.flatMap(({ issuer, keys }) => {
    const { clientId } = issuer;
    if (clientId === undefined) return [];
    const skewSeconds = config.MNO_ZTG_CLOCK_SKEW_SECONDS;
    return [new OidcClient({ ...parts, trusted: { issuer: { ...issuer, clientId }, keys }, skewSeconds })];
  });
  const directory = new Directory(config.MNO_ZTG_USERS, parts.trusted.length > 0 ? DIRECTORY_PREFIX : undefined);
  const isPossible = clients.length > 0 || !directory.isEmpty;
  if (!isPossible) return { routes: [], isPossible };

  const oidc = new OidcRoutes({ clients, completion, sessions, sealed, once, origins, failures, clock });
  const factors = new SecondFactors(database, once, clock);
  const builtIn = directory.isEmpty
    ? undefined
    : new DirectoryRoutes({ directory, factors, throttle, completion, sealed, origins });
  const pages = new SessionPages({ clients, oidc, directory: builtIn, completion, sessions, origins });
  const registration = { directory, factors, completion, sealed, origins, clock, proofMilliseconds };
  return {
    isPossible,
    routes: [
      ...pages.routes,
      ...(clients.length > 0 ? oidc.routes : []),
      ...(builtIn === undefined ? [] : [...builtIn.routes, ...registrationRoutes(registration)]),
    ],
  };
}
