import type { ViewedSpan } from "./spans";
import { buildTree, type TraceTree } from "./tree";

interface Entry {
  spans: ViewedSpan[];
  /** When the last span came in. */
  at: number;
}

/** Spans received, by trace, up to a bound. */
export class TraceStore {
  private readonly entries = new Map<string, Entry>();
  private held = 0;

  constructor(private readonly maxSpans: number) {}

  /** Keeps what fits and returns how many spans did not. */
  add(spans: readonly ViewedSpan[], now: number): number {
    const accepted = spans.slice(0, this.maxSpans - this.held);
    for (const span of accepted) {
      const entry = this.entries.get(span.traceId) ?? { spans: [], at: now };
      entry.spans.push(span);
      entry.at = now;
      this.entries.set(span.traceId, entry);
    }
    this.held += accepted.length;
    return spans.length - accepted.length;
  }

  spans(): ViewedSpan[] {
    return [...this.entries.values()].flatMap((entry) => entry.spans);
  }

  traces(): TraceTree[] {
    return [...this.entries].map(([traceId, entry]) => buildTree(traceId, entry.spans));
  }

  /** Removes and returns the traces to which nothing was added for `quietMs`. */
  takeQuiet(now: number, quietMs: number): TraceTree[] {
    const quiet: TraceTree[] = [];
    for (const [traceId, entry] of this.entries) {
      if (now - entry.at < quietMs) continue;
      this.entries.delete(traceId);
      this.held -= entry.spans.length;
      quiet.push(buildTree(traceId, entry.spans));
    }
    return quiet;
  }
}
