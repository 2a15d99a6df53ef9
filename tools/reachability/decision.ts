export type Verdict = "allowed" | "conditional" | "denied";

/** What one layer says of one connection. */
export interface LayerDecision {
  verdict: Verdict;
  /** The rules that decide, by name; none where no rule applies and the default decides. */
  rules: readonly string[];
  /** What a request must be like besides, where the verdict is conditional; one of them is enough. */
  conditions: readonly string[];
  /** One clause for people: why it is so. */
  why: string;
}

export function allowed(rules: readonly string[], why: string): LayerDecision {
  return { verdict: "allowed", rules, conditions: [], why };
}

export function denied(rules: readonly string[], why: string): LayerDecision {
  return { verdict: "denied", rules, conditions: [], why };
}

export function conditional(rules: readonly string[], conditions: readonly string[], why: string): LayerDecision {
  return { verdict: "conditional", rules, conditions, why };
}

/** Every layer must allow. */
export function combine(layers: readonly LayerDecision[]): Verdict {
  if (layers.some((layer) => layer.verdict === "denied")) return "denied";
  return layers.some((layer) => layer.verdict === "conditional") ? "conditional" : "allowed";
}

/** Two hops of one kind as one: what either refuses is refused. */
export function both(first: LayerDecision, second: LayerDecision): LayerDecision {
  const hops = [first, second];
  const verdict = combine(hops);
  const telling = verdict === "denied" ? hops.filter((hop) => hop.verdict === "denied") : hops;
  return {
    verdict,
    rules: [...new Set(telling.flatMap((hop) => hop.rules))],
    conditions: telling.flatMap((hop) => hop.conditions),
    why: [...new Set(telling.map((hop) => hop.why))].join(" and "),
  };
}
