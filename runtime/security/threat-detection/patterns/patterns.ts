import type { Contribution, Finding } from "../alerts/alert";
import { ActivityWindow } from "./window";

export type PatternName = "brute-force" | "password-spray" | "credential-stuffing" | "scan";

export interface PatternSettings {
  windowMilliseconds: number;
  /** Failures of one source at one account. */
  bruteForceFailures: number;
  /** Accounts at which one source failed. */
  sprayAccounts: number;
  /** Sources that failed at one account. */
  distributedSources: number;
  /** Accounts at which logins failed from anywhere, with that share of failures. */
  stuffingAccounts: number;
  stuffingFailureShare: number;
  /** Paths at which one source was refused or found nothing, with that share of failures. */
  scanPaths: number;
  scanFailureShare: number;
  /** Keys of each table. */
  capacity: number;
}

export const PATTERNS: PatternSettings = {
  windowMilliseconds: 600_000,
  bruteForceFailures: 10,
  sprayAccounts: 10,
  distributedSources: 10,
  stuffingAccounts: 50,
  stuffingFailureShare: 0.5,
  scanPaths: 20,
  scanFailureShare: 0.6,
  capacity: 20_000,
};

/** What an attempt to log in, or a request, comes down to. */
export interface Attempt {
  kind: "login" | "request";
  source: string;
  /** Account or path. */
  target: string;
  isFailure: boolean;
  /** Milliseconds since 1970. */
  time: number;
}

export interface PatternMatch {
  name: PatternName;
  /** Whom the alert is about. */
  entity: string;
  title: string;
  technique: { uid: string; name: string };
  contributions: Contribution[];
  /** The leading figure, and from where on it is told. */
  score: number;
  threshold: number;
}

const TECHNIQUES: Record<PatternName, { uid: string; name: string }> = {
  "brute-force": { uid: "T1110.001", name: "Password Guessing" },
  "password-spray": { uid: "T1110.003", name: "Password Spraying" },
  "credential-stuffing": { uid: "T1110.004", name: "Credential Stuffing" },
  scan: { uid: "T1595.003", name: "Wordlist Scanning" },
};

const EVERYWHERE = "*";

/** Counts failures over event time: guesses at one account, one source at many, many at one or at many, and probing for paths. */
export class Patterns {
  private readonly pairs: ActivityWindow;
  private readonly sources: ActivityWindow;
  private readonly accounts: ActivityWindow;
  private readonly all: ActivityWindow;
  private readonly probes: ActivityWindow;

  constructor(private readonly settings: PatternSettings = PATTERNS) {
    const { windowMilliseconds, capacity } = settings;
    const table = (size: number): ActivityWindow => new ActivityWindow(windowMilliseconds, size);
    this.pairs = table(capacity);
    this.sources = table(capacity);
    this.accounts = table(capacity);
    this.probes = table(capacity);
    this.all = table(1);
  }

  /** Keys that had to make room, and events that came too late to be counted. */
  get losses(): { forgotten: number; late: number } {
    const tables = [this.pairs, this.sources, this.accounts, this.all, this.probes];
    return tables.reduce(
      (sum, { forgotten, late }) => ({ forgotten: sum.forgotten + forgotten, late: sum.late + late }),
      {
        forgotten: 0,
        late: 0,
      },
    );
  }

  observe(attempt: Attempt): PatternMatch[] {
    return attempt.kind === "login" ? this.login(attempt) : this.request(attempt);
  }

  private login({ source, target, isFailure, time }: Attempt): PatternMatch[] {
    const { settings } = this;
    const pair = this.pairs.add(JSON.stringify([source, target]), target, isFailure, time);
    const bySource = this.sources.add(source, target, isFailure, time);
    const byAccount = this.accounts.add(target, source, isFailure, time);
    const all = this.all.add(EVERYWHERE, target, isFailure, time);
    if (!isFailure) return [];
    const matches: PatternMatch[] = [];
    if (pair !== null && pair.failures >= settings.bruteForceFailures)
      matches.push(
        match("brute-force", source, "One source guesses at one account", {
          failures: [pair.failures, settings.bruteForceFailures],
        }),
      );
    if (byAccount !== null && byAccount.failedTargets >= settings.distributedSources)
      matches.push(
        match("brute-force", target, "Many sources guess at one account", {
          sources: [byAccount.failedTargets, settings.distributedSources],
        }),
      );
    if (bySource !== null && bySource.failedTargets >= settings.sprayAccounts)
      matches.push(
        match("password-spray", source, "One source fails at many accounts", {
          accounts: [bySource.failedTargets, settings.sprayAccounts],
        }),
      );
    if (
      all !== null &&
      all.failedTargets >= settings.stuffingAccounts &&
      all.failures / all.total >= settings.stuffingFailureShare
    )
      matches.push(
        match("credential-stuffing", "all accounts", "Logins fail at many accounts", {
          accounts: [all.failedTargets, settings.stuffingAccounts],
          failure_share: [all.failures / all.total, settings.stuffingFailureShare],
        }),
      );
    return matches;
  }

  private request({ source, target, isFailure, time }: Attempt): PatternMatch[] {
    const { settings } = this;
    const probes = this.probes.add(source, target, isFailure, time);
    if (!isFailure || probes === null) return [];
    const share = probes.failures / probes.total;
    if (probes.failedTargets < settings.scanPaths || share < settings.scanFailureShare) return [];
    return [
      match("scan", source, "One source tries many paths that it may not have, or that are not there", {
        paths: [probes.failedTargets, settings.scanPaths],
        failure_share: [share, settings.scanFailureShare],
      }),
    ];
  }
}

function match(
  name: PatternName,
  entity: string,
  title: string,
  figures: Record<string, readonly [value: number, limit: number]>,
): PatternMatch {
  const [[score, threshold] = [0, 0]] = Object.values(figures);
  const contributions = Object.entries(figures).map(([feature, [value, usual]]) => ({
    feature,
    value,
    usual: `below ${usual}`,
    share: 1 / Object.keys(figures).length,
  }));
  return { name, entity, title, technique: TECHNIQUES[name], contributions, score, threshold };
}

/** The match as it is reported; its leading figure is the score. */
export function findingOf(match: PatternMatch, eventId: string, time: number): Finding {
  const { name, entity, title, technique, contributions, score, threshold } = match;
  const figures = contributions.map(({ feature, value, usual }) => `${feature} ${value} (${usual} is usual)`);
  return {
    ...{ entity, title, technique, contributions, score, threshold, eventId, time },
    detector: `pattern:${name}`,
    why: `${title}: ${figures.join(", ")}`,
    severity: 4,
    members: {},
  };
}
