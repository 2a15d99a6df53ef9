import { MnoError } from "../../runtime/exports";
import { HBONE_PORT, meshOf } from "./mesh";
import {
  compare,
  type DeclaredPort,
  groupOf,
  type KubernetesObject,
  type Namespace,
  nameOf,
  namespaceOf,
  type Protocol,
  type Service,
  type Workload,
  type World,
} from "./model";
import { type Labels, matchesSelector } from "./selectors";

interface Container {
  ports?: { containerPort: number; protocol?: Protocol; name?: string }[];
  restartPolicy?: string;
}

interface PodTemplate {
  metadata?: { labels?: Labels; annotations?: Labels };
  spec?: {
    containers?: Container[];
    initContainers?: Container[];
    serviceAccountName?: string;
    serviceAccount?: string;
    hostNetwork?: boolean;
  };
}

interface ServiceSpec {
  selector?: Labels;
  ports?: { port: number; targetPort?: number | string; protocol?: Protocol }[];
}

const GATEWAY_GROUP = "gateway.networking.k8s.io";
const NAME_LABEL = "kubernetes.io/metadata.name";

const DNS_LABELS: Labels = { "k8s-app": "kube-dns" };

/** Pods' templates by kind and API group: a custom resource that happens to be called Job is none. */
const TEMPLATES: Record<string, { group: string; of: (object: KubernetesObject) => PodTemplate | undefined }> = {
  Pod: { group: "", of: (object) => object as PodTemplate },
  Deployment: { group: "apps", of: templateOf },
  StatefulSet: { group: "apps", of: templateOf },
  DaemonSet: { group: "apps", of: templateOf },
  ReplicaSet: { group: "apps", of: templateOf },
  Job: { group: "batch", of: templateOf },
  CronJob: {
    group: "batch",
    of: (object) =>
      (object.spec as { jobTemplate?: { spec?: { template?: PodTemplate } } }).jobTemplate?.spec?.template,
  },
};

/**
 * What the policies are judged against. Objects may come in any order; the order of the result depends on names alone.
 * @throws MNO_MANIFEST_INVALID where an object has no kind or a workload has no pod template.
 */
export function createWorld(manifests: readonly KubernetesObject[]): World {
  const objects = manifests.flatMap(unwrap);
  const namespaces = readNamespaces(objects);
  const services = objects
    .filter((object) => object.kind === "Service" && object.apiVersion === "v1")
    .map((object) => readService(object, namespaces));
  const found = objects.flatMap((object) => {
    const template = TEMPLATES[object.kind];
    if (template?.group !== groupOf(object.apiVersion)) return [];
    const pods = template.of(object);
    if (!pods?.spec) throw new MnoError("MNO_MANIFEST_INVALID", `${describe(object)} has no pod template`);
    return [readWorkload(object, pods, namespaces, services)];
  });
  found.push(...objects.filter(isWaypoint).map((gateway) => waypointPods(gateway, namespaces)));
  const taken = Map.groupBy(found, (workload) => workload.id);
  const workloads = found.map((workload) =>
    taken.get(workload.id)?.length === 1 ? workload : { ...workload, id: `${workload.id} (${workload.kind})` },
  );
  if (!workloads.some(isClusterDns)) workloads.push(clusterDns(namespaces));
  workloads.sort((a, b) => compare(a.id, b.id));
  workloads.forEach((workload, index) => (workload.index = index));
  return { workloads, services, objects };
}

export function isClusterDns(workload: Workload): boolean {
  return workload.namespace.name === "kube-system" && matchesSelector({ matchLabels: DNS_LABELS }, workload.labels);
}

/** The namespace as the policies see it; one that no manifest declares has its name label only. */
function namespaceNamed(namespaces: ReadonlyMap<string, Namespace>, name: string): Namespace {
  return namespaces.get(name) ?? { name, labels: { [NAME_LABEL]: name }, annotations: {} };
}

function readNamespaces(objects: readonly KubernetesObject[]): Map<string, Namespace> {
  return new Map(
    objects
      .filter((object) => object.kind === "Namespace" && object.apiVersion === "v1")
      .map((object) => {
        const name = nameOf(object);
        const labels = { ...object.metadata?.labels, [NAME_LABEL]: name };
        return [name, { name, labels, annotations: object.metadata?.annotations ?? {} }];
      }),
  );
}

function readWorkload(
  object: KubernetesObject,
  pods: PodTemplate,
  namespaces: ReadonlyMap<string, Namespace>,
  services: readonly Service[],
): Workload {
  const name = nameOf(object);
  const namespace = namespaceNamed(namespaces, namespaceOf(object));
  // The Job controller adds these to its pods; policies may select by them.
  const added: Labels = object.kind === "Job" ? { "job-name": name, "batch.kubernetes.io/job-name": name } : {};
  const labels = { ...pods.metadata?.labels, ...added };
  const annotations = pods.metadata?.annotations ?? {};
  const hostNetwork = pods.spec?.hostNetwork ?? false;
  const containerPorts = [
    ...(pods.spec?.containers ?? []),
    ...(pods.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always"),
  ].flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol = "TCP", name }) => ({
      port: containerPort,
      protocol,
      ...(name === undefined ? {} : { name }),
    })),
  );
  const targets = services.flatMap(({ selector, ports, namespace: { name: own } }) => {
    if (!selector || own !== namespace.name || !matchesSelector({ matchLabels: selector }, labels)) return [];
    return ports.flatMap(({ targetPort, protocol }) =>
      typeof targetPort === "number" ? [{ port: targetPort, protocol }] : [],
    );
  });
  return {
    id: `${namespace.name}/${name}`,
    index: -1,
    kind: object.kind,
    name,
    namespace,
    labels,
    annotations,
    serviceAccount: pods.spec?.serviceAccountName ?? pods.spec?.serviceAccount ?? "default",
    containerPorts,
    ports: distinct([...containerPorts, ...targets]),
    mesh: hostNetwork ? "none" : meshOf(namespace, labels, annotations),
    hostNetwork,
    assumed: false,
    waypoint: false,
  };
}

/** CoreDNS as every conformant cluster labels it; policies that allow DNS select it so. */
function clusterDns(namespaces: ReadonlyMap<string, Namespace>): Workload {
  const ports: DeclaredPort[] = [
    { port: 53, protocol: "TCP", name: "dns-tcp" },
    { port: 53, protocol: "UDP", name: "dns" },
  ];
  return {
    id: "kube-system/coredns",
    index: -1,
    kind: "Deployment",
    name: "coredns",
    namespace: namespaceNamed(namespaces, "kube-system"),
    labels: DNS_LABELS,
    annotations: {},
    serviceAccount: "coredns",
    containerPorts: ports,
    ports,
    mesh: "none",
    hostNetwork: false,
    assumed: true,
    waypoint: false,
  };
}

function readService(object: KubernetesObject, namespaces: ReadonlyMap<string, Namespace>): Service {
  const { selector, ports = [] } = (object.spec ?? {}) as ServiceSpec;
  const namespace = namespaceNamed(namespaces, namespaceOf(object));
  return {
    id: `${namespace.name}/${nameOf(object)}`,
    namespace,
    labels: object.metadata?.labels ?? {},
    ports: ports.map(({ port, targetPort = port, protocol = "TCP" }) => ({ port, targetPort, protocol })),
    ...(selector === undefined ? {} : { selector }),
  };
}

function isWaypoint({ apiVersion, kind, spec }: KubernetesObject): boolean {
  const { gatewayClassName } = (spec ?? {}) as { gatewayClassName?: string };
  return groupOf(apiVersion) === GATEWAY_GROUP && kind === "Gateway" && gatewayClassName === "istio-waypoint";
}

/** What istiod makes of the Gateway: a Deployment and a service account of its name. */
function waypointPods(gateway: KubernetesObject, namespaces: ReadonlyMap<string, Namespace>): Workload {
  const name = nameOf(gateway);
  const namespace = namespaceNamed(namespaces, namespaceOf(gateway));
  return {
    id: `${namespace.name}/${name}`,
    index: -1,
    kind: "Gateway",
    name,
    namespace,
    labels: { ...gateway.metadata?.labels, "gateway.networking.k8s.io/gateway-name": name },
    annotations: {},
    serviceAccount: name,
    containerPorts: [],
    ports: [{ port: HBONE_PORT, protocol: "TCP", name: "mesh" }],
    mesh: "istio-ambient",
    hostNetwork: false,
    assumed: false,
    waypoint: true,
  };
}

function distinct(ports: readonly DeclaredPort[]): DeclaredPort[] {
  const first = new Map<string, DeclaredPort>();
  for (const port of ports) {
    const key = `${port.protocol} ${String(port.port)}`;
    if (!first.has(key)) first.set(key, port);
  }
  return [...first.values()].sort((a, b) => a.port - b.port || compare(a.protocol, b.protocol));
}

function unwrap(object: KubernetesObject): KubernetesObject[] {
  if (typeof object.kind !== "string" || typeof object.apiVersion !== "string") {
    throw new MnoError(
      "MNO_MANIFEST_INVALID",
      `an object lacks apiVersion or kind: ${JSON.stringify(object).slice(0, 80)}`,
    );
  }
  if (!object.kind.endsWith("List")) return [object];
  const { items } = object as { items?: KubernetesObject[] };
  return Array.isArray(items) ? items.flatMap(unwrap) : [object];
}

function templateOf(object: KubernetesObject): PodTemplate | undefined {
  return (object.spec as { template?: PodTemplate } | undefined)?.template;
}

function describe(object: KubernetesObject): string {
  return `${object.kind} ${namespaceOf(object)}/${nameOf(object)}`;
}
