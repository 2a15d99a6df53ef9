import {
  type HttpProbe,
  KUBERNETES_ANNOTATIONS,
  type ResourceQuantities,
  type WorkloadPort,
  type WorkloadSpec,
} from "../../../exports";
import { isReservedVariable, portName, unescapeExpansion, userAnnotations, userLabels } from "./names";
import type { Container, Metadata, PodSpec, Probe, Service, WorkloadObject } from "./objects";
import { add, larger, NONE, quantitiesOf } from "./quantity";
import { suspension } from "./suspension";

/**
 * The workload as this library describes workloads, whoever made it: of its pods the main container, and the requests of
 * all. Values of referenced variables are not read.
 */
export function specOf(workload: WorkloadObject, service: Service | undefined): WorkloadSpec {
  const metadata = metadataOf(workload);
  const pod = podSpecOf(workload);
  const container = mainContainer(pod, metadata.name ?? "");
  const { literals, references } = environmentOf(container);
  const annotations = metadata.annotations ?? {};
  const { replicas, suspended } = suspension(workload);
  const drain = container?.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const grace = pod?.terminationGracePeriodSeconds;
  return defined<WorkloadSpec>({
    name: metadata.name ?? "",
    kind: workload.kind === "Job" ? "job" : "service",
    command: [...(container?.command ?? []), ...(container?.args ?? [])].map(unescapeExpansion),
    cwd: container?.workingDir,
    environment: nonEmpty(literals),
    secretEnvironment: nonEmpty(Object.fromEntries(references.map((name) => [name, "***"]))),
    requests: podRequests(pod),
    replicas,
    scaledBy: annotations[KUBERNETES_ANNOTATIONS.scaledBy],
    ports: portsOf(container, service),
    readiness: httpProbe(container, container?.readinessProbe),
    liveness: httpProbe(container, container?.livenessProbe),
    suspended: suspended || undefined,
    gracePeriodSeconds: grace === undefined ? undefined : Math.max(0, grace - drain),
    labels: userLabels(metadata.labels),
    annotations: userAnnotations(annotations),
    image: container?.image,
    owner: annotations[KUBERNETES_ANNOTATIONS.owner],
  });
}

export function metadataOf(workload: WorkloadObject): Metadata {
  return workload.object.metadata ?? {};
}

function podSpecOf(workload: WorkloadObject): PodSpec | undefined {
  return workload.object.spec?.template.spec;
}

/** The container that does the workload's work: the one of its name, or else the first. */
export function mainContainer(pod: PodSpec | undefined, workload: string): Container | undefined {
  return pod?.containers.find(({ name }) => name === workload) ?? pod?.containers[0];
}

/**
 * What the scheduler sets aside for one pod: containers and sidecars together, or the largest step of its initialisation.
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function podRequests(pod: PodSpec | undefined): ResourceQuantities {
  let sidecars = NONE;
  let steps = NONE;
  for (const container of pod?.initContainers ?? []) {
    const requests = quantitiesOf(container.resources?.requests);
    if (container.restartPolicy === "Always") sidecars = add(sidecars, requests);
    steps = larger(steps, container.restartPolicy === "Always" ? sidecars : add(sidecars, requests));
  }
  const containers = (pod?.containers ?? []).map(({ resources }) => quantitiesOf(resources?.requests));
  return add(larger(containers.reduce(add, sidecars), steps), quantitiesOf(pod?.overhead));
}

function environmentOf(container: Container | undefined): { literals: Record<string, string>; references: string[] } {
  const literals: Record<string, string> = {};
  const references: string[] = [];
  for (const { name, value, valueFrom } of container?.env ?? []) {
    if (isReservedVariable(name)) continue;
    if (valueFrom) references.push(name);
    else literals[name] = unescapeExpansion(value ?? "");
  }
  return { literals, references };
}

/** The Service's ports, or else the container's own. */
function portsOf(container: Container | undefined, service: Service | undefined): WorkloadPort[] | undefined {
  const ports = container?.ports ?? [];
  const direct = (name: string): { direct?: boolean } =>
    ports.some((port) => portName(port) === name && port.hostPort !== undefined) ? { direct: true } : {};
  const stable = (service?.spec?.ports ?? []).map(({ name, port, targetPort }) => {
    const target = ports.find((own) => own.name === targetPort || own.containerPort === (targetPort ?? port));
    const called = target ? portName(target) : (name ?? `port-${String(port)}`);
    return { name: called, port, ...direct(called) };
  });
  const rest = ports
    .filter((port) => !stable.some(({ name }) => name === portName(port)))
    .map((port) => ({ name: portName(port), port: port.containerPort, ...direct(portName(port)) }));
  return stable.length + rest.length === 0 ? undefined : [...stable, ...rest];
}

/** undefined where the probe is of another kind than HTTP, or there is none. */
function httpProbe(container: Container | undefined, probe: Probe | undefined): HttpProbe | undefined {
  if (!probe?.httpGet) return undefined;
  const { path = "/", port } = probe.httpGet;
  const own = container?.ports?.find((each) => each.name === port || each.containerPort === port);
  return defined<HttpProbe>({
    port: own ? portName(own) : String(port),
    path,
    periodSeconds: probe.periodSeconds,
    timeoutSeconds: probe.timeoutSeconds,
    failureThreshold: probe.failureThreshold,
  });
}

function nonEmpty(map: Record<string, string>): Record<string, string> | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}

/** Without the members that are undefined. */
function defined<T extends object>(value: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
