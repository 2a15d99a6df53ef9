import type { Clock } from "../../../kernel/clock";
import { enqueue } from "../../../kernel/events/outbox";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { Database, Queryable } from "../../../kernel/store/database";
import { incidentEvent, type EventContext } from "../incidents/events";
import type { Grouped, Grouping } from "../incidents/grouping";
import type { Incident } from "../incidents/incident";
import type { IncidentStore } from "../incidents/store";
import type { Logged } from "../ingest/intake";
import type { EventLog } from "../log/log";
import type { Alert } from "./alert";
import type { Detector } from "./detector";

const READ_AT_ONCE = 500;
/** Records, and their length, that may be handed over in memory; others are read from the log when their turn comes. */
const MAX_HANDED = 5000;
const MAX_HANDED_LENGTH = 16_384;
const CURSOR_EVERY = 5000;
/** Records that are looked at again at the start. */
const MAX_REWIND = 500_000;

export interface WatcherOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly detector: Detector;
  readonly grouping: Grouping;
  readonly incidents: IncidentStore;
  readonly context: EventContext;
  readonly clock: Clock;
  /** In the transaction that keeps the incident: what is to be done about it. */
  readonly onIncident: (tx: Queryable, incident: Incident, alert: Alert) => Promise<void>;
  /** After the commit. */
  readonly onAlert: (alert: Alert, incident: Incident) => void;
}

/**
 * Follows the log, in its order, and keeps what the detector finds. Where it has come to is durable; what it knew of the past is not,
 * and is read again at the start, as far back as correlations reach.
 */
export class Watcher {
  private handed: Logged[] = [];
  /** Alerts that are not kept yet. */
  private readonly found: Alert[] = [];
  private next = 0;
  private saved = 0;
  private work: Promise<void> = Promise.resolve();
  private busy = false;
  private newest = { time: -Infinity, at: 0 };
  private stopped = false;

  constructor(private readonly options: WatcherOptions) {}

  /** Events processed so far stand before this place in the log. */
  get position(): number {
    return this.next;
  }

  /** Takes up where the last one stopped; `rewindMilliseconds` of the log before are looked at again, without alerts. */
  async start(rewindMilliseconds: number): Promise<void> {
    const { database, log, detector, incidents, grouping } = this.options;
    const [row] = await database.query<{ seq: number }>("SELECT seq FROM si_cursor");
    this.saved = this.next = row?.seq ?? 0;
    for (const incident of await incidents.active(10_000)) grouping.put(incident);
    const [last] = this.next > 0 ? await log.read(this.next - 1, 1) : [];
    if (!last) return;
    const [first] = await database.query<{ seq: number | null }>(
      "SELECT min(seq) AS seq FROM si_events WHERE time_ms >= $1 AND seq < $2",
      [last.time - rewindMilliseconds, this.next],
    );
    const from = Math.max(first?.seq ?? this.next, this.next - MAX_REWIND);
    for (let seq = from; seq < this.next && !this.stopped;) {
      const records = await log.read(seq, READ_AT_ONCE);
      if (records.length === 0) break;
      for (const record of records) if (record.seq < this.next) detector.process(eventOf(record.text));
      seq = records.at(-1)!.seq + 1;
    }
  }

  /** Records that were just stored by this process: they need not be read. */
  offer(logged: readonly Logged[]): void {
    const few = this.handed.length + logged.length <= MAX_HANDED;
    if (few) this.handed.push(...logged.filter(({ stored }) => stored.text.length <= MAX_HANDED_LENGTH));
    this.nudge();
  }

  /** Goes on to the end of the log. */
  nudge(): void {
    if (this.busy || this.stopped) return;
    this.busy = true;
    this.work = this.catchUp().finally(() => (this.busy = false));
    this.work.catch(() => undefined); // `settled` tells
  }

  /** Resolves when what was there at the call is processed; rejects where that failed. */
  async settled(): Promise<void> {
    // One that failed is tried again: it must not keep the next from its turn.
    if (this.busy) await this.work.catch(() => undefined);
    this.nudge();
    await this.work;
  }

  /** While no event comes, time passes all the same: windows close. */
  async tick(): Promise<void> {
    await this.settled();
    const { detector, clock } = this.options;
    if (this.newest.time === -Infinity) return;
    this.found.push(...detector.advance(this.newest.time + Math.max(0, clock.now() - this.newest.at)));
    await this.keep();
    await this.save();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work.catch(() => undefined);
    await this.save();
  }

  private async catchUp(): Promise<void> {
    while (!this.stopped) {
      await this.keep();
      const batch = await this.nextBatch();
      if (batch.length === 0) return;
      for (const { event } of batch) {
        if (event.time > this.newest.time) this.newest = { time: event.time, at: this.options.clock.now() };
        this.found.push(...this.options.detector.process(event));
      }
      this.next = batch.at(-1)!.seq + 1;
      const some = this.found.length > 0;
      await this.keep();
      if (some || this.next - this.saved >= CURSOR_EVERY) await this.save();
      // Requests want their turn, too.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  private async nextBatch(): Promise<{ seq: number; event: OcsfEvent }[]> {
    const start = this.handed.findIndex(({ stored }) => stored.seq >= this.next);
    this.handed.splice(0, start < 0 ? this.handed.length : start);
    let count = 0;
    while (count < READ_AT_ONCE && this.handed[count]?.stored.seq === this.next + count) count++;
    if (count > 0) {
      return this.handed.splice(0, count).map(({ stored, event }) => ({ seq: stored.seq, event }));
    }
    const records = await this.options.log.read(this.next, READ_AT_ONCE);
    return records.map(({ seq, text }) => ({ seq, event: eventOf(text) }));
  }

  /** Keeps what was found; what could not be kept is tried again first of all, for its events have been counted. */
  private async keep(): Promise<void> {
    if (this.found.length === 0) return;
    const known = await this.options.incidents.known(this.found.map(({ id }) => id));
    for (let alert = this.found[0]; alert; alert = this.found[0]) {
      if (!known.has(alert.id)) await this.keepOne(alert);
      known.add(alert.id);
      this.found.shift();
    }
  }

  private async keepOne(alert: Alert): Promise<void> {
    const { database, grouping, incidents, context, clock, onIncident, onAlert } = this.options;
    const grouped = grouping.take(alert, clock.now());
    const { incident, absorbed, before } = grouped;
    let changed: Incident | undefined;
    try {
      await database.transaction(async (tx) => {
        changed = await changedOutside(incidents, tx, grouped);
        if (changed) return;
        await incidents.absorb(tx, incident.id, absorbed);
        await incidents.put(tx, incident);
        await incidents.addAlert(tx, incident.id, alert);
        await onIncident(tx, incident, alert);
        if (incident.status !== "watching") {
          await enqueue(tx, [incidentEvent(incident, before?.status !== incident.status, context)]);
        }
      });
    } catch (error) {
      grouping.restore(grouped);
      throw error;
    }
    if (changed) {
      // Somebody gave it another status meanwhile: with that known, the alert may well be of another incident.
      grouping.restore(grouped);
      grouping.put(changed);
      return this.keepOne(alert);
    }
    onAlert(alert, incident);
  }

  private async save(): Promise<void> {
    if (this.next === this.saved || this.found.length > 0) return;
    await this.options.database.query(
      "INSERT INTO si_cursor (seq) VALUES ($1) ON CONFLICT (singleton) DO UPDATE SET seq = EXCLUDED.seq",
      [this.next],
    );
    this.saved = this.next;
  }
}

/** The incident as it is kept, where that is not as it was thought to be. */
async function changedOutside(
  incidents: IncidentStore,
  tx: Queryable,
  { before }: Grouped,
): Promise<Incident | undefined> {
  if (!before) return undefined;
  const present = await incidents.get(before.id, tx, true);
  return present.status === before.status && present.history.length === before.history.length ? undefined : present;
}

function eventOf(text: string): OcsfEvent {
  return JSON.parse(text) as OcsfEvent;
}
