import * as pulumi from "@pulumi/pulumi";
import { tellRemedies } from "../../components";
import { CONTRACT_VERSION, type StackOutputs } from "../contract";
import { demo } from "./demo";
import { minimal } from "./minimal";
import { warnWhenRendering } from "./rendering";
import { Profile, readSettings } from "./settings";
import { standard } from "./standard";

/**
 * The platform on any conformant cluster: the one that the Kubernetes provider is configured for (`kubernetes:kubeconfig`,
 * `kubernetes:context`, or KUBECONFIG).
 */
export function kubernetesStack(): StackOutputs {
  tellRemedies();
  warnWhenRendering();
  const settings = readSettings(new pulumi.Config());
  const platform = settings.profile === Profile.Minimal ? minimal(settings) : standard(settings);
  if (settings.demo) demo(settings, platform);
  return {
    contractVersion: pulumi.output(CONTRACT_VERSION),
    apiUrl: pulumi.output(platform.urls.apiUrl),
    metricsUrl: pulumi.output(platform.urls.metricsUrl),
    gatewayUrl: pulumi.output(platform.urls.gatewayUrl),
    clusterUrl: pulumi.output(`kubernetes:${settings.namespace}`),
    engineUrls: pulumi.output(platform.urls.engineUrls),
    balancerUrl: pulumi.output(platform.urls.balancerUrl),
    decisionsUrl: pulumi.output(platform.urls.decisionsUrl),
  };
}
