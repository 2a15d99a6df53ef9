import type * as pulumi from "@pulumi/pulumi";

/** What every MNO stack exports. Other projects read it with `readContract`; a member, once released, keeps its meaning. */
export interface StackOutputs {
  /** Version of this contract; grows when a member is added. */
  contractVersion: pulumi.Output<number>;
  /** Base URL of the engines' HTTP APIs. */
  apiUrl: pulumi.Output<string>;
  /** Prometheus metrics of all engines. */
  metricsUrl: pulumi.Output<string>;
  /** Where services of the platform are reached (the gateway-to-be). */
  gatewayUrl: pulumi.Output<string>;
  /** URL of the cluster that the stack's workloads run on, to deploy further workloads with. */
  clusterUrl: pulumi.Output<string>;
}

export const CONTRACT_VERSION = 1;

const MEMBERS = ["apiUrl", "metricsUrl", "gatewayUrl", "clusterUrl"] as const satisfies readonly (keyof StackOutputs)[];

/** The typed outputs of another MNO stack. Fails, naming the output, where the stack has not got one. */
export function readContract(reference: pulumi.StackReference): StackOutputs {
  const outputs = Object.fromEntries(MEMBERS.map((member) => [member, reference.requireOutput(member)]));
  return { ...outputs, contractVersion: reference.requireOutput("contractVersion") } as unknown as StackOutputs;
}
