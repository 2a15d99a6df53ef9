import { MnoError } from "../../runtime/exports";
import type { Mesh } from "./mesh";
import type { Labels } from "./selectors";

/** A manifest as it stands in a YAML document; only what the evaluator reads is typed, by the code that reads it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata?: {
    name?: string;
    generateName?: string;
    namespace?: string;
    labels?: Labels;
    annotations?: Labels;
  };
  spec?: unknown;
}

export type Protocol = "TCP" | "UDP" | "SCTP";
export const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

export interface DeclaredPort {
  port: number;
  protocol: Protocol;
  name?: string;
}

export interface Namespace {
  name: string;
  labels: Labels;
  annotations: Labels;
}

/** All pods of one Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob, or one bare Pod: they are alike to every policy. */
export interface Workload {
  /** `namespace/name`, with the kind behind it where two kinds share the name. */
  id: string;
  /** Position in World.workloads. */
  index: number;
  kind: string;
  name: string;
  namespace: Namespace;
  labels: Labels;
  annotations: Labels;
  serviceAccount: string;
  /** Of its containers; named ports of policies are looked up here. */
  containerPorts: DeclaredPort[];
  /** containerPorts and the target ports of Services that select the workload, each once, by number. */
  ports: DeclaredPort[];
  mesh: Mesh;
  hostNetwork: boolean;
  /** Not among the manifests: the cluster's DNS, which every cluster has. */
  assumed: boolean;
  /** The pods that Istio runs for a Gateway of class istio-waypoint. */
  waypoint: boolean;
}

export interface Service {
  /** `namespace/name` */
  id: string;
  namespace: Namespace;
  labels: Labels;
  /** None selects nothing. */
  selector?: Labels;
  ports: { port: number; targetPort: number | string; protocol: Protocol }[];
}

/** A policy of any kind with its namespace resolved. */
export interface Policy<Spec> {
  /** `namespace/name` */
  id: string;
  name: string;
  namespace: string;
  apiVersion: string;
  spec: Spec;
}

export interface World {
  workloads: Workload[];
  services: Service[];
  objects: readonly KubernetesObject[];
}

/** Policies of one kind, by name. */
export function policiesOf<Spec>(world: World, group: string, kind: string): Policy<Spec>[] {
  return world.objects
    .filter((object) => object.kind === kind && groupOf(object.apiVersion) === group)
    .map((object) => {
      const name = nameOf(object);
      const namespace = namespaceOf(object);
      return {
        id: `${namespace}/${name}`,
        name,
        namespace,
        apiVersion: object.apiVersion,
        spec: (object.spec ?? {}) as Spec,
      };
    })
    .sort((a, b) => compare(a.id, b.id));
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.lastIndexOf("/")) : "";
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const DEFAULT_NAMESPACE = "default";

export function nameOf(object: KubernetesObject): string {
  const name = object.metadata?.name ?? object.metadata?.generateName;
  if (name === undefined) throw new MnoError("MNO_MANIFEST_INVALID", `a ${object.kind} has no metadata.name`);
  return name;
}

export function namespaceOf(object: KubernetesObject): string {
  return object.metadata?.namespace ?? DEFAULT_NAMESPACE;
}
