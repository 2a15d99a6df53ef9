import * as pulumi from "@pulumi/pulumi";
import { type EngineOf, enginesOf, PORTS } from "../../runtime/exports";
import type { KubernetesAgent } from "../workload/kubernetes/agent";
import { engineUrl, fabricAgents, type FabricArgs, withSecretToken } from "./fabric";

export type ScalabilityFabricArgs = FabricArgs;

type ScalabilityEngine = EngineOf<"scalability">;

/** A field would be part of the package's schema. */
const made = new WeakMap<ScalabilityFabric, ReadonlyMap<ScalabilityEngine, KubernetesAgent>>();

/** The engines of the scalability fabric, one Deployment each, on a shared database and event backbone. */
export class ScalabilityFabric extends pulumi.ComponentResource {
  /** Engine -> base URL of its agent. */
  readonly urls: pulumi.Output<{ [engine: string]: string }>;
  /** Bearer token that writes to the engines must carry; secret. */
  readonly apiToken: pulumi.Output<string>;
  /** Where the global load balancer takes requests. */
  readonly balancerUrl: pulumi.Output<string>;

  constructor(name: string, args: ScalabilityFabricArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:ScalabilityFabric", name, withSecretToken(args), opts);
    const { agents, apiToken, urls } = fabricAgents(name, this, {
      engines: enginesOf("scalability"),
      args,
      defaults: { MNO_GLB_WAKE_URL: engineUrl(name, "auto-scaling-engine", args) },
      fixed: { MNO_GLB_LISTEN: `0.0.0.0:${String(PORTS.balancer)}` },
      own: { "global-load-balancer": { ports: [{ name: "balancer", port: PORTS.balancer }] } },
    });
    made.set(this, agents);
    const [balancer, scaler] = (["global-load-balancer", "auto-scaling-engine"] as const).map((it) => agents.get(it));
    // A request for a workload at zero wakes it up.
    if (balancer && scaler) balancer.connections.allowTo(scaler);
    this.urls = urls;
    this.apiToken = apiToken;
    this.balancerUrl = pulumi.interpolate`http://${name}-global-load-balancer.${args.namespace}.svc:${PORTS.balancer}`;
    this.registerOutputs({ urls: this.urls, apiToken: this.apiToken, balancerUrl: this.balancerUrl });
  }

  /** The engines' agents, to say in sentences whom they may call and who may call them. */
  get agents(): ReadonlyMap<ScalabilityEngine, KubernetesAgent> {
    return made.get(this) ?? new Map();
  }
}
