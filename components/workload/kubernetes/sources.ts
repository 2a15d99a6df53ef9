import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../../metadata";
import type { Sources } from "./pod";
import type { KubernetesWorkloadArgs } from "./types";

type Texts = pulumi.Input<{ [key: string]: pulumi.Input<string> }>;

/**
 * ConfigMaps and Secrets that cannot change: new contents make a new object under a new name, to which new replicas refer, so
 * that a change rolls, and old replicas keep what they began with. Pulumi names them, and deletes the old one last.
 */
export function makeSources(name: string, args: KubernetesWorkloadArgs, parent: pulumi.Resource): Sources {
  const metadata = { namespace: args.namespace, labels: labelsOf(name, args.labels) };
  const secret = (suffix: string, texts: Texts): pulumi.Input<string> =>
    new k8s.core.v1.Secret(
      `${name}-${suffix}`,
      { metadata, stringData: pulumi.secret(texts), immutable: true },
      { parent },
    ).metadata.name;
  const configMap = (suffix: string, data: Texts): pulumi.Input<string> =>
    new k8s.core.v1.ConfigMap(`${name}-${suffix}`, { metadata, data, immutable: true }, { parent }).metadata.name;
  const files = (args.files ?? []).map(({ name: volume, contents = {}, secretContents, secretName }) => {
    if (secretName !== undefined) return [volume, secretName] as const;
    return [
      volume,
      secretContents === undefined ? configMap(volume, contents) : secret(volume, secretContents),
    ] as const;
  });
  return {
    files: Object.fromEntries(files),
    ...(args.secretEnvironment === undefined
      ? {}
      : { secretEnvironment: secret("environment", args.secretEnvironment) }),
  };
}
