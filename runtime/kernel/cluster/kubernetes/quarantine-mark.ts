import type { Isolation } from "../cluster";
import { DRIVER_ANNOTATIONS } from "./names";
import type { WorkloadObject } from "./objects";

/** What a workload's annotation keeps of its isolation. */
export interface Mark extends Isolation {
  /** Whether it was suspended before, and is to stay so when it is released. */
  suspended: boolean;
}

/** undefined where the workload is not cut off. A mark that cannot be read is one all the same: it must not set anything free. */
export function markOf({ object }: WorkloadObject): Mark | undefined {
  const text = object.metadata?.annotations?.[DRIVER_ANNOTATIONS.isolation];
  if (text === undefined || text === "") return undefined;
  let read: Partial<Record<keyof Mark, unknown>> | null = null;
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    // Told below, by its reason.
  }
  const { since, reason, held, suspended }: Partial<Record<keyof Mark, unknown>> = read ?? {};
  return {
    since: typeof since === "string" ? since : (object.metadata?.creationTimestamp ?? ""),
    reason: typeof reason === "string" ? reason : "its annotation cannot be read",
    held: Array.isArray(held) ? held.filter((name) => typeof name === "string") : [],
    suspended: suspended === true,
  };
}
