import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { ENGINE_NAMES, type EngineName, MnoError, type Target, TARGETS } from "./exports";
import { systemClock } from "./kernel/clock";
import { readRawConfiguration } from "./kernel/config";
import type { AgentDefinition } from "./kernel/lifecycle/agent";
import { createLogger } from "./kernel/telemetry/logs";
import { version } from "../package.json";

/**
 * The one program of the runtime. `--target all` runs every engine in this process (the embedded default), `--target
 * <engine>` one of them, `--target supervisor` the local cluster's node supervisor. Exit codes: 0 drained, 1 fault, 2 usage.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { target: { type: "string", default: "all" } } });
  if (!isTarget(values.target)) usage(`--target ${values.target} is not known`);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort(new Error(signal)));
  if (values.target === "supervisor") return await superviseNode(stop.signal);
  await runAgents(values.target, stop.signal);
}

async function superviseNode(signal: AbortSignal): Promise<void> {
  const directory = process.env.MNO_LOCAL_DIR;
  if (directory === undefined) usage("MNO_LOCAL_DIR must name the supervisor's folder");
  const { runSupervisor } = load<typeof import("./kernel/cluster/local/supervisor")>(
    "./kernel/cluster/local/supervisor",
  );
  await runSupervisor({ directory, log: createLogger("mno-supervisor", "INFO"), clock: systemClock, signal });
}

async function runAgents(target: "all" | EngineName, signal: AbortSignal): Promise<void> {
  const { Host } = load<typeof import("./kernel/lifecycle/host")>("./kernel/lifecycle/host");
  const names = target === "all" ? ENGINE_NAMES : [target];
  const configuration = readRawConfiguration(process.env);
  const host = new Host({
    target,
    version,
    agents: names.map(loadAgent),
    // Its pages show all engines of a process together: one engine's own process has none.
    ...(target === "all" && {
      pages: load<typeof import("./console/pages")>("./console/pages").consolePages(),
    }),
    configuration,
    log: (level) => createLogger(`mno-${target}`, level),
    clock: systemClock,
    random: Math.random,
  });
  host.chargeFaults(() => process.exit(1));
  await host.start();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await host.drain();
}

function loadAgent(name: EngineName): AgentDefinition {
  switch (name) {
    case "elastic-resource-manager":
      return load<typeof import("./scalability/elastic-resource-manager/agent")>(
        "./scalability/elastic-resource-manager/agent",
      ).elasticResourceManager;
    case "auto-scaling-engine":
      return load<typeof import("./scalability/auto-scaling-engine/agent")>("./scalability/auto-scaling-engine/agent")
        .autoScalingEngine;
    case "global-load-balancer":
      return load<typeof import("./scalability/global-load-balancer/agent")>("./scalability/global-load-balancer/agent")
        .globalLoadBalancer;
    case "resource-pool-manager":
      return load<typeof import("./scalability/resource-pool-manager/agent")>(
        "./scalability/resource-pool-manager/agent",
      ).resourcePoolManager;
    case "performance-optimizer":
      return load<typeof import("./scalability/performance-optimizer/agent")>(
        "./scalability/performance-optimizer/agent",
      ).performanceOptimizer;
    case "carbon-monitor":
      return load<typeof import("./sustainability/carbon-monitor/agent")>("./sustainability/carbon-monitor/agent")
        .carbonMonitor;
    case "green-scheduler":
      return load<typeof import("./sustainability/green-scheduler/agent")>("./sustainability/green-scheduler/agent")
        .greenScheduler;
    case "energy-optimizer":
      return load<typeof import("./sustainability/energy-optimizer/agent")>("./sustainability/energy-optimizer/agent")
        .energyOptimizer;
    case "sustainability-reporter":
      return load<typeof import("./sustainability/sustainability-reporter/agent")>(
        "./sustainability/sustainability-reporter/agent",
      ).sustainabilityReporter;
    case "quantum-cryptography":
      return load<typeof import("./security/quantum-cryptography/agent")>("./security/quantum-cryptography/agent")
        .quantumCryptography;
    case "threat-detection":
      return load<typeof import("./security/threat-detection/agent")>("./security/threat-detection/agent")
        .threatDetection;
    case "behavioral-authentication":
      return load<typeof import("./security/behavioral-authentication/agent")>(
        "./security/behavioral-authentication/agent",
      ).behavioralAuthentication;
    case "zero-trust-gateway":
      return load<typeof import("./security/zero-trust-gateway/agent")>("./security/zero-trust-gateway/agent")
        .zeroTrustGateway;
    case "security-intelligence":
      return load<typeof import("./security/security-intelligence/agent")>("./security/security-intelligence/agent")
        .securityIntelligence;
  }
}

/** Loads on demand, so that one engine's process does not carry the others, nor the supervisor any of them. */
function load<Module>(path: string): Module {
  return createRequire(__filename)(path) as Module;
}

function isTarget(value: string): value is Target {
  return (TARGETS as readonly string[]).includes(value);
}

function usage(fault: string): never {
  process.stderr.write(`${fault}\nusage: main --target ${TARGETS.join("|")}\n`);
  process.exit(2);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const coded = error instanceof MnoError ? `${error.code}: ${error.message}` : (error as Error).stack;
    process.stderr.write(`${String(coded)}\n`);
    process.exit(1);
  },
);
