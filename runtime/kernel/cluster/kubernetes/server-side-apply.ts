import { FIELD_MANAGER, MnoError } from "../../../exports";
import { ApiError, isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { type KubernetesObject, pathOf, type ResourceKind } from "./objects";
import { isOurs, otherManagers } from "./ownership";

const APPLY = "application/apply-patch+yaml";

/**
 * Makes the object's fields these, and leaves those of others alone. Fields that the driver itself changed by other calls
 * (a scale, a suspension) are taken over.
 * Errors: MNO_WORKLOAD_CONFLICT naming who has a field that would change.
 */
export async function serverSideApply<T extends KubernetesObject>(
  connection: Connection,
  kind: ResourceKind,
  namespace: string,
  object: T,
): Promise<T> {
  const name = object.metadata?.name ?? "";
  const patch = (force: boolean): Promise<T> =>
    connection.json<T>("PATCH", pathOf(kind, namespace, name), {
      query: { fieldManager: FIELD_MANAGER, force: String(force) },
      body: object,
      contentType: APPLY,
    });
  try {
    return await patch(false);
  } catch (error) {
    const conflicts = fieldConflicts(error);
    if (conflicts.length === 0) throw error;
    const others = conflicts.filter(({ manager }) => manager !== FIELD_MANAGER);
    if (others.length === 0) return patch(true);
    const held = others.map(({ field, manager }) => `${field} belongs to ${manager}`);
    throw new MnoError("MNO_WORKLOAD_CONFLICT", `${kind} "${name}" cannot be changed: ${held.join("; ")}`);
  }
}

/** Errors: MNO_WORKLOAD_CONFLICT where the object was made by another field manager. */
export function refuseOthers(kind: ResourceKind, object: KubernetesObject): void {
  if (isOurs(object)) return;
  throw new MnoError(
    "MNO_WORKLOAD_CONFLICT",
    `${kind} "${object.metadata?.name ?? ""}" was made by ${otherManagers(object)}; change it there, or choose another name`,
  );
}

/** Whether the API server refused to change a field that is fixed once the object exists. */
export function isImmutable(error: unknown): boolean {
  return isHttpStatus(error, 422) && /field is immutable/.test(error.answer.message ?? "");
}

function fieldConflicts(error: unknown): { field: string; manager: string }[] {
  if (!(error instanceof ApiError) || error.httpStatus !== 409) return [];
  return (error.answer.details?.causes ?? [])
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ field = "", message = "" }) => ({
      field,
      manager: /conflict with "([^"]+)"/.exec(message)?.[1] ?? message,
    }));
}
