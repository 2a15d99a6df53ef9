import type { AccessDecision, AccessQuestion } from "../contracts";
import { DecisionPoint } from "./decision-point";
import type { World } from "./world";

/** A question that a candidate would decide otherwise. */
export interface Change {
  readonly question: AccessQuestion;
  readonly before: AccessDecision;
  readonly after: AccessDecision;
}

export interface DryRun {
  readonly questions: number;
  /** Denied now, allowed then. */
  readonly granted: number;
  /** Allowed now, denied then. */
  readonly withdrawn: number;
  /** As before, but by other policies or with other faults or advice. */
  readonly otherwise: number;
  /** The first of them. */
  readonly changes: readonly Change[];
}

/** Decides the questions by both worlds, and tells what would change. */
export function dryRun(now: World, candidate: World, questions: readonly AccessQuestion[], keep: number): DryRun {
  const [before, after] = [pointOf(now), pointOf(candidate)];
  const counts = { granted: 0, withdrawn: 0, otherwise: 0 };
  const changes: Change[] = [];
  for (const question of questions) {
    const change = { question, before: before.decide(question), after: after.decide(question) };
    const kind = kindOf(change);
    if (kind === undefined) continue;
    counts[kind]++;
    if (changes.length < keep) changes.push(change);
  }
  return { questions: questions.length, ...counts, changes };
}

function kindOf({ before, after }: Change): "granted" | "withdrawn" | "otherwise" | undefined {
  if (before.allowed !== after.allowed) return after.allowed ? "granted" : "withdrawn";
  const told = ({ policies, errors, advice }: AccessDecision): string => JSON.stringify([policies, errors, advice]);
  return told(before) === told(after) ? undefined : "otherwise";
}

function pointOf(world: World): DecisionPoint {
  const point = new DecisionPoint();
  point.use(world);
  return point;
}
