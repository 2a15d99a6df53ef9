import { hkdfSync } from "node:crypto";
import type { KernelConfiguration } from "../../../kernel/config";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { sibling } from "../../../kernel/http/sibling";
import type { ReservedRoute } from "../contracts";
import { openCounters } from "../limits/counters";
import { FailedIdentifications } from "../limits/failures";
import { limitHeaders } from "../limits/headers";
import { RequestLimiter } from "../limits/limiter";
import { LoginThrottle } from "../limits/login-throttle";
import { Changes, POLL_MILLISECONDS } from "../sessions/changes";
import { sessionRoutes } from "../sessions/routes";
import { Sessions } from "../sessions/sessions";
import { SessionStore } from "../sessions/store";
import { HttpBehaviour } from "../signals/behaviour";
import { Intake } from "../signals/intake";
import { signalsRoute } from "../signals/receiver";
import { RiskStore } from "../signals/risk-store";
import { ContinuousRisk } from "../signals/risk-source";
import { SecurityEventTokens } from "../signals/security-event-tokens";
import { freshProof, stepUpRequired } from "../signals/step-up";
import { AccessTokens } from "./access-tokens";
import type { IdentityConfiguration } from "./configuration";
import { Discovery } from "./discovery";
import { DpopProofs } from "./dpop";
import { fetchJson } from "./http-json";
import { GatewayIdentifier } from "./identifier";
import { createIdentityInstruments } from "./instruments";
import { checkIssuers, trustedIssuer, trustedTransmitter } from "./issuers";
import { openLogin } from "./login/open";
import { Origins } from "./login/origins";
import { sharedKey } from "./login/sealed";
import { IDENTITY_MIGRATIONS } from "./migrations";
import { Once } from "./once";
import type { GatewayIdentity, IdentityContext, IdentityOptions } from "./parts";
import { refusalHeaders } from "./refusals";
import { Subjects } from "./subjects";

const PRUNE_MILLISECONDS = 60_000;
const CONSUMER = "zero-trust-gateway-risk";

/**
 * Opens identity, sessions, signals and limits on the gateway's context, and adds `/v1/sessions` to its HTTP application.
 * Errors: MNO_CONFIG_INVALID.
 */
export async function openIdentity(context: IdentityContext, options: IdentityOptions): Promise<GatewayIdentity> {
  const { config, log, clock, http, metrics, tracer, bus, outbox, database } = context;
  checkIssuers(config, options.loopback);
  await database.migrate("zero-trust-gateway-identity", IDENTITY_MIGRATIONS);
  const instruments = createIdentityInstruments(metrics);
  const onCommit = (): void => outbox.nudge();
  const skewSeconds = config.MNO_ZTG_CLOCK_SKEW_SECONDS;
  const proofMilliseconds = config.MNO_ZTG_STEP_UP_SECONDS * 1000;

  const changes = new Changes(database, clock, log);
  const once = new Once(database, clock);
  const subjects = new Subjects(database, changes, clock);
  const sessions = new Sessions({
    store: new SessionStore(database),
    changes,
    clock,
    tracer,
    onCommit,
    count: instruments.session,
    limits: {
      idleMilliseconds: config.MNO_ZTG_SESSION_IDLE_SECONDS * 1000,
      absoluteMilliseconds: config.MNO_ZTG_SESSION_SECONDS * 1000,
      perUser: config.MNO_ZTG_SESSIONS_PER_USER,
    },
  });

  const risks = new RiskStore(database, changes, clock);
  const behaviour =
    config.MNO_ZTG_ASSESSMENT === "off"
      ? undefined
      : new HttpBehaviour({
          ...sibling(config, config.MNO_ZTG_RUNTIME_URL),
          clock,
          carrier: () => tracer.carrier(),
          observe: instruments.assessed,
        });
  const risk = new ContinuousRisk({
    store: risks,
    sessions,
    behaviour,
    clock,
    assessmentMilliseconds: config.MNO_ZTG_ASSESSMENT_SECONDS * 1000,
    proofMilliseconds,
  });
  changes.onChange((change) => risk.forget(change));

  const discovery = new Discovery(fetchJson);
  const trusted = config.MNO_ZTG_ISSUERS.map((issuer) => trustedIssuer(issuer, discovery, fetchJson, clock));
  const urls = config.MNO_ZTG_PUBLIC_URLS.length > 0 ? config.MNO_ZTG_PUBLIC_URLS : options.origins;
  const origins = new Origins(new Set(urls.map((url) => new URL(url).origin)));
  const key =
    config.MNO_ZTG_COOKIE_KEY === undefined
      ? await sharedKey(database, "login")
      : Buffer.from(config.MNO_ZTG_COOKIE_KEY, "base64url");
  const proofs = new DpopProofs({
    clock,
    once,
    skewSeconds,
    windowSeconds: config.MNO_ZTG_DPOP_SECONDS,
    origins: origins.all,
    ...(config.MNO_ZTG_DPOP_NONCE && { nonceKey: Buffer.from(hkdfSync("sha256", key, "", "dpop nonce", 32)) }),
  });
  const { MNO_CACHE_URL, MNO_CACHE_CA } = config as IdentityConfiguration & Partial<KernelConfiguration>;
  const counters = openCounters({ url: MNO_CACHE_URL, ca: MNO_CACHE_CA }, database, log);
  context.onStop(() => counters.close());
  const limiter = new RequestLimiter(
    {
      principal: config.MNO_ZTG_LIMIT_PRINCIPAL,
      address: config.MNO_ZTG_LIMIT_ADDRESS,
      routes: config.MNO_ZTG_LIMIT_ROUTES,
    },
    counters,
    instruments.limited,
  );
  const failures = new FailedIdentifications({
    quota: config.MNO_ZTG_LIMIT_FAILURES,
    counter: (quota) => counters.counter(quota),
    clock,
    refused: instruments.limited,
  });
  const throttle = new LoginThrottle(counters, database, clock, failures);
  const identifier = new GatewayIdentifier({
    tokens: new AccessTokens(trusted, clock, skewSeconds),
    proofs,
    sessions,
    subjects,
    trustDomains: config.MNO_ZTG_TRUST_DOMAINS,
    failures,
    clock,
  });

  const login = openLogin({
    ...{ config, log, clock, tracer, database, onCommit, count: instruments.login },
    ...{ sessions, subjects, throttle, failures, risk, behaviour, once, origins, key, trusted, discovery, fetchJson },
  });
  const intake = new Intake({ database, once, sessions, subjects, risks, changes, clock, onCommit });
  const transmitters = config.MNO_ZTG_TRANSMITTERS.map((one) => trustedTransmitter(one, discovery, fetchJson, clock));
  const signals = signalsRoute({
    tokens: new SecurityEventTokens(transmitters, clock, skewSeconds),
    intake,
    issuers: config.MNO_ZTG_ISSUERS,
    log,
    count: instruments.signal,
  });

  sessionRoutes(http, sessions);
  await changes.poll();
  context.every("look at revocations", POLL_MILLISECONDS, async () => {
    // As it was before this look: what a look that hangs or fails lets it grow to.
    instruments.changesAge(changes.ageMilliseconds / 1000);
    await changes.poll();
  });
  context.every("prune identity", PRUNE_MILLISECONDS, async () => {
    failures.prune();
    await Promise.all([once.prune(), sessions.prune(), risks.prune(), changes.prune(), throttle.prune()]);
  });
  // One replica at a time consumes; the others learn of it as of any change.
  const subscription = await bus.subscribe({ consumer: CONSUMER, types: ["mno.security.risk.changed"] }, (event) =>
    intake.riskChanged(event as CloudEvent<"mno.security.risk.changed">),
  );
  context.onStop(() => subscription.close());

  const routes: readonly ReservedRoute[] = [...login.routes, signals];
  return {
    identifier,
    risk,
    limiter,
    routes,
    stepUp({ type, session, attributes }) {
      if (type !== "User") return undefined;
      const now = clock.now();
      const provedAt = session?.authenticatedAt ?? attributes.authenticatedAt;
      const assurance = session?.assurance ?? String(attributes.assurance);
      const proved = { authenticatedAt: typeof provedAt === "number" ? provedAt : -Infinity, assurance };
      if (freshProof(proved, now, proofMilliseconds)) return undefined;
      return stepUpRequired("The policy wants a fresh proof", proofMilliseconds);
    },
    headersOf: (error, request) => refusalHeaders(error, request, proofs, login.isPossible),
    limitHeaders,
    onChange: (listener) => changes.onChange(listener),
  };
}
