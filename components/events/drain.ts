import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { BackboneLayout } from "./config";

/**
 * A server that is to stop first sends its clients to the others, a few at a time ("lame duck"), and then ends by itself;
 * Kubernetes' SIGTERM, which would cut them all off at once, it ignores meanwhile.
 */
export function drainBeforeStop({ run }: BackboneLayout): pulumi.ResourceTransformation {
  const lifecycle = { preStop: { exec: { command: ["nats-server", "--signal", `ldm=${run}/nats.pid`] } } };
  return ({ type, props, opts }) => {
    if (type !== "kubernetes:apps/v1:StatefulSet") return undefined;
    const { spec, ...rest } = props as { spec: PlainStatefulSet };
    const { template } = spec;
    const [server, ...others] = template.spec.containers;
    const containers = [{ ...server, lifecycle }, ...others];
    return {
      props: { ...rest, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } },
      opts,
    };
  };
}

/** What KubernetesWorkload hands to the provider: its structure is always known, whatever its values. */
interface PlainStatefulSet {
  template: { spec: { containers: k8s.types.input.core.v1.Container[] } };
}
