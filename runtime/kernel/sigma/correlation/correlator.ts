import type { EventView } from "../view";
import type { Entry } from "./aggregate";
import { ClosingWindow } from "./closing";
import { type Correlation, MAX_GROUP_EVENTS } from "./definition";
import { OrderedWindow } from "./ordered";
import { SlidingWindow, type Window } from "./sliding";

/** What a correlation found. */
export interface Finding {
  /** Of the last event. */
  readonly time: number;
  /** Contributing events, oldest first; at most MAX_FINDING_EVENTS of the newest, of `count`. */
  readonly events: readonly string[];
  readonly count: number;
  /** Values of the fields in group-by. */
  readonly group: Readonly<Record<string, string>>;
  /** The newest event of the group, for a correlation of this one. */
  readonly view: EventView;
}

/** What could not be used, or had to be forgotten. */
export interface Losses {
  /** Events older than the watermark. */
  late: number;
  /** Events without a field of group-by. */
  ungrouped: number;
  /** Events whose value is not there, or no number. */
  valueless: number;
  /** Groups, and events in them, that went because there was no more room. */
  evictedGroups: number;
  droppedEvents: number;
}

export const MAX_FINDING_EVENTS = 1000;

export interface Limits {
  readonly groups: number;
  /** Over all groups of a correlation. */
  readonly events: number;
}

export const LIMITS: Limits = { groups: 65_536, events: 4 * MAX_GROUP_EVENTS };

interface Group {
  readonly window: Window;
  readonly values: Readonly<Record<string, string>>;
  view: EventView;
}

/** One correlation rule over a stream of what the rules found that it refers to. State is bounded; what goes is counted. */
export class Correlator {
  /** The one not touched for longest first. */
  private readonly groups = new Map<string, Group>();
  private kept = 0;
  readonly losses: Losses = { late: 0, ungrouped: 0, valueless: 0, evictedGroups: 0, droppedEvents: 0 };

  /** How long after their time events may come, in milliseconds: what is found when a window closes is as old as that. */
  constructor(
    readonly definition: Correlation,
    private readonly limits: Limits = LIMITS,
    private readonly lag = 0,
  ) {}

  /** By how much what this one finds may be older than the watermark. */
  get delay(): number {
    return this.lag + (closes(this.definition) ? this.definition.timespanMilliseconds : 0);
  }

  get size(): { groups: number; events: number } {
    return { groups: this.groups.size, events: this.kept };
  }

  /** `rule` is the number of the reference that the event came by, `names` are the names that aliases may know it under. */
  accept(
    rule: number,
    names: readonly string[],
    event: { view: EventView; time: number; events: readonly string[] },
    time: number,
  ): Finding[] {
    const { definition, losses } = this;
    const watermark = time - this.lag;
    if (event.time < watermark) {
      losses.late++;
      return [];
    }
    const values = this.groupOf(names, event.view);
    if (!values) {
      losses.ungrouped++;
      return [];
    }
    const value = this.valueOf(names, event.view);
    if (value === undefined) {
      losses.valueless++;
      return [];
    }
    const key = JSON.stringify(Object.values(values));
    const known = this.groups.get(key);
    const group = known ?? { window: windowOf(definition), values, view: event.view };
    if (known) this.groups.delete(key);
    this.groups.set(key, group);
    const entry: Entry = { time: event.time, rule, value, events: event.events };
    const newest = event.time >= group.window.newest;
    const findings = this.changed(group, () => group.window.insert(entry, watermark), { entry, view: event.view });
    if (newest) group.view = event.view;
    this.makeRoom();
    return findings;
  }

  /** Judges what is complete by the watermark, and forgets what no event can change any more. */
  advance(time: number): Finding[] {
    const watermark = time - this.lag;
    const findings: Finding[] = [];
    for (const [key, group] of this.groups) {
      findings.push(...this.changed(group, () => group.window.advance(watermark)));
      const stale = group.window.newest < watermark - this.definition.timespanMilliseconds;
      if (group.window.size > 0 && !stale) continue;
      this.kept -= group.window.size;
      this.groups.delete(key);
    }
    return findings;
  }

  private changed(group: Group, work: () => Entry[][], last?: { entry: Entry; view: EventView }): Finding[] {
    const { window } = group;
    const [size, dropped] = [window.size, window.dropped];
    const matches = work();
    this.kept += window.size - size;
    this.losses.droppedEvents += window.dropped - dropped;
    return matches.map((entries) => {
      const events = [...new Set(entries.flatMap((entry) => entry.events))];
      return {
        time: entries.at(-1)!.time,
        events: events.slice(-MAX_FINDING_EVENTS),
        count: events.length,
        group: group.values,
        view: last && entries.at(-1) === last.entry ? last.view : group.view,
      };
    });
  }

  private makeRoom(): void {
    while (this.groups.size > 1 && (this.groups.size > this.limits.groups || this.kept > this.limits.events)) {
      const [key, group] = this.groups.entries().next().value!;
      this.groups.delete(key);
      this.kept -= group.window.size;
      this.losses.evictedGroups++;
      this.losses.droppedEvents += group.window.size;
    }
  }

  private groupOf(names: readonly string[], view: EventView): Record<string, string> | undefined {
    const values: Record<string, string> = {};
    for (const field of this.definition.groupBy) {
      const value = view.first(this.aliased(field, names));
      if (value === undefined) return undefined;
      values[field] = value.slice(0, 1024);
    }
    return values;
  }

  private valueOf(names: readonly string[], view: EventView): string | number | undefined {
    const { fields, type, percentile } = this.definition;
    if (fields.length === 0) return 0;
    const values = fields.map((field) => view.first(this.aliased(field, names)));
    if (values.includes(undefined)) return undefined;
    const [only] = values;
    if (type === "value_count") return values.length === 1 ? only : JSON.stringify(values);
    if (type === "value_percentile" && percentile === undefined) return only;
    const number = only!.trim() === "" ? NaN : Number(only);
    return Number.isFinite(number) ? number : undefined;
  }

  private aliased(field: string, names: readonly string[]): string {
    const fields = this.definition.aliases.get(field);
    const name = fields && names.find((candidate) => fields.has(candidate));
    return name === undefined ? field : fields!.get(name)!;
  }
}

function windowOf(definition: Correlation): Window {
  if (definition.type === "temporal_ordered") return new OrderedWindow(definition);
  return closes(definition) ? new ClosingWindow(definition) : new SlidingWindow(definition);
}

/** Whether a further event may undo a match, so that one has to wait for the window's end. */
function closes({ type, bounds }: Correlation): boolean {
  if (type === "temporal_ordered") return false;
  if (type === "value_avg" || type === "value_percentile") return true;
  return bounds.some(({ operator }) => operator !== "gt" && operator !== "gte");
}
