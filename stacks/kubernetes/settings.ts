import type * as pulumi from "@pulumi/pulumi";
import {
  type IntensityArgs,
  type ObjectStoreArgs,
  type ProtectionArgs,
  validateIntensity,
  validateRoutes,
} from "../../components";
import { type FieldFault, MnoError } from "../../runtime/exports";

/** How much of the platform a stack has. */
export const Profile = {
  /** Every engine in one process, with its state on one disk; needs nothing but a cluster. */
  Minimal: "minimal",
  /** One Deployment per engine on PostgreSQL, NATS and a cache that survive the loss of a node, with metrics and alerts. */
  Standard: "standard",
  /** Standard, with a service mesh, and metrics, traces and logs kept by the stack itself. */
  Full: "full",
} as const;
export type Profile = (typeof Profile)[keyof typeof Profile];

/** Images that a site takes from elsewhere: a mirror, or by digest. */
export interface Images {
  /** Image that `npm run image` makes. */
  runtime: string;
  /** Image of NATS. Default: the component's. */
  nats?: string;
  /** Image of Valkey or Redis. Default: the component's. */
  valkey?: string;
  /** Registry and path of Istio's images, with charts out of a source tree. */
  istioHub?: string;
  /** Their tag. */
  istioTag?: string;
  /** Whole reference of the image of Istio's control plane, by digest. */
  istioPilot?: string;
  /** Whole reference of the image of Istio's CNI plugin, by digest. */
  istioCni?: string;
  /** Whole reference of the image of ztunnel, by digest. */
  istioZtunnel?: string;
}

/** How much each server of the platform asks for. */
export const Footprint = {
  /** What the components' defaults are: for use. */
  Regular: "regular",
  /** As little as they start with, so that a laptop's cluster holds all replicas: for a trial. */
  Trial: "trial",
} as const;
export type Footprint = (typeof Footprint)[keyof typeof Footprint];

/** Whose Prometheus, with its operator and Grafana, profile `full` uses. */
export const Prometheus = {
  /** This stack installs kube-prometheus-stack. */
  Own: "own",
  /** There is one in `monitoringNamespace`. */
  Existing: "existing",
} as const;
export type Prometheus = (typeof Prometheus)[keyof typeof Prometheus];

/** The stack's configuration, checked. */
export interface Settings {
  profile: Profile;
  namespace: string;
  images: Images;
  footprint: Footprint;
  /** StorageClass of all disks; the cluster's default where absent. */
  storageClassName?: string;
  /** Folder with custom resource definitions, one file each, instead of the vendors' URLs. */
  crdDirectory?: string;
  /** Whether definitions and operators (cert-manager, CloudNativePG, ...) are installed by this stack. */
  operators: Operators;
  /** Folder of Helm charts laid out as in their vendors' source trees, instead of the vendors' repositories. */
  chartDirectory?: string;
  /** false: what vendors' charts and collectors run is created and not waited for. */
  awaitCharts: boolean;
  /** Name of the GatewayClass. */
  gatewayClass: string;
  /** Host name that the Gateway answers to. */
  hostname: string;
  /** The OTLP/HTTP collector that traces go to; none where absent. */
  otlpEndpoint?: string;
  /** Whether the demo service runs, scaled by the platform. */
  demo: boolean;
  /** false: `pulumi destroy` takes data with it. */
  protect: boolean;
  /** Object store of the database's backups. */
  backup?: ObjectStoreArgs;
  /** Why the database has none. */
  noBackupBecause?: string;
  /** Whether profile `full` brings a Prometheus; the other profiles never do. */
  prometheus: Prometheus;
  /** Namespace of the Prometheus that exists. */
  monitoringNamespace: string;
  /** `host:port` of an OTLP/gRPC endpoint that the collectors of profile `full` send traces to; none where absent. */
  traceExport?: string;
  /** Address ranges of the Kubernetes API server; any address, at ports 443 and 6443, where absent. */
  apiServerCidrs?: string[];
  /** Cloud region or grid zone of nodes that no label places; the engines' default where absent. */
  region?: string;
  /** Feeds of carbon intensity; the tables that every runtime has where absent. */
  intensity?: IntensityArgs;
  /** What the zero-trust gateway protects; with the demo service, that. */
  protection: ProtectionArgs;
  /** Token that writes to the engines' APIs must carry; a random one where absent. */
  apiToken?: pulumi.Output<string>;
}

/** Who looks after operators and custom resource definitions. */
export const Operators = {
  /** This stack installs both. */
  Install: "install",
  /** This stack installs the definitions; the operators are there. */
  Definitions: "definitions",
  /** Both are there. */
  Existing: "existing",
} as const;
export type Operators = (typeof Operators)[keyof typeof Operators];

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Errors: MNO_CONFIG_INVALID with every fault at once, by key. */
export function readSettings(config: pulumi.Config): Settings {
  const faults: FieldFault[] = [];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  const text = (key: string): string | undefined => (config.get(key) ?? "") || undefined;
  const oneOf = <T extends string>(key: string, choices: Record<string, T>, fallback: T): T => {
    const value = text(key) ?? fallback;
    if (Object.values(choices).includes(value as T)) return value as T;
    fault(key, `is "${value}"; it must be one of ${Object.values(choices).join(", ")}`);
    return fallback;
  };
  const images = readImages(config, fault);
  const namespace = text("namespace") ?? "machine-native-ops";
  if (!NAME.test(namespace)) fault("namespace", `is "${namespace}"; it must be a DNS label`);
  const optional = {
    storageClassName: text("storageClassName"),
    crdDirectory: text("crdDirectory"),
    chartDirectory: text("chartDirectory"),
    otlpEndpoint: text("otlpEndpoint"),
    traceExport: text("traceExport"),
    noBackupBecause: text("noBackupBecause"),
    backup: config.getObject<ObjectStoreArgs>("backup"),
    region: text("region"),
    intensity: config.getObject<IntensityArgs>("intensity"),
    apiServerCidrs: config.getObject<string[]>("apiServerCidrs"),
    apiToken: config.getSecret("apiToken"),
  };
  const settings: Settings = {
    profile: oneOf("profile", Profile, Profile.Standard),
    namespace,
    images,
    operators: oneOf("operators", Operators, Operators.Install),
    footprint: oneOf("footprint", Footprint, Footprint.Regular),
    awaitCharts: config.getBoolean("awaitCharts") ?? true,
    gatewayClass: text("gatewayClass") ?? "istio",
    hostname: text("hostname") ?? "platform.internal",
    prometheus: oneOf("prometheus", Prometheus, Prometheus.Own),
    monitoringNamespace: text("monitoringNamespace") ?? "monitoring",
    demo: config.getBoolean("demo") ?? false,
    protection: config.getObject<ProtectionArgs>("protection") ?? {},
    protect: config.getBoolean("protect") ?? true,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Settings>),
  };
  if (
    settings.profile !== Profile.Minimal &&
    (settings.backup === undefined) === (settings.noBackupBecause === undefined)
  ) {
    fault(
      "backup",
      "or noBackupBecause, one of them, is required: where the database's backups go, or why there are none",
    );
  }
  for (const { field, message } of validateIntensity(settings.intensity)) fault(field, message);
  const { routes, policies: _policies, issuers: _issuers, ...unknown } = settings.protection;
  for (const key of Object.keys(unknown))
    fault(`protection.${key}`, "is not known; there is routes, policies, issuers");
  for (const { field, message } of validateRoutes(routes ?? [])) fault(`protection.${field}`, message);
  if (settings.otlpEndpoint !== undefined && !URL.canParse(settings.otlpEndpoint)) {
    fault("otlpEndpoint", "must be a URL, such as http://collector.observability.svc:4318");
  }
  if (faults.length === 0) return settings;
  const lines = faults.map(({ field, message }) => `machine-native-ops:${field} ${message}`);
  throw new MnoError("MNO_CONFIG_INVALID", lines.join("; "), { faults });
}

function readImages(config: pulumi.Config, fault: (field: string, message: string) => void): Images {
  const known = ["runtime", "nats", "valkey", "istioHub", "istioTag", "istioPilot", "istioCni", "istioZtunnel"];
  const images = config.getObject<Record<string, unknown>>("images") ?? {};
  for (const [name, image] of Object.entries(images)) {
    if (!known.includes(name)) fault(`images.${name}`, `is not known; there is ${known.join(", ")}`);
    if (typeof image !== "string" || image === "") fault(`images.${name}`, "must be the reference of an image");
  }
  if (images.runtime === undefined) {
    fault("images.runtime", "is required: npm run image makes it, docs/image.md tells how to put it into a registry");
  }
  return images as unknown as Images;
}
