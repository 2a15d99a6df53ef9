import { KUBERNETES_LABELS } from "../../../exports";
import type { Pod } from "./objects";
import { POD_TEMPLATE_HASH } from "./pod-owner";

/** Field selector of pods that hold resources: what has ended holds nothing any more. */
export const HOLDS_RESOURCES = "status.phase!=Succeeded,status.phase!=Failed";

const LABELS = [KUBERNETES_LABELS.tenant, POD_TEMPLATE_HASH];

/** Of a pod what it sets aside, where, and whose it is: a large cluster has many. */
export function slimPod({ metadata, spec }: Pod): Pod {
  const { name, namespace, uid, resourceVersion, labels = {}, ownerReferences } = metadata ?? {};
  const claim = <T extends { name: string; resources?: unknown; restartPolicy?: unknown }>(container: T) => ({
    name: container.name,
    resources: container.resources,
    restartPolicy: container.restartPolicy,
  });
  const slim = {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      labels: Object.fromEntries(
        LABELS.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]]])),
      ),
      ownerReferences: ownerReferences?.filter(({ controller }) => controller),
    },
    spec: {
      nodeName: spec?.nodeName,
      overhead: spec?.overhead,
      containers: spec?.containers.map(claim),
      initContainers: spec?.initContainers?.map(claim),
    },
  };
  return slim as Pod;
}
