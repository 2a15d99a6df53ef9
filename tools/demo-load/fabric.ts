import type { Api } from "./api";
import { CounterLog, DecisionLog } from "./decision-log";
import { type AutoScaling, autoScaling } from "./observers/auto-scaling";
import { type Balancer, balancer } from "./observers/balancer";
import { type ElasticResources, elasticResources } from "./observers/elastic-resources";
import {
  type Look,
  type Newest,
  type Observer,
  OBSERVED,
  SCALABILITY_ENGINES,
  type ScalabilityEngine,
} from "./observers/observer";
import { type Optimizer, optimizer } from "./observers/optimizer";
import { type Pools, pools } from "./observers/pools";

/** What an engine decided during the run. */
export interface Count {
  counts: ReadonlyMap<string, number>;
  /** There were more. */
  atLeast: boolean;
}

/** The five engines as they are at one moment; what could not be seen is absent, and `faults` says why. */
export interface FabricState {
  elastic?: ElasticResources;
  scaling?: AutoScaling;
  balancer?: Balancer;
  pools?: Pools;
  optimizer?: Optimizer;
  newest: Partial<Record<ScalabilityEngine, Newest>>;
  faults: Partial<Record<ScalabilityEngine, string>>;
  decided: Record<ScalabilityEngine, Count>;
}

/** The pool that lets one run at a time put load on the demo service. */
export const RUN_POOL = "demo-load";

/** Looks at all engines. That one does not answer never ends the replay: what it decided stays in sight, and the fault with it. */
export class Fabric {
  private readonly scaling: Observer<AutoScaling>;
  private readonly balancer: Observer<Balancer>;
  private readonly pools = pools(RUN_POOL);
  private readonly newest: FabricState["newest"] = {};
  private readonly logs: Record<ScalabilityEngine, DecisionLog>;
  private readonly picks = new CounterLog();

  /** `since`: when the run began, where it took something from an engine then (RFC 3339, UTC); else it begins with the first look. */
  constructor(
    private readonly api: Api,
    workload: string,
    since?: string,
  ) {
    const logs = SCALABILITY_ENGINES.map((name) => [name, new DecisionLog(since)] as const);
    this.logs = Object.fromEntries(logs) as Record<ScalabilityEngine, DecisionLog>;
    this.scaling = autoScaling(workload);
    this.balancer = balancer(workload);
  }

  async observe(): Promise<FabricState> {
    const faults: FabricState["faults"] = {};
    const [elastic, scaling, balancing, pooling, optimizing] = await Promise.all([
      this.look(elasticResources, faults),
      this.look(this.scaling, faults),
      this.look(this.balancer, faults),
      this.look(this.pools, faults),
      this.look(optimizer, faults),
    ]);
    if (balancing) this.picks.add(balancing.counters);
    return {
      ...(elastic && { elastic }),
      ...(scaling && { scaling }),
      ...(balancing && { balancer: balancing }),
      ...(pooling && { pools: pooling }),
      ...(optimizing && { optimizer: optimizing }),
      newest: { ...this.newest },
      faults,
      decided: this.decided(),
    };
  }

  private async look<State>(
    observer: Observer<State>,
    faults: Partial<Record<ScalabilityEngine, string>>,
  ): Promise<State | undefined> {
    let seen: Look<State>;
    try {
      seen = await observer.look(this.api);
    } catch (error) {
      faults[observer.engine] = (error as Error).message;
      return undefined;
    }
    this.logs[observer.engine].add(seen.decided, OBSERVED);
    if (seen.newest) this.newest[observer.engine] = seen.newest;
    return seen.state;
  }

  private decided(): Record<ScalabilityEngine, Count> {
    const { logs, picks } = this;
    const counted = SCALABILITY_ENGINES.map((name): [ScalabilityEngine, Count] => [
      name,
      { counts: new Map(logs[name].counts), atLeast: logs[name].atLeast },
    ]);
    return {
      ...(Object.fromEntries(counted) as Record<ScalabilityEngine, Count>),
      "global-load-balancer": { counts: new Map(picks.counts), atLeast: false },
    };
  }
}
