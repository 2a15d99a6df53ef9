import { nextDrift } from "./behaviour/evidence";
import type { History } from "./history/history";
import type { Profile, SessionAnchor } from "./profile";
import type { Attempt } from "./risk/features";
import { contextFactors, type Factor } from "./risk/score";
import { anchorOf, sessionFactor } from "./risk/session";
import type { Action, Level } from "./schemas";
import { judgeTravel, type Travel, type TravelRules } from "./travel/travel";
import { type Calibration, probabilityOf } from "./trust/calibration";
import { levelOf, type Thresholds } from "./trust/thresholds";

/** What keystrokes or the mouse said. */
export interface BehaviourEvidence {
  name: "keystrokes" | "mouse";
  /** ln of the e-value; undefined while too few samples are enrolled. */
  evidence: number | undefined;
  detail: string;
}

export interface Question {
  attempt: Attempt;
  /** Pseudonym of the session. */
  session?: string | undefined;
  behaviour: readonly BehaviourEvidence[];
  trustedEgress: boolean;
}

/** What is known and chosen before the attempt. */
export interface Knowledge {
  all: History;
  fraud: History;
  users: number;
  travel: TravelRules;
  calibration: Calibration;
  thresholds: Thresholds;
  /** Whether a user without history has to show another factor first. */
  coldStart: "step-up" | "trust";
}

export interface Assessment {
  factors: Factor[];
  score: number;
  probability: number;
  level: Level;
  action: Action;
  reasons: string[];
  travel: Travel;
  /** The user had no history, and that decided. */
  coldStart: boolean;
  logins: number;
  session: SessionAnchor | null;
}

/** ln of what impossible travel makes of the odds, and on a device that is the user's: one who roams through a tunnel. */
const IMPOSSIBLE_TRAVEL = 4;
const IMPOSSIBLE_ON_KNOWN_DEVICE = 2;
/** What others reported fades by half in an hour. */
const REPORT_HALF_LIFE = 3_600_000;
/** What earlier samples of the session said against the user adds at most so much. */
const MOST_DRIFT = 6;
/** A user with less than one login that counts has no history. */
const LEAST_LOGINS = 0.5;
/** Factors that say less are no reasons. */
const REASON = 0.5;
const MOST_REASONS = 5;

/** Pure: what is thought of the attempt, with every reason. The profile is not changed. */
export function assess(question: Question, profile: Profile, knowledge: Knowledge): Assessment {
  const { attempt, session, behaviour, trustedEgress } = question;
  const { time } = attempt;
  const { place } = attempt;
  const logins = profile.history.logins(time);
  const histories = { user: profile.history, all: knowledge.all, fraud: knowledge.fraud, users: knowledge.users };
  const factors = contextFactors(histories, attempt);
  const travel = judgeTravel(profile.seen ?? undefined, { ...place, time }, knowledge.travel, trustedEgress);
  if (travel.verdict === "impossible") {
    const known =
      attempt.device !== undefined && profile.history.of("device").counts([attempt.device], time)[0]!.value > 0;
    const contribution = known ? IMPOSSIBLE_ON_KNOWN_DEVICE : IMPOSSIBLE_TRAVEL;
    factors.push({
      name: "travel",
      contribution,
      detail: `${travel.reason}${known ? ", on a device of the user" : ""}`,
    });
  }
  const anchor = profile.sessions.find(({ id }) => id === session);
  const noPlace = trustedEgress || (place.asn !== undefined && knowledge.travel.relayAsns.has(place.asn));
  if (anchor !== undefined) factors.push(sessionFactor(anchor, attempt, noPlace));
  const { drift, factors: behaviours } = behaviourFactors(behaviour, anchor?.drift ?? 0);
  factors.push(...behaviours, ...reportFactors(profile, time));

  const score = factors.reduce((sum, { contribution }) => sum + contribution, 0);
  const byScore = levelOf(score, knowledge.thresholds);
  const coldStart = knowledge.coldStart === "step-up" && logins < LEAST_LOGINS;
  const level: Level = coldStart && byScore === "low" ? "medium" : byScore;
  return {
    factors,
    score,
    // A fault must not pass for a low risk.
    probability: Number.isFinite(score) ? probabilityOf(score, knowledge.calibration) : 1,
    level,
    action: ACTION[level],
    reasons: reasonsOf(factors, level, coldStart, travel),
    travel,
    coldStart,
    logins,
    session: session === undefined ? null : { ...(anchor ?? anchorOf(session, attempt, 0)), drift, time, level },
  };
}

const ACTION: Readonly<Record<Level, Action>> = { low: "allow", medium: "step-up", high: "deny-advice" };

function behaviourFactors(
  behaviour: readonly BehaviourEvidence[],
  before: number,
): { drift: number; factors: Factor[] } {
  const factors: Factor[] = behaviour.map(({ name, evidence, detail }) => ({
    name,
    contribution: evidence ?? 0,
    detail,
  }));
  const evidence = factors.reduce((sum, { contribution }) => sum + contribution, 0);
  if (before > 0 && evidence > 0) {
    const contribution = Math.min(before, MOST_DRIFT);
    factors.push({
      name: "drift",
      contribution,
      detail: "earlier samples of the session were unlike the user as well",
    });
  }
  return { drift: nextDrift(before, evidence), factors };
}

function reportFactors({ reports }: Profile, now: number): Factor[] {
  const live = reports
    .map((report) => ({
      ...report,
      evidence: report.evidence * 2 ** (-Math.max(now - report.time, 0) / REPORT_HALF_LIFE),
    }))
    .filter(({ evidence }) => evidence >= REASON)
    .sort((a, b) => b.evidence - a.evidence);
  const strongest = live[0];
  return strongest === undefined
    ? []
    : [{ name: "report", contribution: strongest.evidence, detail: `reported: ${strongest.what}` }];
}

function reasonsOf(factors: readonly Factor[], level: Level, coldStart: boolean, travel: Travel): string[] {
  const against = factors
    .filter(({ contribution }) => contribution >= REASON)
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, MOST_REASONS)
    .map(({ name, detail }) => `${name}: ${detail}`);
  if (coldStart) against.unshift("the user has no history yet");
  if (travel.verdict === "excepted") against.push(`travel: ${travel.reason}`);
  if (against.length > 0) return against;
  return [level === "low" ? "nothing speaks against the user" : "several small deviations together"];
}
