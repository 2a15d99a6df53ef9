import { randomUUID } from "node:crypto";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { TraceCarrier } from "../../../kernel/telemetry/traces";
import { timedId } from "../ids";
import type { Instruments } from "../instruments";
import type { ThreatStore } from "../store";
import type { Alert, Finding } from "./alert";
import { Deduplication } from "./deduplication";
import { detectedEvent } from "./event";

export interface DeskDependencies {
  name: string;
  store: ThreatStore;
  clock: Clock;
  random: () => number;
  tracer: { carrier(): TraceCarrier };
  instruments: Pick<Instruments, "found" | "settled">;
  deduplicationMilliseconds: number;
  onCommit: () => void;
}

/** Of events that repeat an alert, the first so many are stored at once; later ones with the next `flush`. */
const STORED_AT_ONCE = 8;
/** Open alerts that repetitions are added to. */
const CAPACITY = 5000;

/** Makes alerts of findings: one per detector and entity, told once and again when it gets worse. */
export class AlertDesk {
  private readonly deduplication: Deduplication;
  private last: Promise<unknown> = Promise.resolve();
  private readonly unsaved = new Map<string, Alert>();

  constructor(private readonly deps: DeskDependencies) {
    this.deduplication = new Deduplication(deps.deduplicationMilliseconds, CAPACITY);
  }

  async load(): Promise<void> {
    const since = this.deps.clock.now() - this.deps.deduplicationMilliseconds;
    for (const alert of await this.deps.store.openAlerts(since)) this.deduplication.remember(alert);
  }

  /**
   * The alert that the finding is in; null where an analyst said that such is ordinary, or `mayOpen` refuses a new one. One
   * finding after the other, so that two at once do not open two.
   */
  report(finding: Finding, mayOpen: () => boolean = () => true): Promise<Alert | null> {
    const done = this.last.then(() => this.take(finding, mayOpen));
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Stores what repeated its alert and was not stored at once. */
  async flush(): Promise<void> {
    const alerts = [...this.unsaved.values()];
    this.unsaved.clear();
    for (const alert of alerts) await this.deps.store.saveAlert(alert, null, null);
  }

  /** Errors: MNO_THREAT_ALERT_NOT_FOUND. */
  async settle(id: string, verdict: "true-positive" | "false-positive", by: string, reason: string) {
    const { store, clock, instruments } = this.deps;
    await this.flush();
    const known = await store.alert(id);
    if (known === undefined) throw new MnoError("MNO_THREAT_ALERT_NOT_FOUND", `There is no alert ${id}`);
    const feedback = { by, reason, time: new Date(clock.now()).toISOString() };
    const alert: Alert = { ...known.alert, state: verdict === "false-positive" ? "dismissed" : "confirmed", feedback };
    await store.saveAlert(alert, known.raw, null);
    this.deduplication.settle(alert);
    instruments.settled(verdict);
    return { alert, raw: known.raw };
  }

  private async take(finding: Finding, mayOpen: () => boolean): Promise<Alert | null> {
    const { store, instruments } = this.deps;
    const { outcome, alert } = this.deduplication.take(finding);
    if (outcome === "new" && !mayOpen()) {
      instruments.found(finding.detector, "withheld");
      return null;
    }
    instruments.found(finding.detector, outcome);
    if (outcome === "quiet") return null;
    if (alert !== null && outcome === "repeated" && alert.count > STORED_AT_ONCE) {
      // A flood of repetitions must not become one of writes.
      this.unsaved.set(alert.id, alert);
      return alert;
    }
    if (alert !== null) {
      this.unsaved.delete(alert.id);
      await store.saveAlert(alert, null, outcome === "worse" ? this.event(alert) : null);
      if (outcome === "worse") this.deps.onCommit();
      return alert;
    }
    const fresh = this.open(finding);
    const { raw } = finding;
    const bytes = raw === undefined ? null : new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    await store.saveAlert(fresh, bytes, this.event(fresh));
    this.deduplication.remember(fresh);
    this.deps.onCommit();
    return fresh;
  }

  private open(finding: Finding): Alert {
    const { detector, entity, title, why, severity, score, threshold, contributions, members, technique } = finding;
    const time = new Date(finding.time).toISOString();
    return {
      id: timedId("alt", this.deps.clock.now(), this.deps.random),
      ...{ detector, entity, title, why, severity, score, threshold, contributions, members, technique },
      firstSeen: time,
      lastSeen: time,
      count: 1,
      events: [finding.eventId],
      state: "open",
      feedback: null,
    };
  }

  private event(alert: Alert) {
    const { name, clock, tracer } = this.deps;
    return detectedEvent(alert, randomUUID(), name, clock.now(), tracer.carrier());
  }
}
