import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { GrammarState } from "../../kernel/http-inspection/grammar/grammar";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import type { Alert, Finding } from "./alerts/alert";
import type { AlertDesk } from "./alerts/desk";
import type { BudgetState, Method } from "./budget/alert-budget";
import { Detection } from "./detection";
import { HttpAttacks } from "./http-attacks";
import type { Instruments } from "./instruments";
import { type Artifact, decodeArtifact, encodeArtifact } from "./models/artifact";
import type { Supervision } from "./models/supervision";
import { attemptOf } from "./patterns/attempt";
import { findingOf, PATTERNS, Patterns } from "./patterns/patterns";
import { BUILT_IN, derived } from "./pipeline/built-in";
import type { PipelineSpec } from "./pipeline/fields";
import type { SigmaRules } from "./sigma";
import type { ThreatStore } from "./store";

const HTTP_ACTIVITY = 4002;
const AUTHENTICATION = 3002;
/** Ids of events that were seen, so that one that comes twice is not learned from twice. */
const REMEMBERED = 20_000;

export interface MonitorDependencies {
  store: ThreatStore;
  desk: AlertDesk;
  clock: Clock;
  random: () => number;
  instruments: Instruments;
  alertsPerDay: number;
  method: Method;
  windowMilliseconds: number;
  sigma: SigmaRules | null;
  supervision: Supervision;
}

export interface Result {
  /** Null where no pipeline is for such events. */
  pipeline: string | null;
  entity: string | null;
  strangeness: number | null;
  pValue: number | null;
  alerts: string[];
}

/** Looks at every event by every means there is, and reports what they find. */
export class Monitor {
  private readonly detections = new Map<string, Detection>();
  private readonly patterns: Patterns;
  private http = new HttpAttacks();
  private readonly seen = new Set<string>();
  /** Id of the model that each pipeline began with last. */
  private readonly adopted = new Map<string, string | null>();

  constructor(private readonly deps: MonitorDependencies) {
    this.patterns = new Patterns({ ...PATTERNS, windowMilliseconds: deps.windowMilliseconds });
  }

  /** Goes on from what an earlier process had learned. A state that cannot be read is left, and said by `onFault`. */
  async load(onFault: (name: string, error: unknown) => void): Promise<void> {
    const { store } = this.deps;
    for (const spec of [...BUILT_IN, ...(await store.pipelines())]) {
      const saved = await store.state<{ budget?: BudgetState; model?: string | null }>(`pipeline/${spec.name}`);
      const detection = this.add(spec, saved?.state.budget);
      this.adopted.set(spec.name, saved?.state.model ?? null);
      try {
        if (saved?.artifact) detection.restore(decodeArtifact(saved.artifact));
      } catch (error) {
        onFault(spec.name, error);
      }
    }
    const grammar = await store.state<GrammarState>("http-grammar");
    try {
      if (grammar !== undefined) this.http = new HttpAttacks(grammar.state);
    } catch (error) {
      onFault("http-grammar", error);
    }
  }

  async save(): Promise<void> {
    const { store, clock, random, instruments, desk } = this.deps;
    await desk.flush();
    for (const [name, detection] of this.detections) {
      const artifact = detection.snapshot(Math.floor(random() * 2 ** 31));
      const bytes = artifact === null ? null : encodeArtifact(artifact);
      await store.saveState(
        `pipeline/${name}`,
        bytes,
        { budget: detection.budget.save(), model: this.adopted.get(name) ?? null },
        clock.now(),
      );
    }
    await store.saveState("http-grammar", null, this.http.state(), clock.now());
    instruments.shifted([...this.detections.values()].reduce((sum, { shifts }) => sum + shifts, 0));
    instruments.losses(this.patterns.losses);
  }

  get names(): string[] {
    return [...this.detections.keys()];
  }

  /** Errors: MNO_THREAT_PIPELINE_NOT_FOUND. */
  detection(name: string): Detection {
    const detection = this.detections.get(name);
    if (detection === undefined) throw new MnoError("MNO_THREAT_PIPELINE_NOT_FOUND", `There is no pipeline ${name}`);
    return detection;
  }

  /** Errors: MNO_THREAT_PIPELINE_CONFLICT where one of the name has other fields, and so learned something else. */
  async define(spec: PipelineSpec): Promise<void> {
    const known = this.detections.get(spec.name);
    if (known !== undefined) {
      if (JSON.stringify(known.pipeline.spec) === JSON.stringify(spec)) return;
      throw new MnoError(
        "MNO_THREAT_PIPELINE_CONFLICT",
        `The pipeline ${spec.name} exists with other fields; give this one another name`,
      );
    }
    await this.deps.store.savePipeline(spec);
    this.add(spec);
  }

  /** Scores with the model from now on. False where it is of other columns. Errors: MNO_THREAT_PIPELINE_NOT_FOUND. */
  adopt(name: string, model: string, artifact: Artifact): boolean {
    const isAdopted = this.detection(name).restore(artifact);
    if (isAdopted) this.adopted.set(name, model);
    return isAdopted;
  }

  hasAdopted(name: string, model: string): boolean {
    return this.adopted.get(name) === model;
  }

  /** An OCSF event. */
  async takeOcsf(event: OcsfEvent, source: "bus" | "http"): Promise<Result> {
    const { uid } = event.metadata;
    return this.once(uid, source, () => this.look(event, uid));
  }

  private async look(event: OcsfEvent, id: string): Promise<Result> {
    const { desk, sigma } = this.deps;
    const isRequest = event.class_uid === HTTP_ACTIVITY;
    const attempt = attemptOf(event);
    const findings = [
      ...(attempt === null ? [] : this.patterns.observe(attempt).map((match) => findingOf(match, id, event.time))),
      ...(isRequest ? this.http.judge(event, id) : []),
      ...(sigma?.judge(event, id) ?? []),
    ];
    const alerts = await this.report(findings, (finding) => desk.report(finding));
    const name = isRequest ? "http-activity" : event.class_uid === AUTHENTICATION ? "authentication" : null;
    if (name === null) return { ...NOTHING, alerts };
    const result = await this.score(name, { ...event, derived: derived(event, event.time) }, id, event.time);
    return { ...result, alerts: [...alerts, ...result.alerts] };
  }

  private async report(
    findings: readonly Finding[],
    to: (finding: Finding) => Promise<Alert | null>,
  ): Promise<string[]> {
    const ids: string[] = [];
    for (const finding of findings) {
      const alert = await to(finding);
      if (alert !== null) ids.push(alert.id);
    }
    return ids;
  }

  /** A row of a pipeline that was defined over HTTP. Errors: MNO_THREAT_PIPELINE_NOT_FOUND. */
  async takeRow(pipeline: string, row: unknown, id: string, time: number): Promise<Result> {
    this.detection(pipeline);
    return this.once(id, "http", () => this.score(pipeline, row, id, time));
  }

  /** An analyst's word on an alert: what was a false alarm is learned as ordinary. Errors: MNO_THREAT_ALERT_NOT_FOUND. */
  async settle(id: string, verdict: "true-positive" | "false-positive", by: string, reason: string): Promise<Alert> {
    const { alert, raw } = await this.deps.desk.settle(id, verdict, by, reason);
    const [kind, name = ""] = alert.detector.split(":", 2);
    if (verdict === "false-positive" && kind === "anomaly" && raw !== null) {
      const row = new Float64Array(raw.slice().buffer);
      const detection = this.detections.get(name);
      if (detection?.pipeline.columns.length === row.length) detection.accept(row);
    }
    return alert;
  }

  private async score(name: string, event: unknown, id: string, time: number): Promise<Result> {
    const { desk, clock, supervision } = this.deps;
    const detection = this.detection(name);
    const { entity, strangeness, pValue, raw, finding } = detection.take(event, id, time, clock.now());
    const alerts = [
      ...(await this.report(await supervision.judge(detection.pipeline, { raw, entity, id, time }), (known) =>
        desk.report(known),
      )),
      ...(await this.report(finding === null ? [] : [finding], (unusual) =>
        desk.report(unusual, () => detection.budget.take()),
      )),
    ];
    return { pipeline: name, entity, strangeness, pValue, alerts };
  }

  private add(spec: PipelineSpec, budget?: BudgetState): Detection {
    const { alertsPerDay, method, random, clock } = this.deps;
    const detection = new Detection(spec, { alertsPerDay, method, random, now: clock.now(), budget });
    this.detections.set(spec.name, detection);
    return detection;
  }

  /** An event that comes twice is looked at once, unless looking at it failed. */
  private async once(id: string, source: "bus" | "http", look: () => Promise<Result>): Promise<Result> {
    const done = this.deps.instruments.looked(source);
    try {
      return this.isFresh(id) ? await look() : NOTHING;
    } catch (error) {
      this.seen.delete(id);
      throw error;
    } finally {
      done();
    }
  }

  private isFresh(id: string): boolean {
    if (this.seen.has(id)) return false;
    if (this.seen.size >= REMEMBERED) this.seen.delete(this.seen.values().next().value!);
    this.seen.add(id);
    return true;
  }
}

const NOTHING: Result = { pipeline: null, entity: null, strangeness: null, pValue: null, alerts: [] };
