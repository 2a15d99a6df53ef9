import { type Finding, LIMITS, type Limits, Correlator, type Losses } from "./correlation/correlator";
import type { Correlation, CorrelationType } from "./correlation/definition";
import type { LoadedSigma } from "./load";
import type { CompiledRule, Logsource } from "./rule";
import { RuleSet } from "./rule-set";
import type { EventView } from "./view";

/** An event on its way through the rules. */
export interface SigmaEvent {
  readonly uid: string;
  /** When it happened, milliseconds since 1970. */
  readonly time: number;
  readonly logsource: Logsource;
  readonly view: EventView;
}

/** A rule or correlation that found what it looks for. */
export interface SigmaMatch {
  readonly rule: Pick<CompiledRule | Correlation, "id" | "title" | "description" | "level" | "tags">;
  /** The kind of correlation; undefined for a rule. */
  readonly correlation: CorrelationType | undefined;
  readonly time: number;
  /** Ids of the contributing events, oldest first, and how many there were. */
  readonly events: readonly string[];
  readonly count: number;
  readonly group: Readonly<Record<string, string>>;
  /** The last of the events. */
  readonly view: EventView;
}

export interface EngineOptions {
  /** How much older than the newest event one may be and still be correlated. */
  readonly latenessMilliseconds: number;
  readonly limits?: Limits;
}

/** Events of time that has passed are swept together, not one by one. */
const SWEEP_MILLISECONDS = 1000;

/**
 * Rules and correlations over a stream of events in event time. The watermark, the time that no event is expected from any more,
 * follows the newest event by the allowed lateness; what is older is not correlated, and counted. Pure state: no clock, no I/O.
 */
export class SigmaEngine {
  private readonly set: RuleSet;
  private readonly correlators: Correlator[];
  /** By rule's or correlation's id or name: who refers to it, and as which of its rules. */
  private readonly references = new Map<string, { correlator: Correlator; rule: number }[]>();
  private newest = -Infinity;
  private swept = -Infinity;

  constructor(
    loaded: Pick<LoadedSigma, "rules" | "correlations">,
    private readonly options: EngineOptions,
  ) {
    this.set = new RuleSet(loaded.rules);
    this.correlators = [];
    for (const definition of loaded.correlations) {
      // Innermost first: those that it refers to are there already.
      const inner = this.correlators.filter(({ definition: { id, name } }) =>
        definition.rules.some((reference) => reference === id || reference === name),
      );
      const lag = Math.max(0, ...inner.map(({ delay }) => delay));
      this.correlators.push(new Correlator(definition, options.limits ?? LIMITS, lag));
    }
    for (const correlator of this.correlators) {
      correlator.definition.rules.forEach((reference, rule) => {
        const list = this.references.get(reference) ?? [];
        list.push({ correlator, rule });
        this.references.set(reference, list);
      });
    }
  }

  get watermark(): number {
    return this.newest - this.options.latenessMilliseconds;
  }

  process(event: SigmaEvent): SigmaMatch[] {
    const matches: SigmaMatch[] = [];
    const found = this.set.match(event.view, event.logsource);
    if (event.time > this.newest) {
      this.newest = event.time;
      if (this.watermark - this.swept >= SWEEP_MILLISECONDS) this.sweep(matches);
    }
    for (const rule of this.inOrder(found)) {
      const finding: Finding = { time: event.time, events: [event.uid], count: 1, group: {}, view: event.view };
      this.report(rule, finding, undefined, matches);
    }
    return matches;
  }

  /** Time has come to `time` though no event says so: completes the windows that wait for it. */
  advance(time: number): SigmaMatch[] {
    const matches: SigmaMatch[] = [];
    this.newest = Math.max(this.newest, time);
    this.sweep(matches);
    return matches;
  }

  /** What was lost, and what is kept, over all correlations. */
  stats(): Losses & { groups: number; events: number } {
    const sum = { late: 0, ungrouped: 0, valueless: 0, evictedGroups: 0, droppedEvents: 0, groups: 0, events: 0 };
    for (const { losses, size } of this.correlators) {
      for (const [name, value] of Object.entries({ ...losses, ...size })) sum[name as keyof typeof sum] += value;
    }
    return sum;
  }

  /** An event that is several steps of an ordered correlation is offered as the last one first: it is of one step only. */
  private inOrder(rules: readonly CompiledRule[]): readonly CompiledRule[] {
    if (rules.length < 2) return rules;
    const step = (rule: CompiledRule): number => Math.max(-1, ...this.referrers(rule).map((one) => one.rule));
    return rules.toSorted((a, b) => step(b) - step(a));
  }

  private referrers({
    id,
    name,
  }: Pick<CompiledRule, "id" | "name">): readonly { correlator: Correlator; rule: number }[] {
    const byId = this.references.get(id) ?? [];
    return name === undefined || name === id ? byId : [...byId, ...(this.references.get(name) ?? [])];
  }

  private report(
    rule: CompiledRule | Correlation,
    finding: Finding,
    correlation: CorrelationType | undefined,
    matches: SigmaMatch[],
  ): void {
    const referrers = this.referrers(rule);
    if (referrers.length === 0 || referrers.some(({ correlator }) => correlator.definition.generate)) {
      const { time, events, count, group, view } = finding;
      matches.push({ rule, correlation, time, events, count, group, view });
    }
    const names = rule.name === undefined ? [rule.id] : [rule.name, rule.id];
    for (const { correlator, rule: number } of referrers) {
      // What a window comes to when it closes is in time, however far the watermark jumped over its end.
      const watermark = correlation ? Math.min(this.watermark, finding.time) : this.watermark;
      for (const outer of correlator.accept(number, names, finding, watermark)) {
        this.report(correlator.definition, outer, correlator.definition.type, matches);
      }
    }
  }

  private sweep(matches: SigmaMatch[]): void {
    const { watermark } = this;
    this.swept = watermark;
    // Innermost first: what they find is still in time for the outer ones.
    for (const correlator of this.correlators) {
      for (const finding of correlator.advance(watermark))
        this.report(correlator.definition, finding, correlator.definition.type, matches);
    }
  }
}
