import type { Workload } from "./model";

/** Who calls, as the receiver's proxy knows it. */
export interface Caller {
  /** Name of the service account and namespace; undefined without a common mesh: then there is no identity at all. */
  identity?: { namespace: string; serviceAccount: string };
  /** Whether the caller is a pod of this cluster; outside callers are met by address only. */
  inCluster: boolean;
}

/** @param shared whether both ends are in one mesh (sharesMesh). */
export function callerOf(from: Workload, shared: boolean): Caller {
  if (!shared) return { inCluster: true };
  return { inCluster: true, identity: { namespace: from.namespace.name, serviceAccount: from.serviceAccount } };
}

export const OUTSIDE: Caller = { inCluster: false };

/** SPIFFE path as Istio writes principals. */
export function istioPrincipal(caller: Caller, trustDomain: string): string | undefined {
  if (!caller.identity) return undefined;
  return `${trustDomain}/ns/${caller.identity.namespace}/sa/${caller.identity.serviceAccount}`;
}

/** DNS-like name as Linkerd writes identities. */
export function linkerdIdentity(caller: Caller, trustDomain: string): string | undefined {
  if (!caller.identity) return undefined;
  const { serviceAccount, namespace } = caller.identity;
  return `${serviceAccount}.${namespace}.serviceaccount.identity.linkerd.${trustDomain}`;
}

/** Istio's string match: exact, prefix*, *suffix, or * for any value that is there. */
export function matchesText(pattern: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (pattern === "*") return value !== "";
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith("*")) return value.endsWith(pattern.slice(1));
  return pattern === value;
}
