import type { ReportBody } from "./engine";

/** One figure of a closed report that is another now. */
export interface Change {
  /** Members of the report on the way to the figure. */
  path: string;
  before: string | number | boolean | null;
  after: string | number | boolean | null;
}

type Scalar = Change["before"];

/** Which figures differ, by path; a figure that one of them does not have is null there. */
export function changesBetween(before: ReportBody, after: ReportBody): Change[] {
  const old = flatten(before);
  const now = flatten(after);
  const changes: Change[] = [];
  const compare = (path: string): void => {
    const change = { path, before: old.get(path) ?? null, after: now.get(path) ?? null };
    if (change.before !== change.after) changes.push(change);
  };
  for (const path of old.keys()) compare(path);
  for (const path of now.keys()) if (!old.has(path)) compare(path);
  // Few change of the many there are.
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function flatten(value: unknown, path = "", into = new Map<string, Scalar>()): Map<string, Scalar> {
  if (Array.isArray(value)) {
    const times = new Map<string, number>();
    value.forEach((item, index) => {
      const name = nameOf(item, index);
      const before = times.get(name) ?? 0;
      times.set(name, before + 1);
      flatten(item, `${path}/${name}${before === 0 ? "" : `#${before + 1}`}`, into);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) flatten(member, `${path}/${name}`, into);
  } else into.set(path, value as Scalar);
  return into;
}

/** Rows keep their name when another row comes before them; a position would not. */
function nameOf(item: unknown, index: number): string {
  if (typeof item !== "object" || item === null) return String(index);
  const row = item as Record<string, unknown>;
  const names = ["at", "region", "tenant", "workload", "engine", "kind", "signal", "name"]
    .filter((member) => typeof row[member] === "string")
    .map((member) => String(row[member]).replaceAll("~", "~0").replaceAll("/", "~1"));
  return names.length === 0 ? String(index) : names.join(",");
}
