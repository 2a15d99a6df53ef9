import { long } from "./longs";
import type { Long } from "./longs";

/**
 * Literals that a JavaScript number cannot hold. cedar-wasm's JSON would round them; so, before it converts a policy, each is
 * written as a call that can mean nothing else, and is read back from that.
 */

const MARK = "mno:long:";

/** As a part of a policy's text: `9007199254740993` becomes `decimal("mno:long:9007199254740993")`. */
export function markedLong(digits: string): string {
  return `decimal("${MARK}${digits}")`;
}

/** Whether a policy's own text could be taken for a marked literal. */
export function mentionsMark(text: string): boolean {
  return text.includes(MARK);
}

interface Marked {
  readonly decimal?: readonly { readonly Value?: unknown }[];
  readonly neg?: { readonly arg: Marked };
}

/** The literal that was marked, with its minus; undefined for any other expression. */
export function literalOf(expression: Marked): Long | undefined {
  const negative = expression.neg !== undefined;
  const text = (expression.neg?.arg ?? expression).decimal?.[0]?.Value;
  if (typeof text !== "string" || !text.startsWith(MARK)) return undefined;
  return long(BigInt(`${negative ? "-" : ""}${text.slice(MARK.length)}`));
}
