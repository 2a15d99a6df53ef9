/** The parts of Kubernetes objects that rules read, as declared: anything may be missing, policies judge before validation does. */
import type { Resource } from "./rule";

interface Metadata {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Container {
  name?: string;
  image?: string;
  command?: readonly string[];
  args?: readonly string[];
  env?: readonly { name: string; value?: unknown }[];
  ports?: readonly { hostPort?: number }[];
  securityContext?: { privileged?: boolean; allowPrivilegeEscalation?: boolean };
  resources?: { requests?: Quantities; limits?: Quantities };
}

export interface Quantities {
  cpu?: unknown;
  memory?: unknown;
  /** Extended resources, such as `nvidia.com/gpu`. */
  [extended: string]: unknown;
}

export interface PodSpec {
  containers?: readonly Container[];
  initContainers?: readonly Container[];
  ephemeralContainers?: readonly Container[];
  hostPID?: boolean;
  hostIPC?: boolean;
  hostNetwork?: boolean;
}

interface PodTemplateOwner {
  template?: { spec?: PodSpec };
  parallelism?: number;
}

/** The spec of a controller: of any kind that makes pods from a template. */
export interface ControllerSpec extends PodTemplateOwner {
  replicas?: number;
  jobTemplate?: { metadata?: Metadata; spec?: PodTemplateOwner };
}

const BUILT_IN_TYPE = /^kubernetes:(core|apps|batch|extensions)\/v[0-9a-z]+:([A-Za-z]+)$/;

/** `Deployment` of `kubernetes:apps/v1:Deployment`; undefined for what is not a built-in Kubernetes kind. */
export function kubernetesKind(type: string): string | undefined {
  return BUILT_IN_TYPE.exec(type)?.[2];
}

export function metadataOf(resource: Resource): Metadata {
  return (resource.props["metadata"] as Metadata | undefined) ?? {};
}

/** The namespace, "default" where none is named. */
export function namespaceOf(resource: Resource): string {
  return metadataOf(resource).namespace ?? "default";
}

/** The spec as the caller knows it; empty when there is none. */
export function specOf<S extends object>(resource: Resource): Partial<S> {
  return (resource.props["spec"] as Partial<S> | undefined) ?? {};
}
