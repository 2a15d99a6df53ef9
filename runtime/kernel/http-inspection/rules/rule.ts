import { type Level } from "../inspection";
import { type Text } from "../lex/text";
import { type Fields } from "../parse/fields";
import { type InspectableRequest } from "../inspection";

interface RuleHead {
  /** `family-what`. */
  readonly id: string;
  /** What an operator reads; never the value. */
  readonly what: string;
  /** Lowest level at which the rule speaks; default `standard`. */
  readonly level?: Level;
  /** Default 5, which refuses by itself. */
  readonly score?: number;
}

/** A rule over one text of the request. */
export interface TextRule extends RuleHead {
  test(text: Text): boolean;
}

/** A rule over the request as a whole; answers where, or undefined. */
export interface RequestRule extends RuleHead {
  testRequest(request: InspectableRequest, fields: Fields, body?: Uint8Array): string | undefined;
}

export type Rule = TextRule | RequestRule;

/**
 * A regular expression that takes linear time: every quantifier is bounded, and none stands in a group that is itself
 * repeated more than `1,000 / its own bound` times. Throws Error when the module loads: a fault of ours, not of a request.
 */
export function bounded(source: string, flags = ""): RegExp {
  const bare = source.replace(/\\[\s\S]/g, "a").replace(/\[[^\]]*\]/g, "a");
  if (/[*+]|\{\d+,\}/.test(bare)) throw new Error(`an unbounded quantifier in ${source}`);
  const inner: number[] = [1];
  for (let i = 0; i < bare.length; i++) {
    if (bare[i] === "(") inner.push(1);
    let closed = 1;
    if (bare[i] === ")") closed = inner.pop()!;
    const times = Number(/^\{(?:\d+,)?(\d+)\}/.exec(bare.slice(i + 1))?.[1] ?? 1);
    const cost = closed * times;
    if (cost > 4_000) throw new Error(`a nested quantifier of ${cost} in ${source}`);
    inner.push(Math.max(inner.pop() ?? 1, cost));
  }
  return new RegExp(source, flags);
}

/** Words of a text, one per blank. */
export function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
