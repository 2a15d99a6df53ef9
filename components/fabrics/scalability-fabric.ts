import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { ENGINE_NAMES, ENGINES, type EngineName, PORTS } from "../../runtime/exports";
import { AgentTarget } from "../workload/agent";
import type { ResourceRequestsArgs } from "../workload/types";
import type { AgentAuthorityArgs } from "../workload/kubernetes/agent-types";
import { KubernetesAgent } from "../workload/kubernetes/agent";
import type { MeshKind } from "../mesh/kinds";

/** One key of a Secret that exists in the fabric's namespace. */
export interface SecretKeyArgs {
  /** Name of the Secret. */
  secretName: pulumi.Input<string>;
  /** Key within it. */
  key: pulumi.Input<string>;
}

export interface ScalabilityFabricArgs {
  /** Namespace, which exists; the engines run in it and work on its workloads. */
  namespace: pulumi.Input<string>;
  /** The runtime's image, pinned by digest; `npm run image` makes it. */
  image: pulumi.Input<string>;
  /** Where the `postgres://` URL of the database is. */
  databaseUrl: SecretKeyArgs;
  /** Where the `nats://` or `tls://` URL of the event backbone is. */
  busUrl: SecretKeyArgs;
  /** Copies that the backbone keeps of each stream, as `EventBackbone.streamReplicas` gives it. Default 1. */
  streamReplicas?: pulumi.Input<number>;
  /** Where the URL of the second cache level is. Default: none. */
  cacheUrl?: SecretKeyArgs;
  /** Certificate authority of those three. Default: the public ones. */
  authority?: AgentAuthorityArgs;
  /** Bearer token that writes must carry, at least 16 characters. Default: one is made; see the output `apiToken`. */
  apiToken?: pulumi.Input<string>;
  /** What one replica asks for. Default a quarter of a core and 384 MiB. */
  requests?: pulumi.Input<ResourceRequestsArgs>;
  /** Replicas of each engine, of which one leads. Default 2. */
  replicas?: pulumi.Input<number>;
  /** Further configuration of the engines by key, as docs/configuration.md lists it. */
  configuration?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Base URL of an OTLP/HTTP collector. Default: no traces. */
  otlpEndpoint?: pulumi.Input<string>;
  /** Namespace of the Prometheus that scrapes the engines; makes PodMonitors. Default: none scrapes. */
  monitoringNamespace?: string;
  /** Address ranges of the Kubernetes API server. Default: any address, at ports 443 and 6443. */
  apiServerCidrs?: string[];
  /** Name of the PriorityClass. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** The mesh that carries the traffic. Default `none`. */
  mesh?: MeshKind;
  /** Labels of everything the component makes, pods included. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** A field would be part of the package's schema. */
const made = new WeakMap<ScalabilityFabric, ReadonlyMap<EngineName, KubernetesAgent>>();

const BALANCER_PORT = { name: "balancer", port: PORTS.balancer };

const TARGETS = Object.values(AgentTarget);

/** The engines of the scalability fabric, one Deployment each, on a shared database and event backbone. */
export class ScalabilityFabric extends pulumi.ComponentResource {
  /** Engine -> base URL of its agent. */
  readonly urls: pulumi.Output<{ [engine: string]: string }>;
  /** Bearer token that writes to the engines must carry; secret. */
  readonly apiToken: pulumi.Output<string>;
  /** Where the global load balancer takes requests. */
  readonly balancerUrl: pulumi.Output<string>;

  constructor(name: string, args: ScalabilityFabricArgs, opts?: pulumi.ComponentResourceOptions) {
    const { apiToken, ...open } = args;
    const given = apiToken === undefined ? undefined : pulumi.secret(apiToken);
    super("machine-native-ops:index:ScalabilityFabric", name, { ...open, ...(given && { apiToken: given }) }, opts);
    this.apiToken =
      given ?? new random.RandomPassword(`${name}-api-token`, { length: 40, special: false }, { parent: this }).result;
    const { databaseUrl, busUrl, cacheUrl, streamReplicas = 1, ...same } = open;
    const api = (engine: EngineName): pulumi.Output<string> =>
      pulumi.interpolate`http://${name}-${engine}.${args.namespace}.svc:${PORTS.api}`;
    const configuration = pulumi
      .all([args.configuration, streamReplicas, api("auto-scaling-engine")])
      .apply(([own, replicas, wakeUrl]) => ({
        MNO_GLB_WAKE_URL: wakeUrl,
        ...own,
        MNO_BUS_REPLICAS: String(replicas),
        MNO_GLB_LISTEN: `0.0.0.0:${String(PORTS.balancer)}`,
      }));
    const references = { MNO_DATABASE_URL: databaseUrl, MNO_BUS_URL: busUrl, MNO_CACHE_URL: cacheUrl };
    const secretReferences = Object.entries(references).flatMap(([variable, reference]) =>
      reference === undefined ? [] : [{ variable, secretName: reference.secretName, key: reference.key }],
    );
    const engines = ENGINE_NAMES.filter((engine) => ENGINES[engine].fabric === "scalability");
    const agents = new Map(
      engines.map((engine) => {
        const target = TARGETS.find((each) => each === engine) ?? AgentTarget.All;
        const ports = engine === "global-load-balancer" ? [BALANCER_PORT] : [];
        const agentArgs = { ...same, ports, configuration, target, secretReferences, apiToken: this.apiToken };
        return [engine, new KubernetesAgent(`${name}-${engine}`, agentArgs, { parent: this })] as const;
      }),
    );
    made.set(this, agents);
    const [balancer, scaler] = (["global-load-balancer", "auto-scaling-engine"] as const).map((it) => agents.get(it));
    // A request for a workload at zero wakes it up.
    if (balancer && scaler) balancer.connections.allowTo(scaler);
    this.urls = pulumi.output(Object.fromEntries([...agents].map(([engine, { url }]) => [engine, url])));
    this.balancerUrl = pulumi.interpolate`http://${name}-global-load-balancer.${args.namespace}.svc:${PORTS.balancer}`;
    this.registerOutputs({ urls: this.urls, apiToken: this.apiToken, balancerUrl: this.balancerUrl });
  }

  /** The engines' agents, to say in sentences whom they may call and who may call them. */
  get agents(): ReadonlyMap<EngineName, KubernetesAgent> {
    return made.get(this) ?? new Map();
  }
}
