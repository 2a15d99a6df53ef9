import { Choice } from "./choice";
import { type Member, Members } from "./members";
import type { Attempt, Endpoint, Outcome, PickContext, Policy, Random } from "./policy";

export interface PeakEwmaOptions {
  /** Time constant of the latency's decay, milliseconds. 10 s as Finagle and Linkerd have it. */
  readonly decayMs?: number;
}

interface Latency {
  /** Milliseconds; 0 before the first answer. */
  ewmaMs: number;
  at: number;
}

/** What an endpoint without an answer yet costs per request in flight: more than any that has one, milliseconds. */
const UNKNOWN_MS = 1e6;

/**
 * Of two drawn by weight the lower `latency * (inFlight + 1) / weight`, where latency is an exponentially weighted mean that
 * jumps to a peak at once and forgets it slowly (Finagle's Peak-EWMA).
 */
export class PeakEwma implements Policy {
  readonly name = "peak-ewma";
  private readonly members = new Members((_, now): Latency => ({ ewmaMs: 0, at: now }));
  private readonly choice = new Choice<Latency>(
    this.name,
    "the lower latency times requests in flight for its weight, of two drawn by weight",
  );
  private readonly decayMs: number;

  constructor(
    { decayMs = 10_000 }: PeakEwmaOptions,
    private readonly random: Random,
  ) {
    this.decayMs = decayMs;
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
  }

  pick({ now, exclude }: PickContext): Endpoint["id"] | undefined {
    const cost = ({ endpoint, state }: Member<Latency>): number => {
      if (state.ewmaMs === 0) return (UNKNOWN_MS * endpoint.inFlight) / endpoint.weight;
      return (this.decayed(state, now) * (endpoint.inFlight + 1)) / endpoint.weight;
    };
    return this.choice.cheapest(this.members.drawTwo(exclude, this.random), cost, this.random)?.endpoint.id;
  }

  /** A failure counts with the time it took, but never as an improvement: a server that fails fast must not look fast. */
  answered({ id, startedAt }: Attempt, { now, result }: Outcome): void {
    const state = this.members.get(id)?.state;
    const latencyMs = now - startedAt;
    if (state === undefined || result === "abandoned") return;
    if (latencyMs >= state.ewmaMs) state.ewmaMs = latencyMs;
    else if (result === "success") state.ewmaMs = this.decayed(state, now, latencyMs);
    state.at = now;
  }

  why = () => this.choice.explain();

  /** The mean after the time since its last change, in which it was drawn towards `towardsMs`. */
  private decayed({ ewmaMs, at }: Latency, now: number, towardsMs = 0): number {
    const kept = Math.exp(-(now - at) / this.decayMs);
    return ewmaMs * kept + towardsMs * (1 - kept);
  }
}
