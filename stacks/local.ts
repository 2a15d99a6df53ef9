import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Agent, LocalCluster, Workload } from "../components";
import { BALANCER_PORT, balancing } from "./balancer";
import { CONTRACT_VERSION, engineUrls, type StackOutputs } from "./contract";
import { DEMO_SCALER } from "./demo-scaler";

const ROOT = join(__dirname, "..", "..");
const DEMO_PROGRAM = join(ROOT, "dist", "examples", "demo-service", "server.js");

/** The whole platform on this machine: a supervisor, every engine in one process, and a demo service that scales. */
export function localStack(): StackOutputs {
  const config = new pulumi.Config();
  const state = process.env.MNO_STATE_DIR ?? join(ROOT, ".mno");
  const balancerPort = config.requireNumber("balancerPort");
  const otlpEndpoint = config.get("otlpEndpoint") ?? "";

  const cluster = new LocalCluster("local", { directory: join(state, "cluster") });

  const demo = new Workload("demo", {
    cluster: cluster.url,
    command: [process.execPath, DEMO_PROGRAM],
    requests: { cpuCores: 0.1, memoryBytes: 96 * 1024 * 1024 },
    scaledBy: "auto-scaling-engine",
    ports: [{ name: "http", port: config.requireNumber("gatewayPort") }],
    readiness: { port: "http", path: "/readyz" },
    liveness: { port: "http", path: "/healthz", periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 5 },
    labels: { "app.kubernetes.io/name": "demo", "machine-native-ops/max-replicas": "8" },
  });

  const platform = new Agent("platform", {
    cluster: cluster.url,
    stateDirectory: join(state, "platform"),
    port: config.requireNumber("apiPort"),
    ports: [{ ...BALANCER_PORT, port: balancerPort }],
    configuration: {
      ...balancing(`127.0.0.1:${String(balancerPort)}`, true),
      MNO_AUTOSCALING_SYNC_SECONDS: "2",
      MNO_AUTOSCALING_SCALERS: JSON.stringify([DEMO_SCALER]),
      ...(otlpEndpoint === "" ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }),
    },
  });

  return {
    contractVersion: pulumi.output(CONTRACT_VERSION),
    apiUrl: platform.url,
    metricsUrl: pulumi.interpolate`${platform.url}/metrics`,
    gatewayUrl: demo.url,
    clusterUrl: cluster.url,
    engineUrls: engineUrls(() => platform.url),
    balancerUrl: pulumi.output(`http://127.0.0.1:${String(balancerPort)}`),
  };
}
