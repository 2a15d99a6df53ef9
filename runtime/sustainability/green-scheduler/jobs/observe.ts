import { GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../../exports";
import type { WorkloadStatus } from "../../../kernel/cluster/cluster";
import { demoRegion } from "../../../kernel/intensity/demo-region";
import { declarationKey, parseAnnotations } from "./annotations";
import type { Declared } from "./declaration";
import { closeRuns, type JobRecord, newRecord, type Outcome, promiseOf } from "./record";

export const ENGINE = "green-scheduler";

/** What a look at jobs needs to know beside them. */
export interface Observed {
  now: number;
  /** Regions of the cluster's nodes, or the configured one. */
  regions: readonly string[];
  /** Where a job runs that does not say. */
  home: string;
  /** By node, of those that say where they are. */
  regionOfNode: ReadonlyMap<string, string>;
  /** The cluster can run a job again that is over. */
  renewable: boolean;
  newId: () => string;
}

/** The jobs of the cluster that wait for this engine, or ran by its leave. */
export function ownJobs(workloads: readonly WorkloadStatus[]): WorkloadStatus[] {
  return workloads.filter(
    ({ spec }) => spec.kind === "job" && spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] === ENGINE,
  );
}

/** Is it over, and to run again? Not where its declaration is not valid: it would run again and again, at once each time. */
export function recurs(status: WorkloadStatus, seen: Observed): boolean {
  if (status.phase !== "succeeded" && status.phase !== "failed") return false;
  // Most have none: a cluster keeps many jobs that are over.
  if (status.spec.annotations?.[GREEN_ANNOTATIONS.schedule] === undefined) return false;
  return (declaredBy(status, seen.now, seen).declaration?.schedule ?? null) !== null;
}

/** Pure: what is known of a job after a look at it; the same object where nothing is new. */
export function observe(record: JobRecord | undefined, status: WorkloadStatus, seen: Observed): JobRecord | undefined {
  const { now } = seen;
  if (!record) {
    // What was released and ended before it was ever seen here is nobody's to account for.
    if (status.phase === "succeeded" || status.phase === "failed") return undefined;
    return observe(firstSeen(status, seen), status, seen);
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

/** The job with a run under way; the same where it has one, and it is where it was thought to be. */
function begun(record: JobRecord, status: WorkloadStatus, seen: Observed): JobRecord {
  const { plan, runs, state } = record;
  const region = regionOf(record, status, seen);
  if (state === "running") {
    const last = runs.at(-1);
    if (!last || last.to !== null || last.region === region) return record;
    return { ...record, runs: [...runs.slice(0, -1), { ...last, region }] };
  }
  const run = { from: startOf(status, record, seen.now), to: null, region };
  // Later plans are of what is left of it.
  const promisedGramsPerKwh = runs.length > 0 ? record.promisedGramsPerKwh : promiseOf(plan);
  return { ...record, state: "running", runs: [...runs, run], promisedGramsPerKwh };
}

/** A job that is over, and whose accounts are open. */
export function ended(record: JobRecord, state: Outcome, now: number): JobRecord {
  return { ...record, state, runs: closeRuns(record.runs, now), finishedAt: now };
}

/** Where it runs: as the nodes of its replicas say, else where it was let run last, or is to be. A demonstration is nowhere else. */
function regionOf(record: JobRecord, { replicas }: WorkloadStatus, { home, regionOfNode }: Observed): string {
  const planned = record.plan?.region ?? record.declaration?.regions[0];
  if (planned !== undefined && demoRegion(planned)) return planned;
  const seen = replicas.map(({ node }) => regionOfNode.get(node)).find((region) => region !== undefined);
  return seen ?? record.runs.at(-1)?.region ?? planned ?? home;
}

function firstSeen(status: WorkloadStatus, { now, newId }: Observed): JobRecord {
  const { spec } = status;
  return newRecord({
    id: newId(),
    name: spec.name,
    origin: "cluster",
    tenant: spec.labels?.[KUBERNETES_LABELS.tenant] ?? null,
    submittedAt: now,
    cores: spec.requests.cpuCores,
    replicas: spec.replicas,
  });
}

/** Reads the annotations anew where they have changed; a plan made by the old ones is void. */
function redeclared(record: JobRecord, status: WorkloadStatus, seen: Observed): JobRecord {
  const key = declarationKey(status.spec.annotations ?? {});
  if (key === record.declarationKey) return record;
  const declared = declaredBy(status, record.submittedAt, seen);
  return { ...record, declarationKey: key, ...declared, plan: null, plannedAt: null, unplannableSince: null };
}

/** What the job says of itself, and whether this cluster can do it. */
function declaredBy({ spec }: WorkloadStatus, submittedAt: number, seen: Observed): Declared {
  const declared = parseAnnotations(spec.annotations ?? {}, submittedAt);
  const { declaration } = declared;
  if (!declaration) return declared;
  if (declaration.schedule && !seen.renewable) {
    const message =
      "is for clusters that run a job again; here a CronJob makes one for each run, annotated and suspended";
    return { declaration: null, faults: [{ field: GREEN_ANNOTATIONS.schedule, message }] };
  }
  // A job of the cluster stays in the cluster; a demonstration is nowhere.
  const here = declaration.regions.filter((region) => seen.regions.includes(region) || demoRegion(region));
  if (declaration.regions.length > 0 && here.length === 0) {
    const message = `names no region of this cluster, which has ${seen.regions.join(", ")}`;
    return { declaration: null, faults: [{ field: GREEN_ANNOTATIONS.regions, message }] };
  }
  const regions = here.length > 0 ? here : [seen.home];
  // The runs of one job are runs of one recurring job, also where it does not say so.
  const recurringKey = declaration.recurringKey ?? (declaration.schedule ? spec.name : null);
  return { declaration: { ...declaration, regions, recurringKey }, faults: [] };
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
