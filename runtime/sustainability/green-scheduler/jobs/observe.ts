import { KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../../exports";
import type { WorkloadStatus } from "../../../kernel/cluster/cluster";
import { declarationKey, parseAnnotations } from "./annotations";
import { closeRuns, type JobRecord, type Outcome } from "./record";

export const ENGINE = "green-scheduler";

interface Observed {
  now: number;
  /** Regions of the cluster's nodes, or the configured one. */
  regions: readonly string[];
  /** Where a job runs that does not say. */
  region: string;
  newId: () => string;
}

/** The jobs of the cluster that wait for this engine, or ran by its leave. */
export function ownJobs(workloads: readonly WorkloadStatus[]): WorkloadStatus[] {
  return workloads.filter(
    ({ spec }) => spec.kind === "job" && spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] === ENGINE,
  );
}

/** Pure: what is known of a job after a look at it; the same object where nothing is new. */
export function observe(record: JobRecord | undefined, status: WorkloadStatus, seen: Observed): JobRecord | undefined {
  const { now } = seen;
  if (!record) {
    // What was released and ended before it was ever seen here is nobody's to account for.
    if (status.phase === "succeeded" || status.phase === "failed") return undefined;
    return observe(newRecord(status, seen), status, seen);
  }
  const declared = redeclared(record, status, seen);
  const end = endOf(status);
  // A short job is over before the first look at it running.
  if (end) return ended(begun(declared, status, seen), end, endedAt(status, declared, now));
  const held = status.phase === "suspended";
  if (held && declared.state === "running") {
    return { ...declared, state: "paused", releaseId: null, runs: closeRuns(declared.runs, now) };
  }
  return held ? declared : begun(declared, status, seen);
}

/** The job with a run under way; the same where it has one. */
function begun(record: JobRecord, status: WorkloadStatus, seen: Observed): JobRecord {
  if (record.state === "running") return record;
  const run = { from: startOf(status, record, seen.now), to: null, region: regionOf(record, seen) };
  return { ...record, state: "running", runs: [...record.runs, run] };
}

/** A job that is over, and whose accounts are open. */
export function ended(record: JobRecord, state: Outcome, now: number): JobRecord {
  return { ...record, state, runs: closeRuns(record.runs, now), finishedAt: now };
}

/** Where a job of the cluster runs: it cannot be moved, so the first of its regions that the cluster has. */
function regionOf(record: JobRecord, { region }: Pick<Observed, "region">): string {
  return record.declaration?.regions[0] ?? region;
}

function newRecord(status: WorkloadStatus, { now, newId }: Observed): JobRecord {
  const { spec } = status;
  return {
    id: newId(),
    name: spec.name,
    origin: "cluster",
    tenant: spec.labels?.[KUBERNETES_LABELS.tenant] ?? null,
    state: "waiting",
    submittedAt: now,
    declarationKey: "",
    declaration: null,
    faults: [],
    cores: spec.requests.cpuCores,
    replicas: spec.replicas,
    runs: [],
    plan: null,
    decisionId: null,
    releaseId: null,
    plannedAt: null,
    unplannableSince: null,
    finishedAt: null,
    account: null,
  };
}

/** Reads the annotations anew where they have changed; a plan made by the old ones is void. */
function redeclared(record: JobRecord, { spec }: WorkloadStatus, seen: Observed): JobRecord {
  const key = declarationKey(spec.annotations ?? {});
  if (key === record.declarationKey) return record;
  const { declaration, faults } = parseAnnotations(spec.annotations ?? {}, record.submittedAt);
  const changed = { ...record, declarationKey: key, plan: null, plannedAt: null, unplannableSince: null };
  if (!declaration) return { ...changed, declaration: null, faults };
  // A job of the cluster stays where the cluster is.
  const here = declaration.regions.filter((region) => seen.regions.includes(region));
  if (declaration.regions.length > 0 && here.length === 0) {
    const message = `names no region of this cluster, which has ${seen.regions.join(", ")}`;
    return { ...changed, declaration: null, faults: [{ field: "regions", message }] };
  }
  return { ...changed, declaration: { ...declaration, regions: here.slice(0, 1) }, faults: [] };
}

function endOf({ phase }: WorkloadStatus): Outcome | undefined {
  return phase === "succeeded" || phase === "failed" ? phase : undefined;
}

/** When its present run began: as its first process since it was last held says, else now. */
function startOf({ replicas }: WorkloadStatus, record: JobRecord, now: number): number {
  const earliest = record.runs.at(-1)?.to ?? record.submittedAt;
  const starts = times(replicas.map(({ startedAt }) => startedAt)).filter((at) => at >= earliest);
  return Math.min(now, ...starts);
}

/** When it ended: as its last process says where one does, for this may be the first look after a long while. */
function endedAt({ replicas }: WorkloadStatus, record: JobRecord, now: number): number {
  const begun = record.runs.at(-1)?.from ?? record.submittedAt;
  const ends = times(replicas.map(({ readyChangedAt }) => readyChangedAt)).filter((at) => at > begun && at <= now);
  return ends.length > 0 ? Math.max(...ends) : now;
}

const times = (texts: readonly (string | undefined)[]): number[] =>
  texts.map((text) => Date.parse(text ?? "")).filter(Number.isFinite);
