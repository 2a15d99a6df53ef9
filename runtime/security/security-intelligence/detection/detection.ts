import type { Clock } from "../../../kernel/clock";
import type { LeaderTerm } from "../../../kernel/lifecycle/agent";
import type { LoadedSigma } from "../../../kernel/sigma/load";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { EventContext } from "../incidents/events";
import { Grouping } from "../incidents/grouping";
import type { Incident } from "../incidents/incident";
import type { IncidentStore } from "../incidents/store";
import type { Logged } from "../ingest/intake";
import type { EventLog } from "../log/log";
import type { Alert } from "./alert";
import { Detector } from "./detector";
import { Watcher } from "./watcher";

const MAX_INCIDENTS = 10_000;

export interface DetectionOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly incidents: IncidentStore;
  readonly context: EventContext;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds. */
  readonly lateness: number;
  readonly window: number;
  readonly announceAt: number;
  readonly onIncident: (tx: Queryable, incident: Incident, alert: Alert) => Promise<void>;
  readonly onAlert: (alert: Alert, incident: Incident) => void;
}

/** The detector in use and, where this replica leads, who follows the log with it. */
export class Detection {
  private current: Detector;
  private watcher: Watcher | undefined;
  private grouping: Grouping | undefined;

  constructor(private readonly options: DetectionOptions) {
    this.current = new Detector({ rules: [], correlations: [], refused: [], danglingFilters: [] }, options.lateness);
  }

  get detector(): Detector {
    return this.current;
  }

  get loaded(): LoadedSigma {
    return this.current.loaded;
  }

  /** Other rules from now on; the recent past is looked at again with them, as at a start. */
  async use(loaded: LoadedSigma): Promise<void> {
    this.current = new Detector(loaded, this.options.lateness);
    if (this.watcher) await this.watch();
  }

  async lead(term: LeaderTerm): Promise<void> {
    term.onStop(async () => {
      await this.watcher?.stop();
      this.watcher = this.grouping = undefined;
    });
    await this.watch();
  }

  /** Records that this process stored. */
  offer(logged: readonly Logged[]): void {
    this.watcher?.offer(logged);
  }

  /** An incident that was changed by somebody. */
  changed(incident: Incident): void {
    this.grouping?.put(incident);
  }

  async settled(): Promise<void> {
    await this.watcher?.settled();
  }

  async tick(): Promise<void> {
    await this.watcher?.tick();
  }

  /** Events that are stored and not looked at yet. */
  async lag(): Promise<number> {
    return this.watcher ? (await this.options.log.head()).nextSeq - this.watcher.position : 0;
  }

  private async watch(): Promise<void> {
    await this.watcher?.stop();
    const { window, announceAt, random, clock, onIncident, ...options } = this.options;
    const nextId = (): string =>
      `inc_${clock.now().toString(36)}${Math.floor(random() * 36 ** 8)
        .toString(36)
        .padStart(8, "0")}`;
    const grouping = new Grouping({ windowMilliseconds: window, announceAt, capacity: MAX_INCIDENTS }, nextId);
    const watcher = new Watcher({ ...options, clock, onIncident, detector: this.current, grouping });
    const longest = Math.max(0, ...this.loaded.correlations.map(({ timespanMilliseconds }) => timespanMilliseconds));
    await watcher.start(longest + options.lateness);
    this.grouping = grouping;
    this.watcher = watcher;
    watcher.nudge();
  }
}
