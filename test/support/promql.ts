/** Reading PromQL far enough to compare it with what is exported; its syntax is judged by promtool. */

/** One selector: the metric and the labels that it matches. */
export interface Selector {
  metric: string;
  labels: string[];
}

const METRIC = /\b((?:mno|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;

export function selectorsOf(expression: string): Selector[] {
  return [...expression.matchAll(METRIC)].map(([, metric = "", matchers = ""]) => ({
    metric,
    labels: [...matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
  }));
}

/** Labels that the expression groups or joins by. */
export function groupingOf(expression: string): string[] {
  return [...expression.matchAll(/\b(?:by|on|ignoring|without)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((label) => label.trim())
      .filter((label) => label !== ""),
  );
}
