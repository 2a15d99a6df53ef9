import type { WorkloadEvent, WorkloadStatus } from "../cluster";
import type { WatchLine } from "./wire";

/**
 * Joins the watches of successive connections into one stream of events: the list that a new connection begins with
 * becomes what changed while there was none.
 */
export class WatchMemory {
  private readonly known = new Map<string, WorkloadStatus>();
  /** Names in the list that is being received; undefined once it is complete. */
  private listed: Set<string> | undefined = new Set();

  reconnected(): void {
    this.listed = new Set();
  }

  events(line: WatchLine): WorkloadEvent[] {
    if (line.type === "heartbeat") return [];
    if (line.type === "listed") return this.missing();
    const name = line.status.spec.name;
    const before = this.known.get(name);
    if (line.type === "deleted") this.known.delete(name);
    else this.known.set(name, line.status);
    if (!this.listed) return [line];
    this.listed.add(name);
    if (!before) return [line];
    return JSON.stringify(before) === JSON.stringify(line.status) ? [] : [{ type: "changed", status: line.status }];
  }

  /** What was deleted while nobody was connected. */
  private missing(): WorkloadEvent[] {
    const gone = [...this.known].filter(([name]) => this.listed && !this.listed.has(name));
    this.listed = undefined;
    for (const [name] of gone) this.known.delete(name);
    return gone.map(([, status]) => ({ type: "deleted", status }));
  }
}
