import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type EngineName, PORTS } from "../../runtime/exports";
import type { MeshKind } from "../mesh/kinds";
import { AgentTarget } from "../workload/agent";
import { KubernetesAgent } from "../workload/kubernetes/agent";
import type { AgentAuthorityArgs, AgentTlsArgs, KubernetesAgentArgs } from "../workload/kubernetes/agent-types";
import type { SecretReferenceArgs } from "../workload/kubernetes/container-types";
import type { ResourceRequestsArgs } from "../workload/types";

/** One key of a Secret that exists in the fabric's namespace. */
export interface SecretKeyArgs {
  /** Name of the Secret. */
  secretName: pulumi.Input<string>;
  /** Key within it. */
  key: pulumi.Input<string>;
}

/** What the engines of any fabric need to run on Kubernetes. */
export interface FabricArgs {
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
  /** Certificate of all engines, with the names `<fabric>-<engine>.<namespace>.svc` and `localhost`. Default: plain HTTP. */
  tls?: AgentTlsArgs;
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

/** What one engine has beside what all of a fabric have. */
interface EngineParts extends Pick<KubernetesAgentArgs, "ports" | "files" | "secretConfiguration"> {
  defaults?: Record<string, pulumi.Input<string>>;
  secretReferences?: readonly SecretReferenceArgs[];
}

interface FabricParts<E extends EngineName> {
  engines: readonly E[];
  args: FabricArgs;
  /** What the engines are told unless the user says otherwise. */
  defaults?: Record<string, pulumi.Input<string>>;
  /** What the component's own objects rely on; the user cannot change it. */
  fixed?: Record<string, pulumi.Input<string>>;
  own?: { readonly [engine in E]?: EngineParts };
}

interface FabricAgents<E extends EngineName> {
  agents: ReadonlyMap<E, KubernetesAgent>;
  apiToken: pulumi.Output<string>;
  urls: pulumi.Output<{ [engine: string]: string }>;
}

const TARGETS = Object.values(AgentTarget);

/** The arguments as state may see them. */
export function withSecretToken<A extends FabricArgs>(args: A): A {
  return args.apiToken === undefined ? args : { ...args, apiToken: pulumi.secret(args.apiToken) };
}

/** Where the agent of an engine of the fabric `name` answers in the cluster. */
export function engineUrl(
  name: string,
  engine: EngineName,
  { namespace, tls }: Pick<FabricArgs, "namespace" | "tls">,
): pulumi.Output<string> {
  return pulumi.interpolate`${tls ? "https" : "http"}://${name}-${engine}.${namespace}.svc:${PORTS.api}`;
}

/** One agent per engine, on a shared database and event backbone, all with one token. */
export function fabricAgents<E extends EngineName>(
  name: string,
  parent: pulumi.ComponentResource,
  { engines, args, defaults, fixed, own }: FabricParts<E>,
): FabricAgents<E> {
  const { databaseUrl, busUrl, cacheUrl, streamReplicas = 1, apiToken: token, ...same } = args;
  const apiToken =
    token === undefined
      ? new random.RandomPassword(`${name}-api-token`, { length: 40, special: false }, { parent }).result
      : pulumi.secret(token);
  const stores = { MNO_DATABASE_URL: databaseUrl, MNO_BUS_URL: busUrl, MNO_CACHE_URL: cacheUrl };
  const references = Object.entries(stores).flatMap(([variable, reference]) =>
    reference === undefined ? [] : [{ variable, secretName: reference.secretName, key: reference.key }],
  );
  const agents = new Map(
    engines.map((engine) => {
      const { defaults: first, secretReferences = [], ...parts } = own?.[engine] ?? {};
      const agentArgs = {
        ...same,
        ...parts,
        target: TARGETS.find((each) => each === engine) ?? AgentTarget.All,
        configuration: pulumi
          .all([
            pulumi.output({ ...defaults, ...first }),
            args.configuration,
            pulumi.output(fixed ?? {}),
            streamReplicas,
          ])
          .apply(([least, given, last, replicas]) => ({
            ...least,
            ...given,
            ...last,
            MNO_BUS_REPLICAS: String(replicas),
          })),
        secretReferences: [...references, ...secretReferences],
        apiToken,
      };
      return [engine, new KubernetesAgent(`${name}-${engine}`, agentArgs, { parent })] as const;
    }),
  );
  return { agents, apiToken, urls: pulumi.output(Object.fromEntries([...agents].map(([it, { url }]) => [it, url]))) };
}
