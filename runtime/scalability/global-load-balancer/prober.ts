import type { Clock } from "../../kernel/clock";
import type { Backend } from "./backend";
import type { Member } from "./member";
import type { Random } from "./policies/policy";
import type { ActiveHealth } from "./settings";
import type { UpstreamSpec } from "./spec";

export interface ProberDependencies {
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves to what is wrong with the endpoint, or undefined; never rejects. */
  readonly probe: (address: string, spec: UpstreamSpec, health: ActiveHealth) => Promise<string | undefined>;
}

/** Probes every endpoint of the upstreams that want it: at once when it comes, then at intervals with jitter. */
export class Prober {
  private readonly loops = new Map<Member, { stop: AbortController; settings: string }>();

  constructor(private readonly dependencies: ProberDependencies) {}

  /** These are all upstreams: loops of new endpoints begin, those of endpoints that went end. */
  follow(backends: Iterable<Backend>): void {
    const wanted = new Set<Member>();
    for (const backend of backends) {
      const { health } = backend.spec;
      if (!health) continue;
      for (const member of backend.upstream.members.values()) {
        wanted.add(member);
        const settings = JSON.stringify(health);
        const known = this.loops.get(member);
        if (known?.settings === settings) continue;
        known?.stop.abort();
        const stop = new AbortController();
        this.loops.set(member, { stop, settings });
        void this.run(backend, member, health, stop.signal);
      }
    }
    for (const [member, { stop }] of this.loops) {
      if (wanted.has(member)) continue;
      stop.abort();
      this.loops.delete(member);
    }
  }

  close(): void {
    for (const { stop } of this.loops.values()) stop.abort();
    this.loops.clear();
  }

  private async run(backend: Backend, member: Member, health: ActiveHealth, signal: AbortSignal): Promise<void> {
    const { clock, random, probe } = this.dependencies;
    const { intervalSeconds, jitterPercent } = health;
    while (!signal.aborted) {
      const fault = await probe(member.spec.address, backend.spec, health);
      if (signal.aborted) return;
      backend.probed(member.id, fault);
      const jitter = 1 + ((random() * 2 - 1) * jitterPercent) / 100;
      await clock.sleep(intervalSeconds * 1000 * jitter, signal).catch(() => undefined);
    }
  }
}
