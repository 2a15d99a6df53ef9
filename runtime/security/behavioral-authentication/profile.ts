import { History, type HistorySnapshot } from "./history/history";
import type { Level } from "./schemas";
import type { Sighting } from "./travel/travel";
import type { LearnedToday } from "./trust/learning";

/** A session as it was when it was last trusted. */
export interface SessionAnchor {
  /** Pseudonym of its id. */
  id: string;
  /** Last assessed, ms since 1970. */
  time: number;
  os: string;
  browser: string;
  agentText: string;
  device: string | null;
  country: string | null;
  asn: number | null;
  /** CUSUM of what behaviour said against the user. */
  drift: number;
  level: Level | null;
}

/** What another engine said of the user. */
export interface Report {
  /** Of the finding or incident: told again, it counts once. */
  id: string;
  time: number;
  /** ln of the likelihood ratio at that time. */
  evidence: number;
  what: string;
}

/** What is remembered of one user. */
export interface Profile {
  history: History;
  /** Where the user was last seen for sure. */
  seen: Sighting | null;
  sessions: readonly SessionAnchor[];
  learnedToday: LearnedToday | null;
  reports: readonly Report[];
  /** As last told to others, where there was no session. */
  level: Level | null;
}

/** As it is sealed. */
export type Kept = Omit<Profile, "history"> & { history: HistorySnapshot };

const MOST_SESSIONS = 16;
const MOST_REPORTS = 8;
/** Values of each level of a user's history: a traveller with dozens of networks fits. */
const CAPACITY = 64;

export function emptyProfile(halfLifeMilliseconds: number, now: number): Profile {
  return {
    history: new History(halfLifeMilliseconds, CAPACITY, now),
    seen: null,
    sessions: [],
    learnedToday: null,
    reports: [],
    level: null,
  };
}

export const keptOf = (profile: Profile, now: number): Kept => ({ ...profile, history: profile.history.snapshot(now) });

export function profileFrom(kept: Kept, halfLifeMilliseconds: number, now: number): Profile {
  return { ...kept, history: new History(halfLifeMilliseconds, CAPACITY, now).restore(kept.history) };
}

/** The sessions with this one as it is now; the one that was not seen longest goes where there are too many. */
export function withSession(sessions: readonly SessionAnchor[], anchor: SessionAnchor): SessionAnchor[] {
  const others = sessions.filter(({ id }) => id !== anchor.id).sort((a, b) => b.time - a.time);
  return [anchor, ...others.slice(0, MOST_SESSIONS - 1)];
}

/** The reports with this one; the weakest goes where there are too many. */
export function withReport(reports: readonly Report[], report: Report): Report[] {
  const others = reports.filter(({ id }) => id !== report.id);
  return [report, ...others].sort((a, b) => b.time - a.time).slice(0, MOST_REPORTS);
}
