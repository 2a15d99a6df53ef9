import { enqueue } from "../../kernel/events/outbox";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import type { AssessorDependencies } from "./assessor";
import { riskChangedEvent } from "./events";
import { withReport } from "./profile";
import { probabilityOf } from "./trust/calibration";

/** OCSF severities from which on a finding is about the user, and what it makes of the odds, as ln. */
const EVIDENCE: ReadonlyMap<number, number> = new Map([
  [4, 4],
  [5, 6],
  [6, 6],
]);

type Dependencies = Omit<AssessorDependencies, "reader" | "vault" | "templates">;

/** Takes in what other engines found out about users: it counts with their next attempts, and fades within hours. */
export class Reports {
  constructor(private readonly deps: Dependencies) {}

  /** A finding that is told again, or names no user, or is mild, changes nothing. */
  async take(finding: OcsfEvent): Promise<void> {
    const { store, profiles, knowledge, instruments, tracer, clock, onCommit } = this.deps;
    const name = finding.user?.uid ?? finding.actor?.user?.uid;
    const evidence = EVIDENCE.get(finding.severity_id);
    if (name === undefined || evidence === undefined) return;
    const id = finding.finding_info?.uid ?? finding.metadata.uid;
    const what = finding.finding_info?.title ?? finding.message ?? finding.metadata.product.name;
    const user = profiles.userOf(name);
    const now = clock.now();
    const taken = await store.transaction(async (tx) => {
      const { profile, known } = await profiles.lock(tx, user, now);
      if (!known || profile.reports.some((report) => report.id === id)) return false;
      const reports = withReport(profile.reports, { id, time: now, evidence, what: what.slice(0, 200) });
      await profiles.put(tx, user, { ...profile, reports, level: "medium" }, now);
      const change = {
        subjectType: "user" as const,
        subject: name,
        level: "medium" as const,
        previousLevel: profile.level,
        probability: probabilityOf(evidence, knowledge.current.calibration),
        reasons: [`reported: ${what}`.slice(0, 1024)],
        because: id,
      };
      if (profile.level === null || profile.level === "low") {
        await enqueue(tx, [riskChangedEvent(change, `${id}.${user}.risk`, now, tracer.carrier())]);
      }
      return true;
    });
    if (!taken) return;
    onCommit();
    instruments.reported();
  }
}
