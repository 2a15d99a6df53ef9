import type { Items } from "../api";
import type { IncidentAnswer } from "../api-security";
import type { Ask } from "../ask";
import { percent, relative } from "../format";
import { type Html } from "../html";
import { badge, figure, note, type Panel, table } from "../panel";

const INCIDENTS = "/security-intelligence/v1/incidents?limit=20";
/** OCSF's severities. */
const SEVERITIES = ["unknown", "informational", "low", "medium", "high", "critical"];
const OVER = new Set(["resolved", "false_positive"]);
const MOST_ENTITIES = 4;

/** What was put together of many alerts: who is concerned, how sure it is, and what became of it. */
export const incidents: Panel = {
  id: "incidents",
  async load(ask: Ask, now: number): Promise<Html> {
    const answer = await ask<Items<IncidentAnswer>>(INCIDENTS);
    if (!answer.ok) return note(`No incidents are known: ${answer.why}.`);
    const { items } = answer.data;
    if (items.length === 0) return note("There was no incident.");
    const rows = items.map(({ id, title, status, severity, confidence, entities, alertCount, lastTime }) => [
      figure(title, `/security-intelligence/v1/incidents/${encodeURIComponent(id)}`),
      OVER.has(status) ? status : badge(status, "warn"),
      SEVERITIES[severity] ?? String(severity),
      percent(confidence),
      concerned(entities),
      String(alertCount),
      relative(lastTime, now),
    ]);
    return table(
      "Incidents, the latest first",
      ["Incident", "Status", "Severity", "Confidence", "Concerns", "Alerts", "Last"],
      rows,
    );
  },
};

/** Pure: the first few of them, and how many more there are. */
export function concerned(entities: IncidentAnswer["entities"]): string {
  const named = entities.slice(0, MOST_ENTITIES).map(({ kind, id }) => `${kind} ${id}`);
  const more = entities.length - named.length;
  return [...named, ...(more > 0 ? [`${String(more)} more`] : [])].join(", ");
}
