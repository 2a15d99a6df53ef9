import * as pulumi from "@pulumi/pulumi";
import { ENGINE_NAMES, type EngineName } from "../runtime/exports";

/** What every MNO stack exports. Other projects read it with `readContract`; a member, once released, keeps its meaning. */
export interface StackOutputs {
  /** Version of this contract; grows when a member is added. */
  contractVersion: pulumi.Output<number>;
  /** Base URL of the engines' HTTP APIs. */
  apiUrl: pulumi.Output<string>;
  /** Prometheus metrics of all engines. */
  metricsUrl: pulumi.Output<string>;
  /** Where services of the platform are reached: through the zero-trust gateway. */
  gatewayUrl: pulumi.Output<string>;
  /** URL of the cluster that the stack's workloads run on, to deploy further workloads with. */
  clusterUrl: pulumi.Output<string>;
  /** Since 2. Engine -> base URL of its own agent; `<url>/<engine>/v1/…` answers. All the same where one agent runs all. */
  engineUrls: pulumi.Output<{ [engine: string]: string }>;
  /** Since 3. The global load balancer: services whose upstreams it knows, by host name and path, balanced and woken up. */
  balancerUrl: pulumi.Output<string>;
  /** Since 4. Where policies are asked for decisions (OpenID AuthZEN Authorization API 1.0). */
  decisionsUrl: pulumi.Output<string>;
}

export const CONTRACT_VERSION = 4;

/** The version that a member came with. */
const MEMBERS: Record<Exclude<keyof StackOutputs, "contractVersion">, number> = {
  apiUrl: 1,
  metricsUrl: 1,
  gatewayUrl: 1,
  clusterUrl: 1,
  engineUrls: 2,
  balancerUrl: 3,
  decisionsUrl: 4,
};

/**
 * The typed outputs of another MNO stack. Fails, naming the output, where the stack has not got one; an output that is
 * newer than the stack names the version that has it.
 */
export function readContract(reference: pulumi.StackReference): StackOutputs {
  const contractVersion = reference.requireOutput("contractVersion") as pulumi.Output<number>;
  const read = ([member, since]: [string, number]): [string, pulumi.Output<unknown>] => [
    member,
    contractVersion.apply((version) => {
      if (version >= since) return reference.requireOutput(member) as pulumi.Output<unknown>;
      throw new pulumi.RunError(
        `The stack has contract version ${String(version)}; ${member} came with ${String(since)}: update that stack first`,
      );
    }),
  ];
  return { contractVersion, ...Object.fromEntries(Object.entries(MEMBERS).map(read)) } as unknown as StackOutputs;
}

/** `engineUrls` of a stack: each engine's URL from `of`. */
export function engineUrls(of: (engine: EngineName) => pulumi.Input<string>): StackOutputs["engineUrls"] {
  return pulumi.output(Object.fromEntries(ENGINE_NAMES.map((engine) => [engine, of(engine)])));
}
