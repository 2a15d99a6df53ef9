/** Nodes that gangs are on and the cluster does not have: away for a moment, or lost. */
export class LostNodes {
  /** By node, when it was first missed. Milliseconds. */
  private readonly missedAt = new Map<string, number>();

  constructor(private readonly graceMilliseconds: number) {}

  /** Of the missing nodes those that have been missing, at every look, for the grace period. */
  observe(missing: ReadonlySet<string>, now: number): Set<string> {
    for (const node of this.missedAt.keys()) if (!missing.has(node)) this.missedAt.delete(node);
    const lost = new Set<string>();
    for (const node of missing) {
      const since = this.missedAt.get(node) ?? now;
      this.missedAt.set(node, since);
      if (now - since >= this.graceMilliseconds) lost.add(node);
    }
    return lost;
  }
}
