import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "./workload/kubernetes/metadata";

/** Annotation: why something that is closed by default was opened. */
export const BECAUSE = "machine-native-ops/because";

export type StringMap = pulumi.Input<{ [name: string]: pulumi.Input<string> }>;

export interface ObjectMetadata {
  name: string;
  namespace?: pulumi.Input<string>;
  labels: StringMap;
  annotations?: Record<string, pulumi.Input<string>>;
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
