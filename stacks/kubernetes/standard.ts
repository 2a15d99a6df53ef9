import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  Cache,
  Database,
  type DatabaseArgs,
  EventBackbone,
  type FabricArgs,
  Gateway,
  type KubernetesAgent,
  MeshKind,
  type ResourceRequestsArgs,
  ScalabilityFabric,
  SecurityFabric,
  ServiceMesh,
  SustainabilityFabric,
} from "../../components";
import { type EngineName, ENGINES, PORTS } from "../../runtime/exports";
import { BALANCER_PORT, balanced } from "../balancer";
import { AUTHORITY } from "./certificates";
import { demoScalers, protectionOf } from "./demo";
import { type Foundation, foundation } from "./foundation";
import { allowTraces } from "./traces";
import { observe, scrapersNamespace, tracesEndpoint } from "./observe";
import type { Platform } from "./platform";
import { Footprint, Operators, Profile, type Settings } from "./settings";

const GIB = 2 ** 30;
/** Service of the zero-trust gateway. */
const GATEWAY = "security-zero-trust-gateway";
/** Engines that reach the replicas of workloads: for their metrics, or with requests. */
const CALLERS: readonly EngineName[] = ["auto-scaling-engine", "global-load-balancer", "performance-optimizer"];

/** One Deployment per engine, on PostgreSQL, NATS and a cache that survive the loss of a node; with `full`, in a mesh. */
export function standard(settings: Settings): Platform {
  const full = settings.profile === Profile.Full;
  const mesh = full ? MeshKind.IstioAmbient : MeshKind.None;
  const base = foundation(settings, mesh);
  const meshed = full ? [serviceMesh(settings, base)] : [];
  const after = { dependsOn: [...base.ready, ...meshed] };
  const { images, namespace, protect, storageClassName } = settings;
  const common = {
    namespace,
    mesh,
    protect,
    priorityClassName: base.classes.critical,
    ...(storageClassName !== undefined && { storageClassName }),
  };
  const tls = { issuer: base.issuer };
  const apiServer = settings.apiServerCidrs && { apiServerCidrs: settings.apiServerCidrs };
  const trial = settings.footprint === Footprint.Trial;
  const ask = (cpuCores: number, mebibytes: number): { requests?: ResourceRequestsArgs } =>
    trial ? { requests: { cpuCores, memoryBytes: mebibytes * 2 ** 20 } } : {};

  const events = new EventBackbone(
    "events",
    { ...common, ...ask(0.05, 192), tls, ...(images.nats !== undefined && { image: images.nats }) },
    after,
  );
  const cache = new Cache(
    "cache",
    { ...common, ...ask(0.05, 128), tls, ...(images.valkey !== undefined && { image: images.valkey }) },
    after,
  );
  const database = new Database(
    "database",
    {
      ...common,
      ...ask(0.05, 512),
      storageBytes: 20 * GIB,
      ...apiServer,
      ...durability(settings),
      ...operatorOf(settings),
    },
    after,
  );
  const observability = observe(settings, base, full);
  const otlpEndpoint = tracesEndpoint(settings);

  const engines: FabricArgs = {
    namespace,
    mesh,
    image: images.runtime,
    ...ask(0.025, 384),
    databaseUrl: database.urlSecret,
    busUrl: { secretName: events.credentialsSecretNames.apply((names) => names["mno"] ?? ""), key: "url" },
    streamReplicas: events.streamReplicas,
    cacheUrl: { secretName: cache.credentialsSecretName, key: "url" },
    authority: { secretName: events.certificateSecretName },
    monitoringNamespace: scrapersNamespace(settings),
    priorityClassName: base.classes.critical,
    ...apiServer,
    ...(otlpEndpoint !== undefined && { otlpEndpoint }),
  };
  const whenStored = { dependsOn: [...after.dependsOn, events, cache, database, observability] };
  const scalability = new ScalabilityFabric(
    "scalability",
    {
      ...engines,
      configuration: { ...balanced(settings.demo), ...demoScalers(settings) },
      ...(settings.apiToken && { apiToken: settings.apiToken }),
    },
    whenStored,
  );
  const sustainability = new SustainabilityFabric(
    "sustainability",
    {
      ...engines,
      // One token for the platform: an engine of one fabric may ask one of the other to act.
      apiToken: scalability.apiToken,
      performanceOptimizerUrl: `http://scalability-performance-optimizer.${namespace}.svc:${String(PORTS.api)}`,
      ...(settings.region !== undefined && { region: settings.region }),
      ...(settings.intensity && { intensity: settings.intensity }),
    },
    whenStored,
  );
  const security = new SecurityFabric(
    "security",
    {
      ...engines,
      apiToken: scalability.apiToken,
      protect,
      ...protectionOf(settings, `http://scalability-global-load-balancer.${namespace}.svc:${String(PORTS.balancer)}`),
    },
    whenStored,
  );
  const byEngine = new Map<EngineName, KubernetesAgent>([
    ...scalability.agents,
    ...sustainability.agents,
    ...security.agents,
  ]);
  const agents = [...byEngine.values()];
  const [energy, optimizer] = (["energy-optimizer", "performance-optimizer"] as const).map((it) => byEngine.get(it));
  if (energy && optimizer) energy.connections.allowTo(optimizer);
  const [decider, balancer] = (["zero-trust-gateway", "global-load-balancer"] as const).map((it) => byEngine.get(it));
  if (decider && balancer) decider.connections.allowTo(balancer, { ports: [BALANCER_PORT.name] });
  allowTraces(otlpEndpoint, agents);
  for (const agent of agents) {
    for (const store of [events, cache, database]) agent.connections.allowTo(store);
  }

  const gateway = new Gateway(
    "gateway",
    {
      namespace,
      hostnames: [settings.hostname],
      className: settings.gatewayClass,
      tls: { issuer: AUTHORITY, issuerKind: "Issuer" },
      routes: [
        ...[...byEngine.keys()].map((engine) => ({
          name: engine,
          pathPrefix: `/${engine}`,
          service: `${ENGINES[engine].fabric}-${engine}`,
          port: PORTS.api,
        })),
        // Everything else is for the services behind the gateway that decides, and the balancer behind that.
        { name: "services", pathPrefix: "/", service: GATEWAY, port: PORTS.gateway },
      ],
    },
    after,
  );
  for (const agent of agents) gateway.connections.allowTo(agent);

  const callers = [...byEngine].filter(([engine]) => CALLERS.includes(engine)).map(([, agent]) => agent);
  const url = pulumi.interpolate`https://${settings.hostname}`;
  return {
    namespace: base.namespace,
    mesh,
    callers,
    priorityClassName: base.classes.standard,
    urls: {
      apiUrl: url,
      metricsUrl: observability.prometheusUrl,
      gatewayUrl: url,
      engineUrls: pulumi
        .all([scalability.urls, sustainability.urls, security.urls])
        .apply((urls) => Object.assign({}, ...urls)),
      balancerUrl: scalability.balancerUrl,
      decisionsUrl: security.decisionsUrl,
    },
  };
}

function serviceMesh({ chartDirectory, images, awaitCharts, namespace }: Settings, { ready }: Foundation): ServiceMesh {
  const { istioHub: hub, istioTag: tag, istioPilot: pilot, istioCni: cni, istioZtunnel: ztunnel } = images;
  const given = Object.entries({ hub, tag, pilot, cni, ztunnel }).filter(([, image]) => image !== undefined);
  return new ServiceMesh(
    "mesh",
    {
      wait: awaitCharts,
      authorizer: { host: `${GATEWAY}.${namespace}.svc.cluster.local` },
      ...(chartDirectory !== undefined && { charts: { directory: join(chartDirectory, "istio") } }),
      images: Object.fromEntries(given),
    },
    { dependsOn: ready },
  );
}

function durability({ backup, noBackupBecause }: Settings): Partial<Pick<DatabaseArgs, "backup" | "noBackupBecause">> {
  return backup === undefined ? { noBackupBecause: noBackupBecause ?? "" } : { backup: { store: backup } };
}

function operatorOf({ operators, namespace }: Settings): Partial<Pick<DatabaseArgs, "operatorNamespace">> {
  return operators === Operators.Install ? { operatorNamespace: `${namespace}-operators` } : {};
}
