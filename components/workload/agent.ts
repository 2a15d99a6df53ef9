import * as pulumi from "@pulumi/pulumi";
import { PORTS, RUNTIME_BUILD, RUNTIME_PROGRAM } from "../../runtime/exports";
import { Workload } from "./workload";

/** The engine that an agent runs, or all of them in one process. */
export const AgentTarget = {
  All: "all",
  ElasticResourceManager: "elastic-resource-manager",
  AutoScalingEngine: "auto-scaling-engine",
  GlobalLoadBalancer: "global-load-balancer",
  ResourcePoolManager: "resource-pool-manager",
  PerformanceOptimizer: "performance-optimizer",
  CarbonMonitor: "carbon-monitor",
  GreenScheduler: "green-scheduler",
  EnergyOptimizer: "energy-optimizer",
  SustainabilityReporter: "sustainability-reporter",
  QuantumCryptography: "quantum-cryptography",
  ThreatDetection: "threat-detection",
  BehavioralAuthentication: "behavioral-authentication",
  ZeroTrustGateway: "zero-trust-gateway",
  SecurityIntelligence: "security-intelligence",
} as const;
export type AgentTarget = (typeof AgentTarget)[keyof typeof AgentTarget];

/** A port that an engine listens on itself. */
export interface AgentPortArgs {
  /** Lower-case name, unique in the agent. */
  name: pulumi.Input<string>;
  /** TCP port on loopback. */
  port: pulumi.Input<number>;
}

export interface AgentArgs {
  /** URL of the cluster to run on and to act upon. */
  cluster: pulumi.Input<string>;
  /** Default `all`. */
  target?: pulumi.Input<AgentTarget>;
  /** Absolute folder of the embedded database and event log. */
  stateDirectory: pulumi.Input<string>;
  /** TCP port of the HTTP API on loopback. Default 4600. */
  port?: pulumi.Input<number>;
  /** Further TCP ports on loopback that the engines listen on as `configuration` says, such as the balancer's. */
  ports?: pulumi.Input<pulumi.Input<AgentPortArgs>[]>;
  /** Bearer token that writes must carry; without it writes are open to this machine only. */
  apiToken?: pulumi.Input<string>;
  /** Database instead of the embedded one: `postgres://…`. */
  databaseUrl?: pulumi.Input<string>;
  /** Event bus instead of the embedded one: `nats://…`. */
  busUrl?: pulumi.Input<string>;
  /** Further configuration by key, as docs/configuration.md lists it. */
  configuration?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
}

/** A Workload that runs one engine, or all of them, with health checks and a folder for its state. */
export class Agent extends pulumi.ComponentResource {
  /** Base URL of the engines' HTTP APIs; `/metrics`, `/readyz` and `/openapi.json` are below it. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: AgentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Agent", name, args, opts);
    const target = pulumi.output(args.target ?? AgentTarget.All);
    const secrets = pulumi
      .output({ MNO_API_TOKEN: args.apiToken, MNO_DATABASE_URL: args.databaseUrl, MNO_BUS_URL: args.busUrl })
      .apply((values) => withoutUndefined(values));
    const workload = new Workload(
      name,
      {
        cluster: args.cluster,
        command: [process.execPath, RUNTIME_PROGRAM, "--target", target],
        environment: pulumi
          .all([args.configuration, args.stateDirectory, args.port ?? PORTS.api])
          .apply(([configuration, stateDirectory, port]) => ({
            ...configuration,
            MNO_STATE_DIR: stateDirectory,
            MNO_HTTP_PORT: String(port),
            // A new build is a new template: the agent is rolled.
            MNO_BUILD: RUNTIME_BUILD,
          })),
        secretEnvironment: secrets,
        requests: { cpuCores: 0.5, memoryBytes: 768 * 1024 * 1024 },
        ports: pulumi
          .output(args.ports ?? [])
          .apply((further) => [
            { name: "http", port: args.port ?? PORTS.api, direct: true },
            ...further.map((port) => ({ ...port, direct: true })),
          ]),
        readiness: { port: "http", path: "/readyz", timeoutSeconds: 2 },
        // A busy event loop is not a dead one: six seconds without an answer are.
        liveness: { port: "http", path: "/healthz", periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
        gracePeriodSeconds: 20,
        labels: {
          "app.kubernetes.io/part-of": "machine-native-ops",
          "machine-native-ops/target": target,
          "machine-native-ops/max-replicas": "1",
        },
      },
      { parent: this },
    );
    this.url = workload.url;
    this.registerOutputs({ url: this.url });
  }
}

function withoutUndefined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
