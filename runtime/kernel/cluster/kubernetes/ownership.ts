import { FIELD_MANAGER } from "../../../exports";
import type { KubernetesObject } from "./objects";

/** Whether the object was made by server-side apply of this driver, and not merely scaled by it. */
export function isOurs({ metadata }: KubernetesObject): boolean {
  return (metadata?.managedFields ?? []).some(
    ({ manager, operation, subresource }) => manager === FIELD_MANAGER && operation === "Apply" && !subresource,
  );
}

/** Who else has a hand in the object's spec. */
export function otherManagers({ metadata }: KubernetesObject): string {
  const managers = (metadata?.managedFields ?? [])
    .filter(({ manager, subresource }) => manager !== FIELD_MANAGER && !subresource)
    .map(({ manager }) => manager ?? "an unnamed field manager");
  return [...new Set(managers)].join(", ") || "another field manager";
}
