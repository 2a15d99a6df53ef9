import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { MnoError } from "../../exports";
import { sibling } from "../../kernel/http/sibling";
import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { explainChanges } from "./changes";
import { type Configuration, CONFIGURATION } from "./configuration";
import { Decisions } from "./decisions";
import { Discovery } from "./discovery";
import { serveDns } from "./dns/server";
import { endpointEvent, EventQueue } from "./events";
import { createInstruments } from "./instruments";
import type { Observer } from "./observer";
import { Proxy } from "./proxy";
import { UpstreamRegistry, validateDeclared } from "./registry";
import { GlobalResolver } from "./resolver";
import { registerRoutes } from "./routes";
import { UpstreamStore } from "./store";
import { Waker } from "./wake";

const EMIT_MILLISECONDS = 1000;
const MEASURE_MILLISECONDS = 5000;
const DISCOVER_MILLISECONDS = 5000;

/** Takes requests for services, and spreads them over endpoints of any region, zone and kind; every replica serves. */
export const globalLoadBalancer: AgentDefinition<Configuration> = {
  name: "global-load-balancer",
  configuration: CONFIGURATION,
  start,
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, log, clock, database, outbox, http } = context;
  const declared = validateDeclared(config.MNO_GLB_UPSTREAMS);
  const tls = readTls(config);
  const store = new UpstreamStore(database);
  await store.migrate();
  await store.declare(declared, clock.now(), explainChanges);

  const instruments = createInstruments(context.metrics);
  const events = new EventQueue(log);
  const now = (): number => performance.now();
  const observer: Observer = {
    request: instruments.request,
    extra: instruments.extra,
    waited: instruments.waited,
    change(upstream, change) {
      instruments.changed(upstream, change);
      events.add(endpointEvent(upstream, change, clock.now(), now()));
      log.info({ upstream, change }, "an endpoint's state changed");
    },
    fault: (error) => log.error({ err: error }, "a request met a fault of the balancer"),
  };
  const waker = new Waker({ ...sibling(context.config, context.config.MNO_GLB_WAKE_URL), log, now });
  const proxy = new Proxy({
    ...(config.MNO_GLB_LISTEN === undefined ? {} : { listen: config.MNO_GLB_LISTEN }),
    ...(tls && { tls }),
    placement: {
      ...(config.MNO_GLB_REGION === undefined ? {} : { region: config.MNO_GLB_REGION }),
      ...(config.MNO_GLB_ZONE === undefined ? {} : { zone: config.MNO_GLB_ZONE }),
    },
    trustedProxies: config.MNO_GLB_TRUSTED_PROXIES,
    ...(config.MNO_GLB_COOKIE_SECRET === undefined ? {} : { cookieSecret: config.MNO_GLB_COOKIE_SECRET }),
    observer,
    decisions: new Decisions(() => clock.now(), randomBytes(4).toString("hex")),
    wake: (workload) => waker.wake(workload),
    now,
    random: context.random,
  });
  context.onStop(() => proxy.close());

  const discovery = new Discovery(
    {
      cluster: () => context.cluster,
      log,
      upstreams: () => proxy.list().map(({ spec }) => spec),
      publish: (upstream, endpoints) => proxy.discover(upstream, endpoints),
    },
    context.signal,
  );
  const registry = new UpstreamRegistry({
    store,
    proxy,
    log,
    now: () => clock.now(),
    onChange: () =>
      void discovery.refresh().catch((error: unknown) => log.warn({ err: error }, "the cluster does not answer")),
    onRemoved: (upstream) => void instruments.forget(upstream),
  });
  await registry.sync();
  const resolver = new GlobalResolver(proxy);
  registerRoutes(http, { registry, store, proxy, resolver, now: () => clock.now() });
  await proxy.open();
  if (config.MNO_GLB_LISTEN !== undefined) log.info({ address: proxy.address }, "the balancer takes requests");

  if (config.MNO_GLB_DNS_LISTEN !== undefined) {
    const dns = await serveDns(
      config.MNO_GLB_DNS_LISTEN,
      (name, query) => resolver.ofHost(name, query),
      (error) => log.warn({ err: error }, "a DNS answer could not be sent"),
    );
    context.onStop(() => dns.close());
  }

  context.every("sync upstreams", config.MNO_GLB_SYNC_SECONDS * 1000, () => registry.sync());
  context.every("discover endpoints", DISCOVER_MILLISECONDS, () => discovery.refresh());
  context.every("measure", MEASURE_MILLISECONDS, async () => {
    resolver.observe();
    await instruments.measure(proxy.list());
  });
  const emit = (): Promise<void> =>
    events.flush(async (batch) => {
      await store.emit(batch);
      outbox.nudge();
    });
  context.every("emit events", EMIT_MILLISECONDS, emit);
  context.onStop(emit);
  // Once started it is ready: upstreams are in memory, and requests must not stop because the database has.
}

/** Errors: MNO_CONFIG_INVALID. */
function readTls({
  MNO_GLB_TLS_KEY_FILE: keyFile,
  MNO_GLB_TLS_CERTIFICATE_FILE: certificateFile,
}: Configuration): { key: string; certificate: string } | undefined {
  if (keyFile === undefined && certificateFile === undefined) return undefined;
  if (keyFile === undefined || certificateFile === undefined) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      "MNO_GLB_TLS_KEY_FILE and MNO_GLB_TLS_CERTIFICATE_FILE belong together: one is missing",
    );
  }
  try {
    return { key: readFileSync(keyFile, "utf8"), certificate: readFileSync(certificateFile, "utf8") };
  } catch (error) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `The listener's key or certificate cannot be read: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
