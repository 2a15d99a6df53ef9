import { KubernetesWorkload, type ProtectionArgs, Scaler } from "../../components";
import { PORTS } from "../../runtime/exports";
import { DEMO_SCALER } from "../demo-scaler";
import { demoPolicies, demoRoute } from "../gateway";
import type { Platform } from "./platform";
import type { Settings } from "./settings";

const MIB = 2 ** 20;

/** Configuration of the auto-scaling engine: with the demo service its scaler, checked every two seconds to be watched. */
export function demoScalers({ demo }: Settings): Record<string, string> {
  if (!demo) return {};
  return { MNO_AUTOSCALING_SYNC_SECONDS: "2", MNO_AUTOSCALING_SCALERS: JSON.stringify([DEMO_SCALER]) };
}

/** What the gateway protects: what the settings say and, with the demo service, that behind the balancer at `balancerUrl`. */
export function protectionOf({ demo, protection }: Settings, balancerUrl: string): ProtectionArgs {
  if (!demo) return protection;
  const { routes = [], policies, issuers } = protection;
  return {
    routes: [...routes, demoRoute(balancerUrl)],
    policies: { ...demoPolicies(), ...(policies as Record<string, string> | undefined) },
    ...(issuers && { issuers }),
  };
}

/** A service to watch the platform with: scaled by what it is asked for and by what the elastic resource manager grants it. */
export function demo(settings: Settings, { namespace, mesh, callers, priorityClassName }: Platform): void {
  const service = new KubernetesWorkload(
    "demo",
    {
      namespace: settings.namespace,
      image: settings.images.runtime,
      command: ["/usr/local/bin/node", "/app/dist/examples/demo-service/server.js"],
      environment: { PORT: "8080", DEMO_HOST: "0.0.0.0" },
      fieldEnvironment: { MNO_REPLICA: "metadata.name" },
      requests: { cpuCores: 0.05, memoryBytes: 96 * MIB },
      autoscaling: { scaler: Scaler.MachineNativeOps, minReplicas: 1, maxReplicas: 8 },
      ports: [{ name: "http", port: PORTS.demo, containerPort: 8080, appProtocol: "http" }],
      readiness: { path: "/readyz", periodSeconds: 1 },
      liveness: { path: "/healthz" },
      mesh,
      ...(priorityClassName !== undefined && { priorityClassName }),
    },
    { dependsOn: [namespace] },
  );
  for (const caller of callers) caller.connections.allowTo(service);
}
