import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_LABELS } from "../runtime/exports";
import { shallow } from "./workload/inputs";

/** Annotation: why something that is closed by default was opened. */
export const BECAUSE = "machine-native-ops/because";

export type StringMap = pulumi.Input<{ [name: string]: pulumi.Input<string> }>;

export interface ObjectMetadata {
  name: string;
  namespace?: pulumi.Input<string>;
  labels: StringMap;
  annotations?: StringMap;
}

export interface MetadataOptions {
  /** Name of the component that owns the object, where the object's own differs. */
  component?: string;
  namespace?: pulumi.Input<string>;
  /** The user's labels. */
  labels?: StringMap;
  /** Further labels of ours. */
  also?: Record<string, string>;
  annotations?: Record<string, pulumi.Input<string>>;
}

/** The metadata of an object of a component: its stable name, the user's labels and, above them, ours. */
export function metadata(name: string, { component = name, labels, also, ...rest }: MetadataOptions): ObjectMetadata {
  return { name, ...rest, labels: labelsOf(component, labels, also) };
}

/** What tells a workload's pods from all others of its namespace. Selectors cannot change later, so it is this alone. */
export function selectorLabels(name: string): Record<string, string> {
  return { [KUBERNETES_LABELS.name]: name };
}

/** The user's labels and ours; ours win, for selectors and policies rely on them. */
export function labelsOf(
  component: string,
  labels: StringMap | undefined,
  extra: Record<string, pulumi.Input<string>> = {},
): StringMap {
  return shallow(labels ?? {}, (own) => ({
    ...own,
    ...extra,
    ...selectorLabels(component),
    [KUBERNETES_LABELS.partOf]: "machine-native-ops",
    [KUBERNETES_LABELS.managedBy]: "pulumi",
  }));
}
