import type { AnyObject } from "./objects";

/** What Pulumi adds to names that it gives. */
const RANDOM_SUFFIX = /-[0-9a-f]{8}$/;

/**
 * What an object says, without what differs between two that one program made: what the API server and controllers add,
 * random suffixes of names (of `suffixed`, wherever they are referred to) and random passwords.
 */
export function comparable(object: AnyObject, suffixed: readonly string[]): AnyObject {
  const { apiVersion, kind, metadata } = object;
  const rest = Object.entries(object).filter(([key]) => !["apiVersion", "kind", "metadata", "status"].includes(key));
  const said = {
    apiVersion,
    kind,
    metadata: {
      name: metadata?.name,
      namespace: metadata?.namespace,
      labels: metadata?.labels ?? {},
      annotations: without(metadata?.annotations ?? {}, /^(pulumi\.com\/|deployment\.kubernetes\.io\/)/),
    },
    ...Object.fromEntries(rest),
  } as AnyObject;
  if (kind === "Secret") said.data = Object.keys((said.data ?? {}) as object).sort();
  if (kind === "Service") said.spec = without(said.spec as object, /^clusterIPs?$/);
  let text = JSON.stringify(said);
  for (const name of suffixed) text = text.replaceAll(name, name.replace(RANDOM_SUFFIX, "-SUFFIX"));
  return JSON.parse(text) as AnyObject;
}

/** Those of the objects that Pulumi named itself. */
export function suffixedNames(objects: readonly AnyObject[]): string[] {
  return objects
    .filter(({ metadata }) => metadata?.annotations?.["pulumi.com/autonamed"] === "true")
    .map(({ metadata }) => metadata?.name ?? "");
}

function without(fields: object, keys: RegExp): object {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.test(key)));
}
