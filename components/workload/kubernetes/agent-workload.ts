/** What a KubernetesAgent asks of its KubernetesWorkload. Pure. */
import type * as pulumi from "@pulumi/pulumi";
import {
  AGENT_PERMISSIONS,
  type AgentPermission,
  ENGINE_NAMES,
  type EngineName,
  type FieldFault,
  KUBERNETES_LABELS,
  PORTS,
} from "../../../runtime/exports";
import { AgentTarget } from "../agent";
import { derive, known, keysOf, shallow } from "../inputs";
import type { AgentAuthorityArgs, AgentTlsArgs, KubernetesAgentArgs } from "./agent-types";
import { Faults } from "./faults";
import { isCidr } from "./network-policy";
import type { PermissionArgs } from "./operation-types";
import type { FilesArgs } from "./volume-types";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "./types";

const MIB = 2 ** 20;
/** The image's folder for state; the only one that the runtime writes to, beside /tmp. */
const STATE_DIRECTORY = "/var/lib/machine-native-ops";
/** What Node.js and PGlite put in files of their own. */
const TMP_BYTES = 64 * MIB;
const EPHEMERAL_STATE_BYTES = 2 ** 30;
const EMBEDDED_LIMIT_BYTES = 2 * 2 ** 30;

/** Variables that the component sets; `configuration` may not. */
const OWN_VARIABLES = [
  "MNO_STATE_DIR",
  "MNO_HTTP_HOST",
  "MNO_HTTP_PORT",
  "MNO_HTTP_TLS_CERTIFICATE_FILE",
  "MNO_HTTP_TLS_KEY_FILE",
  "MNO_CLUSTER_URL",
  "MNO_API_TOKEN",
  "MNO_DATABASE_URL",
  "MNO_BUS_URL",
  "MNO_CACHE_URL",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "NODE_EXTRA_CA_CERTS",
];
const AUTHORITY_DIRECTORY = "/etc/machine-native-ops/authority";
const AUTHORITY_KEY = "ca.crt";
const TLS_DIRECTORY = "/etc/machine-native-ops/tls";
/** As the keys of a Secret of type kubernetes.io/tls are named. */
const TLS_KEYS = { certificate: "tls.crt", key: "tls.key" } as const;

function clusterUrlOf({ clusterUrl, namespace }: KubernetesAgentArgs): pulumi.Input<string> {
  return clusterUrl ?? derive(namespace, (name) => `kubernetes:${name}`);
}

/** Whether both database and bus are elsewhere, so that a replica holds nothing that another lacks. */
function isStateless(args: KubernetesAgentArgs): boolean {
  const referred = (args.secretReferences ?? []).map(({ variable }) => known(variable));
  const has = (url: unknown, variable: string): boolean => url !== undefined || referred.includes(variable);
  return has(args.databaseUrl, "MNO_DATABASE_URL") && has(args.busUrl, "MNO_BUS_URL");
}

function targetOf({ target }: KubernetesAgentArgs): AgentTarget {
  return target ?? AgentTarget.All;
}

function replicasOf(args: KubernetesAgentArgs): pulumi.Input<number> {
  return args.replicas ?? (targetOf(args) !== AgentTarget.All && isStateless(args) ? 2 : 1);
}

export function agentWorkload(args: KubernetesAgentArgs, apiToken: pulumi.Input<string>): KubernetesWorkloadArgs {
  const target = targetOf(args);
  const stateless = isStateless(args);
  const replicas = replicasOf(args);
  const clusterUrl = clusterUrlOf(args);
  const permissions = engines(target).map((engine) => AGENT_PERMISSIONS[engine]);
  const small = stateless && target !== AgentTarget.All;
  const state = { name: "state", mountPath: STATE_DIRECTORY };
  const authority = authorityOf(args);
  return {
    namespace: args.namespace,
    image: args.image,
    args: ["--target", target],
    environment: shallow(args.configuration ?? {}, (configuration) =>
      defined({
        ...configuration,
        MNO_STATE_DIR: STATE_DIRECTORY,
        MNO_HTTP_HOST: "0.0.0.0",
        MNO_HTTP_PORT: String(PORTS.api),
        MNO_CLUSTER_URL: clusterUrl,
        OTEL_EXPORTER_OTLP_ENDPOINT: args.otlpEndpoint,
        NODE_EXTRA_CA_CERTS: authority && `${AUTHORITY_DIRECTORY}/${authority.key}`,
        MNO_HTTP_TLS_CERTIFICATE_FILE: args.tls && `${TLS_DIRECTORY}/${TLS_KEYS.certificate}`,
        MNO_HTTP_TLS_KEY_FILE: args.tls && `${TLS_DIRECTORY}/${TLS_KEYS.key}`,
      }),
    ),
    secretEnvironment: defined({
      ...args.secretConfiguration,
      MNO_API_TOKEN: apiToken,
      MNO_DATABASE_URL: args.databaseUrl,
      MNO_BUS_URL: args.busUrl,
      MNO_CACHE_URL: args.cacheUrl,
    }),
    secretReferences: args.secretReferences,
    requests: args.requests ?? { cpuCores: small ? 0.25 : 0.5, memoryBytes: (small ? 384 : 768) * MIB },
    // Starting the embedded database takes twice what running it does.
    ...(stateless || args.requests !== undefined ? {} : { limits: { memoryBytes: EMBEDDED_LIMIT_BYTES } }),
    replicas,
    ports: [{ name: "http", port: PORTS.api, appProtocol: args.tls ? "https" : "http" }, ...(args.ports ?? [])],
    startup: { path: "/healthz", periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 60 },
    readiness: { path: "/readyz", periodSeconds: 5, timeoutSeconds: 2 },
    // A busy event loop, or a busy node, is not a dead process: a minute without an answer is.
    liveness: { path: "/healthz", periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    gracePeriodSeconds: 20,
    files: [
      ...(authority ? [authorityFiles(authority)] : []),
      ...(args.tls ? [tlsFiles(args.tls)] : []),
      ...(args.files ?? []),
    ],
    ...(args.storage
      ? { kind: KubernetesWorkloadKind.Stateful, storage: [{ ...state, ...args.storage }], protect: args.protect }
      : {}),
    scratch: [
      { name: "tmp", mountPath: "/tmp", sizeBytes: TMP_BYTES },
      ...(args.storage ? [] : [{ ...state, sizeBytes: stateless ? TMP_BYTES : EPHEMERAL_STATE_BYTES }]),
    ],
    permissions: rules(permissions.flatMap(({ namespaced }) => namespaced)),
    permissionsNamespace: args.clusterUrl === undefined ? undefined : derive(args.clusterUrl, namespaceIn),
    clusterPermissions: rules(permissions.flatMap(({ clusterWide }) => clusterWide)),
    metrics:
      args.monitoringNamespace === undefined
        ? undefined
        : { port: "http", fromNamespace: args.monitoringNamespace, ...(args.tls && { authority }) },
    priorityClassName: args.priorityClassName,
    imagePullSecrets: args.imagePullSecrets,
    mesh: args.mesh,
    annotations:
      args.ephemeralState === undefined ? undefined : { "machine-native-ops/ephemeral-state": args.ephemeralState },
    labels: shallow(args.labels ?? {}, (own) => ({
      ...own,
      [KUBERNETES_LABELS.target]: target,
      [KUBERNETES_LABELS.maxReplicas]: derive(replicas, String),
    })),
  };
}

/** Whom the agent trusts beside the public authorities: who signed its own certificate signed the other agents', too. */
function authorityOf({ authority, tls }: KubernetesAgentArgs): Required<AgentAuthorityArgs> | undefined {
  const { secretName, key = AUTHORITY_KEY } = authority ?? { secretName: tls?.secretName };
  return secretName === undefined ? undefined : { secretName, key };
}

function authorityFiles({ secretName, key }: Required<AgentAuthorityArgs>): FilesArgs {
  return { name: "authority", mountPath: AUTHORITY_DIRECTORY, secretName, keys: [key] };
}

function tlsFiles({ secretName }: AgentTlsArgs): FilesArgs {
  return { name: "tls", mountPath: TLS_DIRECTORY, secretName, keys: Object.values(TLS_KEYS) };
}

/** Everything that is wrong with an agent's arguments that its workload does not see. Pure. */
export function validateKubernetesAgent(args: KubernetesAgentArgs): FieldFault[] {
  const faults = new Faults();
  const target = targetOf(args);
  const stateless = isStateless(args);
  const url = known(args.clusterUrl);
  const targets = Object.values(AgentTarget);
  faults.check(targets.includes(target), "target", `is ${target}; it must be one of ${targets.join(", ")}`);
  faults.check(
    url === undefined || namespaceIn(url) !== "",
    "clusterUrl",
    `is "${url ?? ""}"; it must be like kubernetes:shop, with the namespace to act upon`,
  );
  const stores = "needs databaseUrl and busUrl, or secretReferences to MNO_DATABASE_URL and MNO_BUS_URL";
  faults.check(stateless || target === AgentTarget.All, "target", `${target} ${stores}: engines meet in events`);
  faults.check(stateless || (known(replicasOf(args)) ?? 1) <= 1, "replicas", `over 1 ${stores}`);
  const ways = [args.storage, args.ephemeralState].filter((way) => way !== undefined).length;
  faults.check(
    ways === (stateless ? 0 : 1),
    "storage",
    stateless
      ? "and ephemeralState are for embedded state; with databaseUrl and busUrl there is none"
      : "or ephemeralState, one of them, is required without databaseUrl and busUrl",
  );
  faults.check(args.ephemeralState?.trim() !== "", "ephemeralState", "must say why");
  faults.check(args.protect === undefined || args.storage !== undefined, "protect", "is for storage");
  const token = known(args.apiToken);
  faults.check(token === undefined || token.length >= 16, "apiToken", "must have at least 16 characters");
  const taken = [...keysOf(args.configuration), ...keysOf(args.secretConfiguration)].filter((key) =>
    OWN_VARIABLES.includes(key),
  );
  faults.check(taken.length === 0, "configuration", `holds ${taken.join(", ")}, which arguments of their own set`);
  const wrong = (args.apiServerCidrs ?? []).filter((cidr) => !isCidr(cidr));
  faults.check(wrong.length === 0, "apiServerCidrs", `hold ${wrong.join(", ")}; write 10.0.0.0/28`);
  faults.check(args.apiServerCidrs?.length !== 0, "apiServerCidrs", "must not be empty; an agent needs the API server");
  return faults.list;
}

function engines(target: AgentTarget): readonly EngineName[] {
  return target === AgentTarget.All ? ENGINE_NAMES : [target];
}

function rules(permissions: readonly AgentPermission[]): PermissionArgs[] {
  return permissions.map(({ reason: _reason, ...rule }) => rule);
}

/** `shop` of `kubernetes:shop?…`; empty where there is none. */
function namespaceIn(url: string): string {
  return /^kubernetes:([^?]*)/.exec(url)?.[1] ?? "";
}

function defined<T>(map: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).filter((entry): entry is [string, T] => entry[1] !== undefined));
}
