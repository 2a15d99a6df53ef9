import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { shallow } from "../inputs";

type StringMap = { [name: string]: pulumi.Input<string> };

export interface Metadata {
  name: string;
  namespace: pulumi.Input<string>;
  labels: pulumi.Input<StringMap>;
  annotations?: pulumi.Input<StringMap>;
}

/** What all objects of one component have in common. */
export interface Common {
  namespace: pulumi.Input<string>;
  labels?: pulumi.Input<StringMap>;
}

/** What tells a workload's pods from all others of its namespace. Selectors cannot change later, so it is this alone. */
export function selectorLabels(name: string): Record<string, string> {
  return { [KUBERNETES_LABELS.name]: name };
}

/** The user's labels and ours; ours win, for selectors and policies rely on them. */
export function labelsOf(
  workload: string,
  labels: pulumi.Input<StringMap> | undefined,
  extra: StringMap = {},
): pulumi.Input<StringMap> {
  return shallow(labels ?? {}, (own) => ({
    ...own,
    ...extra,
    ...selectorLabels(workload),
    [KUBERNETES_LABELS.partOf]: "machine-native-ops",
    [KUBERNETES_LABELS.managedBy]: "pulumi",
  }));
}

/** Metadata of an object of the workload; `name` where it differs from the workload's. */
export function metadataOf(workload: string, { namespace, labels }: Common, name = workload): Metadata {
  return { name, namespace, labels: labelsOf(workload, labels) };
}
