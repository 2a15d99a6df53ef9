import * as pulumi from "@pulumi/pulumi";
import { type EngineOf, enginesOf } from "../../runtime/exports";
import { refuse } from "../arguments";
import type { KubernetesAgent } from "../workload/kubernetes/agent";
import { fabricAgents, type FabricArgs, withSecretToken } from "./fabric";
import { type IntensityArgs, intensitySettings, reachIntensity, validateIntensity } from "./intensity";

export interface SustainabilityFabricArgs extends FabricArgs {
  /** Cloud region or grid zone of nodes that no label places. Default: the engines' own. */
  region?: pulumi.Input<string>;
  /** Where carbon intensity comes from. Default: the typical day and the yearly table that every runtime has. */
  intensity?: IntensityArgs;
  /** Base URL of the runtime that has the performance optimizer, whose advice the energy optimizer has applied. */
  performanceOptimizerUrl?: pulumi.Input<string>;
}

type SustainabilityEngine = EngineOf<"sustainability">;

/** The engines that ask for carbon intensity. */
const ASKING = ["carbon-monitor", "green-scheduler"] as const satisfies readonly SustainabilityEngine[];

/** A field would be part of the package's schema. */
const made = new WeakMap<SustainabilityFabric, ReadonlyMap<SustainabilityEngine, KubernetesAgent>>();

/** The engines of the sustainability fabric, one Deployment each, on a shared database and event backbone. */
export class SustainabilityFabric extends pulumi.ComponentResource {
  /** Engine -> base URL of its agent. */
  readonly urls: pulumi.Output<{ [engine: string]: string }>;
  /** Bearer token that writes to the engines must carry; secret. */
  readonly apiToken: pulumi.Output<string>;

  constructor(name: string, args: SustainabilityFabricArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:SustainabilityFabric", name, withSecretToken(args), opts);
    const { region, intensity, performanceOptimizerUrl, ...fabric } = args;
    refuse("SustainabilityFabric", name, validateIntensity(intensity));
    const { configuration: defaults, secretReferences } = intensitySettings(intensity);
    const source = { defaults, secretReferences };
    const { agents, apiToken, urls } = fabricAgents(name, this, {
      engines: enginesOf("sustainability"),
      args: fabric,
      defaults: region === undefined ? {} : { MNO_CARBON_REGION: region },
      own: {
        "carbon-monitor": source,
        "green-scheduler": source,
        "energy-optimizer": {
          defaults: performanceOptimizerUrl === undefined ? {} : { MNO_EO_RUNTIME_URL: performanceOptimizerUrl },
        },
      },
    });
    made.set(this, agents);
    const asking = ASKING.flatMap((engine) => agents.get(engine) ?? []);
    if (intensity) reachIntensity(`${name}-intensity`, asking, intensity, args, this);
    this.urls = urls;
    this.apiToken = apiToken;
    this.registerOutputs({ urls: this.urls, apiToken: this.apiToken });
  }

  /** The engines' agents, to say in sentences whom they may call and who may call them. */
  get agents(): ReadonlyMap<SustainabilityEngine, KubernetesAgent> {
    return made.get(this) ?? new Map();
  }
}
