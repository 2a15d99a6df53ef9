import type { Alert } from "../detection/alert";
import { add, begin, type Incident, isActive, linkKeys, merge } from "./incident";

/** What an alert did. */
export interface Grouped {
  readonly incident: Incident;
  /** Incidents that are part of it now. */
  readonly absorbed: readonly Incident[];
  /** As it was before; undefined where it is new. */
  readonly before: Incident | undefined;
}

export interface GroupingOptions {
  /** Two alerts further apart in event time are not of one incident, unless others are between them. */
  readonly windowMilliseconds: number;
  readonly announceAt: number;
  readonly capacity: number;
}

/**
 * The graph of incidents and the entities that link them: an alert joins the incident that has one of its entities within the window,
 * makes one of those that it connects, or begins one. Incidents that nothing has joined for longest leave when there are too many.
 */
export class Grouping {
  private readonly incidents = new Map<string, Incident>();
  private readonly byEntity = new Map<string, Set<string>>();
  evicted = 0;

  constructor(
    private readonly options: GroupingOptions,
    private readonly nextId: () => string,
  ) {}

  get size(): number {
    return this.incidents.size;
  }

  /** Takes up what was kept, or what was changed outside. */
  put(incident: Incident): void {
    this.forget(incident.id);
    if (!isActive(incident)) return;
    this.incidents.set(incident.id, incident);
    for (const key of linkKeys(incident.entities)) {
      const ids = this.byEntity.get(key) ?? new Set();
      this.byEntity.set(key, ids.add(incident.id));
    }
    while (this.incidents.size > this.options.capacity) {
      this.forget(this.incidents.keys().next().value!);
      this.evicted++;
    }
  }

  take(alert: Alert, now: number): Grouped {
    const related = this.related(alert);
    const [oldest, ...others] = related.toSorted((a, b) => a.firstTime - b.firstTime || (a.id < b.id ? -1 : 1));
    const { announceAt } = this.options;
    if (!oldest) {
      const incident = begin(this.nextId(), alert, now, announceAt);
      this.put(incident);
      return { incident, absorbed: [], before: undefined };
    }
    const joined = others.reduce((into, other) => merge(into, other, now), oldest);
    const incident = add(joined, alert, now, announceAt);
    for (const other of others) this.forget(other.id);
    this.put(incident);
    return { incident, absorbed: others, before: oldest };
  }

  private related({ entities, time }: Alert): Incident[] {
    const { windowMilliseconds } = this.options;
    const ids = new Set(linkKeys(entities).flatMap((key) => [...(this.byEntity.get(key) ?? [])]));
    return [...ids]
      .map((id) => this.incidents.get(id)!)
      .filter(
        ({ firstTime, lastTime }) => time <= lastTime + windowMilliseconds && time >= firstTime - windowMilliseconds,
      );
  }

  /** Takes back what `take` did. */
  restore({ incident, absorbed, before }: Grouped): void {
    this.forget(incident.id);
    for (const one of before ? [before, ...absorbed] : absorbed) this.put(one);
  }

  private forget(id: string): void {
    const incident = this.incidents.get(id);
    if (!incident) return;
    this.incidents.delete(id);
    for (const key of linkKeys(incident.entities)) {
      const ids = this.byEntity.get(key);
      ids?.delete(id);
      if (ids?.size === 0) this.byEntity.delete(key);
    }
  }
}
