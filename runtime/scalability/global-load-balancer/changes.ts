import type { UpstreamSpec } from "./spec";

/** What one version of an upstream changed in the one before it, in sentences; empty where nothing. */
export function explainChanges(before: UpstreamSpec | undefined, after: UpstreamSpec): string[] {
  if (!before)
    return [`created with ${String(after.endpoints.length)} endpoints and ${String(after.workloads.length)} workloads`];
  const old = new Map(before.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const next = new Map(after.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const changes: string[] = [];
  for (const [id, endpoint] of next) {
    const known = old.get(id);
    if (!known) changes.push(`endpoint ${id} (${endpoint.address}) added`);
    else changes.push(...members(known, endpoint).map((change) => `endpoint ${id}: ${change}`));
  }
  for (const id of old.keys())
    if (!next.has(id)) changes.push(`endpoint ${id} removed: what is under way there finishes`);
  const { endpoints: _before, ...rest } = before;
  const { endpoints: _after, ...others } = after;
  return [...changes, ...members(rest, others)];
}

function members(before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const next = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((name) => {
    const [was, is] = [canonical(old.get(name)), canonical(next.get(name))];
    return was === is ? [] : [`${name} changed from ${was} to ${is}`];
  });
}

/** JSON with sorted members: the database does not keep their order. */
function canonical(value: unknown): string {
  if (value === undefined) return "nothing";
  return JSON.stringify(value, (_name, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
