/** Small makers of PromQL, so that dashboards and alerts select and aggregate in one way. */

/** Labels that dashboards filter by; alerts keep them, so that two installations in one Prometheus stay apart. */
const SCOPE = "namespace";

/** A selector of a metric, in the namespaces chosen at the top of the dashboard. A metric without the label counts as chosen by "all". */
export function chosen(metric: string, ...matchers: string[]): string {
  return `${metric}{${[`${SCOPE}=~"$namespace"`, ...matchers].join(",")}}`;
}

/** Rate per second as a dashboard asks for it: over a window that fits the resolution of the graph. */
export function rateOf(selector: string, ...by: string[]): string {
  return `sum${byClause(by)} (rate(${selector}[$__rate_interval]))`;
}

/** A quantile, 0 to 1, of a histogram's selector (without `_bucket`, which is added), over the labels `by`. */
export function quantileOf(quantile: number, metric: string, window: string, ...by: string[]): string {
  return `histogram_quantile(${String(quantile)}, sum by (${["le", ...by].join(", ")}) (rate(${metric}[${window}])))`;
}

/** Part / whole, both summed over all but `by`. */
export function shareOf(part: string, whole: string, window: string, ...by: string[]): string {
  const sum = (selector: string): string => `sum${byClause(by)} (rate(${selector}[${window}]))`;
  return `${sum(part)} / ${sum(whole)}`;
}

/**
 * How much a counter rose in the window, over the labels `by`. A series that appears with its first event has no increase by
 * Prometheus' reckoning: it counts with its value.
 */
export function risenIn(selector: string, window: string, ...by: string[]): string {
  const of = (expression: string): string => `sum${byClause(by)} (${expression})`;
  return `${of(`(${selector} unless ${selector} offset ${window}) or increase(${selector}[${window}])`)}`;
}

/** Keeps only the processes of this platform: Node.js' own metrics carry the same names in every program. */
export function ofPlatform(expression: string): string {
  return `${expression} and on (instance) mno_agent_restarts`;
}

function byClause(by: readonly string[]): string {
  return by.length === 0 ? "" : ` by (${by.join(", ")})`;
}
