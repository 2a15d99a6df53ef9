/** What is looked at and what is said about it; shared by the gateway (inline) and threat detection (scoring). */

/** Of a request, as far as inspection needs it. Nothing of it is trusted, and no value makes inspection throw. */
export interface InspectableRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Lower-case name -> values, in the order in which they came. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

export interface Finding {
  /** Id of the rule or the learned model that spoke. */
  readonly rule: string;
  /** Where: `query.name`, `header.user-agent`, `body.$.a[0]`, `path`. */
  readonly where: string;
  /** What, without the value itself. */
  readonly what: string;
  /** What it adds to the request's score. */
  readonly score: number;
}

/** What a rule found where it does not count. */
export interface Excluded {
  readonly rule: string;
  readonly where: string;
  readonly reason: string;
}

export interface Inspection {
  readonly score: number;
  readonly refused: boolean;
  readonly findings: readonly Finding[];
}

/**
 * How eager the rules are: `standard` takes what is hardly ever anything but an attack, `high` adds what is rare in honest
 * traffic, `strict` adds what is merely unusual (needs exclusions almost everywhere).
 */
export type Level = "standard" | "high" | "strict";

/** A rule that does not count somewhere. All members that are given must fit. */
export interface Exclusion {
  /** Id of a rule (`sql-tautology`), or of a family (`sql`), or "*". */
  readonly rule: string;
  /** Path without query: exact, or a prefix where it ends with "*". */
  readonly path?: string;
  /** Where as in a finding: exact, or a prefix where it ends with "*". */
  readonly where?: string;
  /** Why; shown to operators, never empty. */
  readonly reason: string;
}
