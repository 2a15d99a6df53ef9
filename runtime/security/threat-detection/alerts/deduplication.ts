import type { Alert, Finding } from "./alert";

/** Events whose ids an alert keeps. */
const MOST_EVENTS = 20;

type Outcome = "new" | "worse" | "repeated" | "quiet";

/**
 * One alert for what one detector says about one entity within `windowMilliseconds` of its latest event. Bounded: of more
 * than `capacity` open ones the one longest unheard of is closed to additions.
 *
 * An analyst's "false positive" makes a detector quiet about that entity up to the strangeness that was dismissed; what is
 * clearly stranger is told again. "True positive" takes that back.
 */
export class Deduplication {
  private readonly open = new Map<string, Alert>();
  private readonly quiet = new Map<string, number>();

  constructor(
    private readonly windowMilliseconds: number,
    private readonly capacity: number,
  ) {}

  /** The open alert with the finding in it; null where it is a new one, or nothing is to be said. */
  take(finding: Finding): { outcome: Outcome; alert: Alert | null } {
    const key = keyOf(finding);
    const bar = this.quiet.get(key);
    if (bar !== undefined && finding.score <= bar) return { outcome: "quiet", alert: null };
    const known = this.open.get(key);
    if (known === undefined || finding.time - Date.parse(known.lastSeen) > this.windowMilliseconds)
      return { outcome: "new", alert: null };
    this.open.delete(key);
    const isWorse = finding.severity > known.severity;
    const alert: Alert = {
      ...known,
      ...(finding.score > known.score
        ? { score: finding.score, why: finding.why, contributions: finding.contributions, members: finding.members }
        : {}),
      severity: Math.max(known.severity, finding.severity),
      lastSeen: new Date(Math.max(finding.time, Date.parse(known.lastSeen))).toISOString(),
      count: known.count + 1,
      events: known.events.length < MOST_EVENTS ? [...known.events, finding.eventId] : known.events,
    };
    this.remember(alert);
    return { outcome: isWorse ? "worse" : "repeated", alert };
  }

  remember(alert: Alert): void {
    if (this.open.size >= this.capacity) this.open.delete(this.open.keys().next().value!);
    this.open.set(keyOf(alert), alert);
  }

  /** After feedback: whatever comes next of the same kind is a new alert, if it is one. */
  settle(alert: Alert): void {
    const key = keyOf(alert);
    this.open.delete(key);
    this.quiet.delete(key);
    if (alert.state !== "dismissed") return;
    if (this.quiet.size >= this.capacity) this.quiet.delete(this.quiet.keys().next().value!);
    this.quiet.set(key, alert.score * QUIET_MARGIN);
  }
}

/** What is hardly stranger than what was dismissed is dismissed too. */
const QUIET_MARGIN = 1.1;

const keyOf = ({ detector, entity }: Pick<Alert, "detector" | "entity">): string => JSON.stringify([detector, entity]);
