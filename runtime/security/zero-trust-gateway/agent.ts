import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { MnoError } from "../../exports";
import { isLoopback } from "../../kernel/http/access";
import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import type { ListenerTls } from "../../kernel/proxy/listener";
import { type Configuration, CONFIGURATION } from "./configuration";
import { DataPlane } from "./data-plane";
import { AssertionSigner } from "./forwarding/assertion";
import { openIdentity } from "./identity/open";
import { openInspection } from "./inspect";
import { createInstruments } from "./instruments";
import { openPolicy } from "./policy";
import { registerRoutes } from "./routes";
import { RouteRegistry } from "./routing/registry";
import { RouteStore } from "./routing/store";
import { validateRoutes } from "./routing/validate";

const TELL_MILLISECONDS = 250;

/** Lets through what a policy allows, and nothing else; every replica serves. */
export const zeroTrustGateway: AgentDefinition<Configuration> = {
  name: "zero-trust-gateway",
  configuration: CONFIGURATION,
  start,
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, log, clock, database, bus, http, tracer } = context;
  const declared = validateRoutes(config.MNO_ZTG_ROUTES);
  const tls = readTls(config);
  const signer = await AssertionSigner.open(readPem(config, "MNO_ZTG_ASSERTION_KEY_FILE"));
  const store = new RouteStore(database);
  await store.migrate();
  await store.declare(declared);

  const policy = await openPolicy(context);
  policy.routes(http);
  const identity = await openIdentity(context, origins(config.MNO_ZTG_LISTEN, tls !== undefined));
  const registry: RouteRegistry = new RouteRegistry({
    store,
    log,
    time: () => clock.now(),
    apply: (routes) => plane.apply(routes),
  });
  const inspection = await openInspection(context, (request) => {
    const route = plane.routeOf(request);
    const operation = route === undefined ? undefined : registry.validatorOf(route)?.operationOf(request);
    return operation === undefined ? undefined : `${route ?? ""} ${operation}`;
  });
  const plane = new DataPlane(
    {
      listen: config.MNO_ZTG_LISTEN,
      extAuthzListen: config.MNO_ZTG_EXT_AUTHZ_LISTEN,
      extAuthzGrpcListen: config.MNO_ZTG_EXT_AUTHZ_GRPC_LISTEN,
      extAuthzPrefix: config.MNO_ZTG_EXT_AUTHZ_PREFIX,
      tls,
      trustedProxies: config.MNO_ZTG_TRUSTED_PROXIES,
      parts: {
        identity,
        decisions: policy.decisions,
        ...inspection,
        validatorOf: (route) => registry.validatorOf(route),
        rulesOf: (route) => registry.rulesOf(route),
      },
      csrfKey: csrfKey(config.MNO_ZTG_CSRF_SECRET),
      partMilliseconds: config.MNO_ZTG_PART_SECONDS * 1000,
      renewMilliseconds: config.MNO_ZTG_RENEW_SECONDS * 1000,
      mostRequests: config.MNO_ZTG_MAXIMUM_REQUESTS,
      contentBytes: config.MNO_ZTG_CONTENT_BYTES,
      decisionsKept: config.MNO_ZTG_DECISIONS_KEPT,
      tellAllowed: config.MNO_ZTG_DECISION_EVENTS === "all",
      instruments: createInstruments(context.metrics),
      tracer,
      log,
      clock,
    },
    signer,
  );
  const tell = (): Promise<void> => plane.journal.flush((events) => bus.publish(events));
  context.onStop(tell);
  context.onStop(() => plane.close(config.MNO_ZTG_DRAIN_SECONDS * 1000));
  policy.onChange(() => void plane.live.expire());
  await registry.sync();
  registerRoutes(http, { plane, registry, store, events: policy.events, policyVersion: () => policy.version() });
  await plane.open();
  log.info({ ...plane.addresses }, "the gateway takes requests");

  context.every("sync routes", config.MNO_ZTG_ROUTES_SYNC_SECONDS * 1000, () => registry.sync());
  context.every("tell decisions", TELL_MILLISECONDS, tell);
}

/** The signing key of tokens, of whatever length the secret is. */
function csrfKey(secret: string | undefined): Buffer {
  return secret === undefined ? randomBytes(32) : createHash("sha256").update(`mno-csrf-key-1 ${secret}`).digest();
}

/** Where clients reach the listener, as far as its address tells. */
function origins(listen: string | undefined, secure: boolean): { origins: string[]; loopback: boolean } {
  if (listen === undefined) return { origins: [], loopback: false };
  const host = listen.slice(0, listen.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const port = listen.slice(listen.lastIndexOf(":") + 1);
  const loopback = isLoopback(host);
  const names = loopback
    ? [...new Set(["localhost", "127.0.0.1", host])]
    : host === "0.0.0.0" || host === "::"
      ? []
      : [host];
  const scheme = secure ? "https" : "http";
  return { origins: names.map((name) => `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`), loopback };
}

/** Errors: MNO_CONFIG_INVALID. */
function readTls(config: Configuration): ListenerTls | undefined {
  const key = readPem(config, "MNO_ZTG_TLS_KEY_FILE");
  const certificate = readPem(config, "MNO_ZTG_TLS_CERTIFICATE_FILE");
  const clientAuthority = readPem(config, "MNO_ZTG_TLS_CLIENT_AUTHORITY_FILE");
  if (key !== undefined && certificate !== undefined) {
    return { key, certificate, ...(clientAuthority !== undefined && { clientAuthority }) };
  }
  if (key === undefined && certificate === undefined && clientAuthority === undefined) return undefined;
  throw new MnoError(
    "MNO_CONFIG_INVALID",
    "MNO_ZTG_TLS_KEY_FILE and MNO_ZTG_TLS_CERTIFICATE_FILE belong together, and to MNO_ZTG_TLS_CLIENT_AUTHORITY_FILE: one is missing",
  );
}

/** Errors: MNO_CONFIG_INVALID. */
function readPem(
  config: Configuration,
  key:
    | "MNO_ZTG_ASSERTION_KEY_FILE"
    | "MNO_ZTG_TLS_KEY_FILE"
    | "MNO_ZTG_TLS_CERTIFICATE_FILE"
    | "MNO_ZTG_TLS_CLIENT_AUTHORITY_FILE",
): string | undefined {
  const path = config[key];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new MnoError("MNO_CONFIG_INVALID", `${key} names a file that cannot be read (${code})`, { cause: error });
  }
}
