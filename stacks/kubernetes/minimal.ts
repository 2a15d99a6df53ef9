import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  gatewayParts,
  intensitySettings,
  KubernetesAgent,
  KubernetesNamespace,
  MeshKind,
  reachIntensity,
} from "../../components";
import { PORTS } from "../../runtime/exports";
import { BALANCER_PORT, balancing } from "../balancer";
import { engineUrls } from "../contract";
import type { Platform } from "./platform";
import { demoScalers, protectionOf } from "./demo";
import type { Settings } from "./settings";
import { allowTraces } from "./traces";

const STATE_BYTES = 10 * 2 ** 30;

/** Every engine in one process, with its state on one disk: needs nothing but a cluster with a storage class. */
export function minimal(settings: Settings): Platform {
  const { protect, storageClassName } = settings;
  const namespace = new KubernetesNamespace(settings.namespace, { protect });
  const feeds = intensitySettings(settings.intensity);
  const decisionToken = new random.RandomPassword("decision-token", { length: 40, special: false });
  const balancer = `http://127.0.0.1:${String(BALANCER_PORT.port)}`;
  const gateway = gatewayParts(protectionOf(settings, balancer), decisionToken.result);
  const agent = new KubernetesAgent(
    "platform",
    {
      namespace: settings.namespace,
      image: settings.images.runtime,
      storage: { sizeBytes: STATE_BYTES, ...(storageClassName === undefined ? {} : { storageClassName }) },
      protect,
      ports: [BALANCER_PORT, ...gateway.ports],
      files: gateway.files,
      secretConfiguration: gateway.secretConfiguration,
      secretReferences: [...feeds.secretReferences, ...gateway.secretReferences],
      configuration: {
        ...feeds.configuration,
        ...(settings.region !== undefined && { MNO_CARBON_REGION: settings.region }),
        ...balancing(`0.0.0.0:${String(BALANCER_PORT.port)}`, settings.demo),
        ...demoScalers(settings),
        ...gateway.configuration,
      },
      ...(settings.apiServerCidrs && { apiServerCidrs: settings.apiServerCidrs }),
      ...(settings.apiToken && { apiToken: settings.apiToken }),
      ...(settings.otlpEndpoint === undefined ? {} : { otlpEndpoint: settings.otlpEndpoint }),
    },
    { dependsOn: [namespace] },
  );
  if (settings.intensity) reachIntensity("intensity", [agent], settings.intensity, { namespace: settings.namespace });
  allowTraces(settings.otlpEndpoint, [agent]);
  return {
    namespace,
    mesh: MeshKind.None,
    callers: [agent],
    urls: {
      apiUrl: agent.url,
      metricsUrl: pulumi.interpolate`${agent.url}/metrics`,
      gatewayUrl: `http://platform.${settings.namespace}.svc:${String(PORTS.gateway)}`,
      decisionsUrl: `http://platform.${settings.namespace}.svc:${String(PORTS.decisions)}`,
      engineUrls: engineUrls(() => agent.url),
      balancerUrl: `http://platform.${settings.namespace}.svc:${String(PORTS.balancer)}`,
    },
  };
}
