import type { Demand } from "./demand";
import { Futures } from "./futures";
import type { Amount } from "./quantities";

/** What requests that ask for the same have in common, and how often they came. */
export interface Shape {
  readonly amount: Amount;
  readonly gpuModels?: readonly string[];
  /** Replicas asked for; older ones count less. */
  count: number;
}

export type Observed = Pick<Demand, "tenant" | "workload" | "amount" | "gpuModels" | "replicas">;

/** Plain data, for it crosses to a worker thread. */
export type RequestMixSnapshot = readonly Shape[];

/** Shapes that are told apart; the rarest gives way. */
const MOST_SHAPES = 128;
/** After so many requests one counts half: the picture follows a workload that drifts. */
const HALF_LIFE = 16_384;
const MOST_WEIGHT = 2 ** 40;
/** It is asked whether the mix has changed when it has grown by this part of itself. */
const GROWTH = 0.1;
/** It has, where this part of the requests would have to be others (total variation distance). */
const CHANGED = 0.1;
/** Refused requests that are remembered, so that one that is asked again and again counts once. */
const MOST_REFUSED = 1024;

/** The mix of requests, learnt from those that came: a bounded histogram of what they asked for, with exponential decay. */
export class RequestMix {
  private readonly byKey = new Map<string, Shape>();
  private readonly refused = new Set<string>();
  private weight = 1;
  private observed = 0;
  private looked = -1;
  private drawn: Futures | undefined;
  private drawnFrom: ReadonlyMap<string, number> = new Map();

  static restore(shapes: RequestMixSnapshot): RequestMix {
    const mix = new RequestMix();
    for (const shape of shapes) mix.byKey.set(keyOf(shape), { ...shape });
    return mix;
  }

  snapshot(): RequestMixSnapshot {
    return this.shapes.map((shape) => ({ ...shape }));
  }

  get shapes(): Shape[] {
    return [...this.byKey.values()];
  }

  /** A request for a named workload that was refused is counted once until it is granted. */
  observe(
    { tenant, workload, amount, gpuModels, replicas }: Observed,
    outcome: "granted" | "refused" = "granted",
  ): void {
    const key = keyOf({ amount, gpuModels });
    const again = `${tenant} ${workload} ${key}`;
    const known = workload !== null && this.refused.has(again);
    if (workload !== null && outcome === "refused") this.remember(again);
    else this.refused.delete(again);
    if (!known) this.count(key, { amount, ...(gpuModels && { gpuModels }), count: 0 }, replicas);
  }

  /** What may come next, as the requests so far suggest. */
  futures(): Futures {
    if (!this.drawn || this.observed >= this.looked + Math.max(1, GROWTH * Math.min(this.observed, HALF_LIFE))) {
      this.looked = this.observed;
      const popularity = this.popularity();
      if (!this.drawn || distance(popularity, this.drawnFrom) > CHANGED) {
        this.drawn = new Futures(this.shapes);
        this.drawnFrom = popularity;
      }
    }
    return this.drawn;
  }

  private popularity(): Map<string, number> {
    let total = 0;
    for (const { count } of this.byKey.values()) total += count;
    return new Map([...this.byKey].map(([key, { count }]) => [key, count / total]));
  }

  private count(key: string, fresh: Shape, replicas: number): void {
    let shape = this.byKey.get(key);
    if (!shape) {
      if (this.byKey.size >= MOST_SHAPES) this.byKey.delete(this.rarest());
      this.byKey.set(key, (shape = fresh));
    }
    shape.count += this.weight * replicas;
    this.observed += 1;
    // Newer ones weigh more, which is the same as older ones weighing less.
    this.weight *= 2 ** (1 / HALF_LIFE);
    if (this.weight < MOST_WEIGHT) return;
    for (const each of this.byKey.values()) each.count /= this.weight;
    this.weight = 1;
  }

  private rarest(): string {
    let rarest = "";
    let fewest = Infinity;
    for (const [key, { count }] of this.byKey) if (count < fewest) [rarest, fewest] = [key, count];
    return rarest;
  }

  private remember(again: string): void {
    this.refused.add(again);
    if (this.refused.size <= MOST_REFUSED) return;
    const [oldest] = this.refused;
    if (oldest !== undefined) this.refused.delete(oldest);
  }
}

/** Total variation distance: 0 for the same distribution, 1 for two that have nothing in common. */
function distance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, part] of a) sum += Math.abs(part - (b.get(key) ?? 0));
  for (const [key, part] of b) if (!a.has(key)) sum += part;
  return sum / 2;
}

function keyOf({ amount, gpuModels }: { amount: Amount; gpuModels?: readonly string[] | undefined }): string {
  const { cpuMilli, memoryBytes, gpuMilli = 0, custom } = amount;
  return JSON.stringify([cpuMilli, memoryBytes, gpuMilli, gpuModels ? [...gpuModels].sort() : 0, custom ?? 0]);
}
