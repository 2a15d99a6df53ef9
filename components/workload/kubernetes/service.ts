import type * as k8s from "@pulumi/kubernetes";
import type { KubernetesPortArgs } from "./container-types";
import { selectorLabels } from "../../metadata";

type Spec = k8s.types.input.core.v1.ServiceSpec;

/** The stable address of all ready replicas. */
export function serviceSpec(name: string, ports: readonly KubernetesPortArgs[]): Spec {
  return {
    type: "ClusterIP",
    selector: selectorLabels(name),
    ports: ports.map((port) => ({
      name: port.name,
      port: port.port,
      targetPort: port.name,
      protocol: "TCP",
      appProtocol: port.appProtocol,
    })),
  };
}

/** A DNS name for each replica, from its start: members of a cluster find each other before they are ready. */
export function headlessServiceSpec(name: string, ports: readonly KubernetesPortArgs[]): Spec {
  return { ...serviceSpec(name, ports), clusterIP: "None", publishNotReadyAddresses: true };
}
