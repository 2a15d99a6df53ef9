import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Agent, gatewayRoute, LocalCluster, Workload } from "../components";
import { BUILT_IN_INTENSITY_FEEDS, KUBERNETES_LABELS } from "../runtime/exports";
import { BALANCER_PORT, balancing } from "./balancer";
import { CONTRACT_VERSION, engineUrls, type StackOutputs } from "./contract";
import { DEMO_SCALER } from "./demo-scaler";
import { DEMO_POLICIES, demoRoute, demoUsers, guarding } from "./gateway";

const ROOT = join(__dirname, "..", "..");
const EXAMPLES = join(ROOT, "dist", "examples");
const DEMO_PROGRAM = join(EXAMPLES, "demo-service", "server.js");
const DEMO_JOB_PROGRAM = join(EXAMPLES, "demo-job", "main.js");
/** A grid that there is none of: a typical day in five minutes, so that waiting for clean power can be watched. */
const DEMO_REGION = "demo-288x-US-CAL-CISO";

/** The whole platform on this machine: a supervisor, every engine in one process, a demo service that scales, and a demo job that waits. */
export function localStack(): StackOutputs {
  const config = new pulumi.Config();
  const state = process.env.MNO_STATE_DIR ?? join(ROOT, ".mno");
  const [balancerPort, gatewayPort, decisionsPort] = ["balancerPort", "gatewayPort", "decisionsPort"].map((key) =>
    config.requireNumber(key),
  ) as [number, number, number];
  const at = (port: number): string => `127.0.0.1:${String(port)}`;
  const balancerUrl = `http://${at(balancerPort)}`;
  const otlpEndpoint = config.get("otlpEndpoint") ?? "";

  const cluster = new LocalCluster("local", { directory: join(state, "cluster") });

  new Workload("demo", {
    cluster: cluster.url,
    command: [process.execPath, DEMO_PROGRAM],
    requests: { cpuCores: 0.1, memoryBytes: 96 * 1024 * 1024 },
    scaledBy: "auto-scaling-engine",
    ports: [{ name: "http", port: config.requireNumber("demoPort") }],
    readiness: { port: "http", path: "/readyz" },
    liveness: { port: "http", path: "/healthz", periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 5 },
    labels: { "app.kubernetes.io/name": "demo", "machine-native-ops/max-replicas": "8" },
  });

  const platform = new Agent("platform", {
    cluster: cluster.url,
    stateDirectory: join(state, "platform"),
    port: config.requireNumber("apiPort"),
    ports: [
      { ...BALANCER_PORT, port: balancerPort },
      { name: "gateway", port: gatewayPort },
      { name: "decisions", port: decisionsPort },
    ],
    configuration: {
      ...balancing(at(balancerPort), true),
      ...guarding({
        listen: at(gatewayPort),
        decisions: at(decisionsPort),
        routes: [gatewayRoute(demoRoute(balancerUrl), balancerUrl)],
        policies: DEMO_POLICIES,
        users: demoUsers(join(state, "demo-user.json")),
      }),
      MNO_AUTOSCALING_SYNC_SECONDS: "2",
      MNO_AUTOSCALING_SCALERS: JSON.stringify([DEMO_SCALER]),
      // The demonstration's only user would have to prove twice who they are at their first login.
      MNO_BA_COLD_START: "trust",
      // Beside what every runtime has, the demonstration's: its regions are named `demo-…`, and no real one is among them.
      MNO_INTENSITY_FEEDS: JSON.stringify([...BUILT_IN_INTENSITY_FEEDS, "demo"]),
      MNO_GS_ROUND_SECONDS: "1",
      MNO_GS_STEP_SECONDS: "5",
      MNO_CARBON_RECORD_SECONDS: "15",
      ...(otlpEndpoint === "" ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }),
    },
  });

  // After the platform: an engine that does not run yet cannot release it.
  new Workload(
    "demo-job",
    {
      cluster: cluster.url,
      kind: "job",
      command: [process.execPath, DEMO_JOB_PROGRAM],
      environment: { DEMO_JOB_SECONDS: "15" },
      requests: { cpuCores: 0.25, memoryBytes: 96 * 1024 * 1024 },
      labels: { "app.kubernetes.io/name": "demo-job", [KUBERNETES_LABELS.tenant]: "demo" },
      green: {
        schedule: "*/2 * * * *",
        deadline: "+300",
        durationSeconds: 15,
        regions: [DEMO_REGION],
        recurringKey: "demo-job",
      },
    },
    { dependsOn: [platform] },
  );

  return {
    contractVersion: pulumi.output(CONTRACT_VERSION),
    apiUrl: platform.url,
    metricsUrl: pulumi.interpolate`${platform.url}/metrics`,
    gatewayUrl: pulumi.output(`http://${at(gatewayPort)}`),
    clusterUrl: cluster.url,
    engineUrls: engineUrls(() => platform.url),
    balancerUrl: pulumi.output(balancerUrl),
    decisionsUrl: pulumi.output(`http://${at(decisionsPort)}`),
  };
}
