import type { Decision } from "./decision";

/** The latest refusals, in memory: a refusal changes nothing, so nothing of it is stored, yet it can be explained for a while. */
export class RefusalLog {
  private readonly byId = new Map<string, Decision>();

  constructor(private readonly limit = 1000) {}

  add(decision: Decision): void {
    this.byId.set(decision.id, decision);
    if (this.byId.size <= this.limit) return;
    const [oldest] = this.byId.keys();
    if (oldest !== undefined) this.byId.delete(oldest);
  }

  get(id: string): Decision | undefined {
    return this.byId.get(id);
  }

  /** Newest first. */
  latest(count: number): Decision[] {
    return [...this.byId.values()].slice(-count).reverse();
  }
}
