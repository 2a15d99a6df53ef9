import { RegionHealth, regionCapacity, type Resolution, type ResolutionQuery, resolve } from "./global-addresses";
import type { Proxy } from "./proxy";

/** Answers for the global addresses of the data plane's upstreams, by upstream or by the host names that they match. */
export class GlobalResolver {
  private readonly health = new Map<string, RegionHealth>();

  constructor(private readonly proxy: Proxy) {}

  /** undefined where there is no such upstream, or it has no global addresses. */
  ofUpstream(name: string, query: ResolutionQuery): Resolution | undefined {
    const upstream = this.proxy.backend(name)?.upstream;
    const global = upstream?.spec.global;
    if (!upstream || !global) return undefined;
    return resolve(global, this.healthOf(name).update(global, regionCapacity(upstream)), query);
  }

  /** `host`: lower-case. */
  ofHost(host: string, query: ResolutionQuery): Resolution | undefined {
    const backend = this.proxy.list().find(({ spec }) => {
      return spec.global && spec.match.some(({ hosts }) => hosts.some((each) => each.toLowerCase() === host));
    });
    return backend && this.ofUpstream(backend.name, query);
  }

  /** To be called now and then, so that failures are seen, and remembered, without a question too. */
  observe(): void {
    const backends = this.proxy.list();
    for (const { name, upstream, spec } of backends) {
      if (spec.global) this.healthOf(name).update(spec.global, regionCapacity(upstream));
    }
    const names = new Set(backends.map(({ name }) => name));
    for (const name of this.health.keys()) if (!names.has(name)) this.health.delete(name);
  }

  private healthOf(name: string): RegionHealth {
    const known = this.health.get(name) ?? new RegionHealth();
    this.health.set(name, known);
    return known;
  }
}
