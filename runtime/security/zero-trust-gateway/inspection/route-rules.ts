import type { Excluded } from "../../../kernel/http-inspection/inspection";
import type { Route } from "../routing/route";

/** Exclusions of one request that are named. */
const MOST_NAMED = 50;

type Declared = Route["inspection"]["exclusions"][number];

interface Exclusion extends Declared {
  /** Milliseconds since 1970; it does not apply from then on. */
  readonly until: number;
}

/** What a route says of its inspection: which rules do not count where, and whether the others refuse. */
export class RouteRules {
  private readonly exclusions: readonly Exclusion[];

  constructor(private readonly declared: Route["inspection"]) {
    this.exclusions = declared.exclusions.map((one) => ({ ...one, until: untilOf(one) }));
  }

  get monitors(): boolean {
    return this.declared.mode === "monitor";
  }

  /** For one request. `now`: milliseconds since 1970. */
  at(now: number): Exclusions {
    return new Exclusions(this.exclusions.filter(({ until }) => now < until));
  }

  /** Those whose day has come. */
  expired(now: number): readonly Declared[] {
    return this.declared.exclusions.filter((one) => untilOf(one) <= now);
  }
}

/** Keeps findings from counting, and notes which. */
export class Exclusions {
  readonly applied: Excluded[] = [];

  constructor(private readonly exclusions: readonly Exclusion[]) {}

  covers(rule: string, where: string): boolean {
    const found = this.exclusions.find(
      (one) =>
        one.rules.some((each) => namesRule(each, rule)) && (one.where?.some((each) => fits(each, where)) ?? true),
    );
    if (found === undefined) return false;
    const isNoted = this.applied.some((one) => one.rule === rule && one.where === where);
    if (!isNoted && this.applied.length < MOST_NAMED) this.applied.push({ rule, where, reason: found.reason });
    return true;
  }
}

/** By its id, or by words that its id begins with: `sql` is `sql-tautology` too. */
export function namesRule(name: string, rule: string): boolean {
  return name === "*" || rule === name || rule.startsWith(`${name}-`);
}

/** `[]` stands for any place in an array. */
function fits(pattern: string, where: string): boolean {
  return [where, where.replace(/\[\d{1,9}\]/g, "[]")].some((each) =>
    pattern.endsWith("*") ? each.startsWith(pattern.slice(0, -1)) : each === pattern,
  );
}

function untilOf({ expires }: Declared): number {
  return expires === undefined ? Infinity : Date.parse(expires);
}
