import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { refuse } from "../../arguments";
import type { KubernetesAgentArgs } from "./agent-types";
import { agentWorkload, validateKubernetesAgent } from "./agent-workload";
import { type Connectable, Connections } from "./connections";
import { KubernetesWorkload } from "./workload";

/**
 * A KubernetesWorkload that runs one engine, or all of them, with health checks, the rights that its engines need at the
 * Kubernetes API and no others, and a way to that API. What else it may reach is said by its connections.
 */
export class KubernetesAgent extends pulumi.ComponentResource implements Connectable {
  /** Base URL of the engines' HTTP APIs in the cluster; `/metrics`, `/readyz` and `/openapi.json` are below it. */
  readonly url: pulumi.Output<string>;
  /** Bearer token that writes must carry; secret. */
  readonly apiToken: pulumi.Output<string>;

  constructor(name: string, args: KubernetesAgentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:KubernetesAgent", name, withSecrets(args), opts);
    refuse("KubernetesAgent", name, validateKubernetesAgent(args));
    this.apiToken = pulumi.secret(args.apiToken ?? this.#makeToken(name));
    const workload = new KubernetesWorkload(name, agentWorkload(args, this.apiToken), { parent: this });
    workload.connections.allowToApiServer(args.apiServerCidrs);
    Connections.bind(this, workload.connections);
    this.url = workload.url;
    this.registerOutputs({ url: this.url, apiToken: this.apiToken });
  }

  /** Who may talk to it, and to whom it may talk. */
  get connections(): Connections {
    return Connections.of(this);
  }

  #makeToken(name: string): pulumi.Output<string> {
    return new random.RandomPassword(`${name}-api-token`, { length: 40, special: false }, { parent: this }).result;
  }
}

/** The arguments as state may see them: tokens and URLs, which may hold passwords, are secret however they were given. */
function withSecrets(args: KubernetesAgentArgs): KubernetesAgentArgs {
  const secrets = ["apiToken", "databaseUrl", "busUrl", "cacheUrl", "secretConfiguration"] as const;
  return Object.assign(
    { ...args },
    ...secrets.filter((key) => args[key] !== undefined).map((key) => ({ [key]: pulumi.secret(args[key]) })),
  ) as KubernetesAgentArgs;
}
