/** Kubernetes objects as a recorded program registered them. */
import assert from "node:assert/strict";
import type { RegisteredResource } from "./policies";
import { plain, type Recording, type Registration } from "./recording-monitor";

/** An object with its secret wrappers taken off. */
export interface KubernetesObject {
  kind: string;
  metadata: {
    name?: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  /** Parts differ by kind; a test names what it reads. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [part: string]: any;
}

export function kubernetesRegistrations({ resources }: Recording): Registration[] {
  return resources.filter(({ type }) => type.startsWith("kubernetes:"));
}

/** All objects of one kind. */
export function objectsOf(recording: Recording, kind: string): KubernetesObject[] {
  return kubernetesRegistrations(recording)
    .map(({ inputs }) => plain(inputs) as KubernetesObject)
    .filter((object) => object.kind === kind);
}

/** The only object of its kind. */
export function objectOf(recording: Recording, kind: string): KubernetesObject {
  const found = objectsOf(recording, kind);
  assert.equal(found.length, 1, `${String(found.length)} objects are a ${kind}`);
  return found[0]!;
}

/** The object of this kind and name. */
export function objectNamed(recording: Recording, kind: string, name: string): KubernetesObject {
  const found = objectsOf(recording, kind).find((object) => object.metadata.name === name);
  assert.ok(
    found,
    `no ${kind} ${name} among ${objectsOf(recording, kind)
      .map((o) => o.metadata.name)
      .join(", ")}`,
  );
  return found;
}

/** What policies judge: all that was registered, with plain values, as the engine shows them. */
export function judged({ resources }: Recording): RegisteredResource[] {
  return resources.map(({ type, name, urn, inputs }) => ({
    type,
    name,
    urn,
    props: plain(inputs) as Record<string, unknown>,
  }));
}
