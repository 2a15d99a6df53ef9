/**
 * What a preview does not know yet. Pulumi hands policies a proxy that throws UnknownValueError on touching such a value,
 * which would end the whole rule at the first one. These helpers confine it to the item where it was met: the rest is still
 * judged, and the gap itself becomes a finding.
 */
import { UnknownValueError } from "@pulumi/policy";

/** What a rule found: a violation, or (`unchecked`) something it could not judge. */
export interface Finding {
  /** What is wrong here and what would be right; never a secret's value. */
  message: string;
  /** The resource it is about, when the rule looks at several. */
  urn?: string;
  /** true: this could not be judged (unknown at preview, or outside what the rule can account for). Always reported, as advisory. */
  unchecked?: boolean;
}

/** Runs `body`; a value that is not known yet becomes an unchecked finding that names its path. */
export function* guarded(urn: string | undefined, body: () => Iterable<Finding>): Iterable<Finding> {
  try {
    yield* body();
  } catch (error) {
    if (!(error instanceof UnknownValueError)) throw error;
    yield {
      ...(urn === undefined ? {} : { urn }),
      unchecked: true,
      message: `not known before the update: ${(error as Error).message}`,
    };
  }
}

/** `body` for every element, each guarded on its own: one unknown element does not hide the others. */
export function* guardedEach<T>(
  list: readonly T[] | undefined,
  body: (item: T, index: number) => Iterable<Finding>,
): Iterable<Finding> {
  for (let index = 0; index < (list?.length ?? 0); index++) {
    yield* guarded(undefined, () => body(list![index]!, index));
  }
}

/** `body` for every key and value of a map, each guarded on its own. */
export function* guardedEntries<T>(
  map: Readonly<Record<string, T>> | undefined,
  body: (key: string, value: T) => Iterable<Finding>,
): Iterable<Finding> {
  for (const key of Object.keys(map ?? {})) yield* guarded(undefined, () => body(key, map![key]!));
}

/** What `read` gives, or `fallback` where that is not known before the update. */
export function knownOr<T, F>(read: () => T, fallback: F): T | F {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnknownValueError)) throw error;
    return fallback;
  }
}
