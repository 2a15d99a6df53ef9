import type { Match } from "./spec";

interface Rule<T> {
  readonly host: string;
  readonly path: string;
  readonly target: T;
  readonly name: string;
}

/**
 * Finds the upstream of a request. The most specific match wins, as in the Gateway API: an exact host before a wildcard, a longer
 * wildcard before a shorter one, any host last; then the longer path prefix; then the first upstream by name.
 */
export class RoutingTable<T extends { readonly name: string; readonly match: readonly Match[] }> {
  private readonly exact = new Map<string, Rule<T>[]>();
  /** By suffix, `.example.com`; the longest first. */
  private readonly wildcards: Rule<T>[];
  private readonly any: Rule<T>[];

  constructor(targets: readonly T[]) {
    const rules = targets.flatMap((target) =>
      target.match.flatMap(({ hosts, pathPrefix }) =>
        (hosts.length > 0 ? hosts : [""]).map((host) => ({
          host: host.toLowerCase(),
          path: pathPrefix,
          target,
          name: target.name,
        })),
      ),
    );
    rules.sort((a, b) => b.path.length - a.path.length || (a.name < b.name ? -1 : 1));
    for (const rule of rules.filter(({ host }) => host !== "" && !host.startsWith("*."))) {
      const known = this.exact.get(rule.host);
      if (known) known.push(rule);
      else this.exact.set(rule.host, [rule]);
    }
    this.wildcards = rules
      .filter(({ host }) => host.startsWith("*."))
      .map((rule) => ({ ...rule, host: rule.host.slice(1) }))
      .sort((a, b) => b.host.length - a.host.length);
    this.any = rules.filter(({ host }) => host === "");
  }

  /** `host` as in the Host header, lower-case. */
  find(host: string, path: string): T | undefined {
    const name = host.replace(/:\d*$/, "");
    const query = path.indexOf("?");
    const bare = query === -1 ? path : path.slice(0, query);
    const matches = ({ path: prefix }: Rule<T>): boolean => isBelow(bare, prefix);
    return (
      this.exact.get(name)?.find(matches) ??
      this.wildcards.find((rule) => name.endsWith(rule.host) && name.length > rule.host.length && matches(rule)) ??
      this.any.find(matches)
    )?.target;
  }
}

/** Whole segments only. */
function isBelow(path: string, prefix: string): boolean {
  if (prefix === "/") return true;
  const bare = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  return path.startsWith(bare) && (path.length === bare.length || path[bare.length] === "/");
}
