import type { NodeTable } from "./node-table";

/** Values by node, each good until its node changes. */
class NodeValues {
  readonly values: Float64Array;
  readonly devices: Int32Array;
  private readonly revisions: Float64Array;

  constructor(readonly size: number) {
    this.values = new Float64Array(size);
    this.devices = new Int32Array(size);
    this.revisions = new Float64Array(size);
  }

  has(node: number, revision: number): boolean {
    return this.revisions[node] === revision;
  }

  set(node: number, revision: number, value: number, device: number): void {
    this.revisions[node] = revision;
    this.values[node] = value;
    this.devices[node] = device;
  }
}

/** Requests of which the scores are kept. */
const MOST_KEYS = 256;

/** Scores by request and node: a decision changes few nodes, and most requests have come before. */
export class ScoreCache {
  private readonly byKey = new Map<string, NodeValues>();

  of(key: string, { size }: NodeTable): NodeValues {
    const found = this.byKey.get(key);
    if (found?.size === size) return found;
    const fresh = new NodeValues(size);
    this.byKey.set(key, fresh);
    if (this.byKey.size > MOST_KEYS) {
      const [oldest] = this.byKey.keys();
      if (oldest !== undefined) this.byKey.delete(oldest);
    }
    return fresh;
  }
}

export type { NodeValues };
