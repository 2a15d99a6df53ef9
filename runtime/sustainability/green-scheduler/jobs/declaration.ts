import type { FieldFault } from "../../../exports";
import type { ScalePoint } from "../engine";
import type { Schedule } from "./recurrence";

/** What a job says about itself. Times are milliseconds since the epoch, durations seconds, power W, carbon gCO2e. */
export interface Declaration {
  releaseAt: number;
  deadline: number;
  maxDelaySeconds: number | null;
  /** null: to be learned, or the configured default. */
  durationSeconds: number | null;
  interruptible: boolean;
  checkpointSeconds: number;
  startupSeconds: number;
  minChunkSeconds: number;
  /** null: by its cores. */
  watts: number | null;
  /** Where it may run, the first being where it would run unshifted; empty: where the scheduler is. */
  regions: string[];
  /** It named its regions, and must run in one of them; without it, it runs wherever the cluster puts it. */
  pinned: boolean;
  carbonBudgetGrams: number | null;
  recurringKey: string | null;
  /** Of a job that runs again and again: `releaseAt` is its present time. */
  schedule: Schedule | null;
  /** Sizes of an elastic job; empty where it has one size. */
  scale: ScalePoint[];
}

/** A declaration, or everything that is wrong with what was declared. */
export type Declared = { declaration: Declaration; faults: [] } | { declaration: null; faults: FieldFault[] };

/** What no single value shows: faults between the parts of a declaration. */
export function contradictions(declaration: Declaration, field: (name: "deadline" | "scale") => string): FieldFault[] {
  const { releaseAt, deadline, scale } = declaration;
  const faults: FieldFault[] = [];
  if (deadline <= releaseAt) {
    const message = `must be after the release at ${iso(releaseAt)}, and is ${iso(deadline)}`;
    faults.push({ field: field("deadline"), message });
  }
  const ascends = scale.every(({ replicas }, index) => index === 0 || replicas > scale[index - 1]!.replicas);
  if (!ascends) faults.push({ field: field("scale"), message: "must ascend by replicas, the smallest size first" });
  return faults;
}

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
