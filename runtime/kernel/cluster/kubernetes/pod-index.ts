import type { Pod, Selector } from "./objects";

/** Pods by each of their labels, so that a workload's are found without a look at all that there are. */
export class PodIndex {
  private readonly byLabel = new Map<string, Set<Pod>>();

  /** The pod as it was, and as it is now; undefined where it was not, or is no more. */
  replace(before: Pod | undefined, after: Pod | undefined): void {
    for (const label of labelsOf(before)) {
      const pods = this.byLabel.get(label);
      pods?.delete(before as Pod);
      if (pods?.size === 0) this.byLabel.delete(label);
    }
    for (const label of labelsOf(after)) {
      const pods = this.byLabel.get(label);
      if (pods) pods.add(after as Pod);
      else this.byLabel.set(label, new Set([after as Pod]));
    }
  }

  /** All that the selector may match, and few others; undefined where its labels do not tell. */
  candidates(selector: Selector | undefined): Iterable<Pod> | undefined {
    let fewest: ReadonlySet<Pod> | undefined;
    for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
      const pods = this.byLabel.get(labelOf(key, value)) ?? new Set();
      if (!fewest || pods.size < fewest.size) fewest = pods;
    }
    return fewest;
  }
}

function labelsOf(pod: Pod | undefined): string[] {
  return Object.entries(pod?.metadata?.labels ?? {}).map(([key, value]) => labelOf(key, value));
}

function labelOf(key: string, value: string): string {
  return `${key}=${value}`;
}
