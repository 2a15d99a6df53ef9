import * as pulumi from "@pulumi/pulumi";
import { KubernetesNamespace, KubernetesWorkload } from "../../components";
import { readContract } from "../../stacks/contract";

/**
 * A project of another team: it deploys its own service into its own namespace and knows the platform only by its stack's
 * typed outputs. In a project of your own, the imports read `machine-native-ops` and `machine-native-ops/stacks/contract`.
 */
const config = new pulumi.Config();
const platform = readContract(new pulumi.StackReference(config.require("platform")));

// An example is taken down again; a namespace of your own stays protected.
const namespace = new KubernetesNamespace("shop", { protect: false });

const shop = new KubernetesWorkload(
  "shop",
  {
    namespace: "shop",
    image: config.require("image"),
    command: ["/usr/local/bin/node", "/app/dist/examples/demo-service/server.js"],
    environment: { PORT: "8080", DEMO_HOST: "0.0.0.0", ALLOCATIONS_URL: platform.engineUrls.apply(allocationsUrl) },
    requests: { cpuCores: 0.05, memoryBytes: 64 * 1024 * 1024 },
    replicas: 2,
    ports: [{ name: "http", port: 8080 }],
    readiness: { port: "http", path: "/readyz" },
    liveness: { port: "http", path: "/healthz" },
  },
  { dependsOn: [namespace] },
);

function allocationsUrl(engines: Record<string, string>): string {
  const url = engines["elastic-resource-manager"];
  if (url === undefined) throw new pulumi.RunError("The platform's stack runs no elastic resource manager");
  return `${url}/elastic-resource-manager/v1/allocations`;
}

module.exports = {
  url: shop.url,
  allocationsUrl: platform.engineUrls.apply(allocationsUrl),
  platformVersion: platform.contractVersion,
};
