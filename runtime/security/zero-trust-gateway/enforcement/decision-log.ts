import type { DecisionRecord, Outcome } from "./record";

export interface DecisionQuery {
  readonly outcome?: Outcome;
  readonly route?: string;
  /** Id of the principal. */
  readonly principal?: string;
  readonly limit: number;
}

/** The last decisions, in memory; the oldest go first. Security intelligence keeps the events for longer. */
export class DecisionLog {
  private readonly records = new Map<string, DecisionRecord>();

  constructor(private readonly capacity: number) {}

  add(record: DecisionRecord): void {
    this.records.set(record.id, record);
    if (this.records.size <= this.capacity) return;
    const [oldest = ""] = this.records.keys();
    this.records.delete(oldest);
  }

  /** Puts more in the place of a record, if that is still kept. */
  replace(record: DecisionRecord): void {
    if (this.records.has(record.id)) this.records.set(record.id, record);
  }

  find(id: string): DecisionRecord | undefined {
    return this.records.get(id);
  }

  /** Newest first. */
  latest({ outcome, route, principal, limit }: DecisionQuery): DecisionRecord[] {
    const found: DecisionRecord[] = [];
    for (const record of [...this.records.values()].reverse()) {
      if (found.length >= limit) break;
      if (outcome !== undefined && record.outcome !== outcome) continue;
      if (route !== undefined && record.route !== route) continue;
      if (principal !== undefined && record.principal?.id !== principal) continue;
      found.push(record);
    }
    return found;
  }
}
