/**
 * Working with inputs one level at a time. What is plain stays plain, so that previews show, policies judge and tests see it;
 * what is still to come keeps only its own place unknown, not all that surrounds it.
 */
import * as pulumi from "@pulumi/pulumi";

/** Whether no value, at any depth, is still to come. */
export function isPlain(value: unknown): boolean {
  if (isPending(value)) return false;
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}

function isPending(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** `change` of the whole value, once all of it is known. */
export function derive<T, U>(input: pulumi.Input<T>, change: (value: pulumi.Unwrap<T>) => U): pulumi.Input<U> {
  return isPlain(input) ? change(input as pulumi.Unwrap<T>) : pulumi.output(input).apply(change);
}

/** `change` of the outermost level, as soon as that is known; its members may still be to come. */
export function shallow<T extends object, U>(input: pulumi.Input<T>, change: (value: T) => U): pulumi.Input<U> {
  return isPending(input) ? pulumi.output(input).apply((value) => change(value as T)) : change(input as T);
}

/** The lists one after another. */
export function concat<T>(...lists: pulumi.Input<T[]>[]): pulumi.Input<T[]> {
  if (lists.some(isPending)) {
    return pulumi.all(lists).apply((all) => all.flat()) as unknown as pulumi.Output<T[]>;
  }
  return (lists as T[][]).flat();
}

/** The value where it is known now; undefined where it is still to come. */
export function known<T>(input: pulumi.Input<T> | undefined): pulumi.Unwrap<T> | undefined {
  return isPlain(input) ? (input as pulumi.Unwrap<T>) : undefined;
}

/** The names in a map, where they are known now; its values may still be to come. */
export function keysOf(map: pulumi.Input<object> | undefined): string[] {
  return map === undefined || isPending(map) ? [] : Object.keys(map);
}

/** The object without its empty lists and maps, which the API server would not write back. */
export function present<T extends object>(object: T): T {
  const empty = (value: unknown): boolean =>
    typeof value === "object" && value !== null && !isPending(value) && Object.keys(value).length === 0;
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !empty(value))) as T;
}
