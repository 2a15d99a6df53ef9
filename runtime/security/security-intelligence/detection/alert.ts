import { hash } from "node:crypto";
import type { SigmaMatch } from "../../../kernel/sigma/engine";
import type { SigmaLevel } from "../../../kernel/sigma/document";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import { attackOf, tacticNamed } from "../incidents/attack";
import { type Entity, entitiesOf } from "../ingest/entities";
import { clean } from "../ingest/record";

/** Something that a rule, a correlation or another engine found. */
export interface Alert {
  /** The same for the same finding, however often the events come by. */
  readonly id: string;
  readonly ruleId: string;
  readonly title: string;
  readonly description: string;
  readonly level: SigmaLevel;
  /** Of the last event, milliseconds since 1970. */
  readonly time: number;
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  readonly entities: readonly Entity[];
  /** Contributing events, oldest first, and how many there were. */
  readonly events: readonly string[];
  readonly eventCount: number;
  readonly traceId: string | null;
}

const MAX_EVENTS = 200;

/** Levels that are worth an alert; what is below serves correlations and queries. */
const ALERTING: readonly SigmaLevel[] = ["low", "medium", "high", "critical"];

/** The alert of a match; undefined for one that only informs. `last` is the event that completed it. */
export function alertOfMatch(match: SigmaMatch, last: OcsfEvent): Alert | undefined {
  const { rule, time, events, count, group } = match;
  if (!ALERTING.includes(rule.level)) return undefined;
  return {
    id: alertId(rule.id, JSON.stringify(group), events.at(0) ?? "", events.at(-1) ?? ""),
    ruleId: rule.id,
    title: rule.title,
    description: rule.description,
    level: rule.level,
    time,
    ...attackOf(rule.tags),
    entities: concerned(match, last),
    events: events.slice(-MAX_EVENTS),
    eventCount: count,
    traceId: last.metadata.trace_uid ?? null,
  };
}

const SEVERITIES: readonly (SigmaLevel | undefined)[] = [
  undefined,
  undefined,
  "low",
  "medium",
  "high",
  "critical",
  "critical",
];

/** The alert that another engine's finding is. */
export function alertOfFinding(event: OcsfEvent): Alert | undefined {
  const level = SEVERITIES[event.severity_id];
  if (event.class_uid !== 2004 || level === undefined) return undefined;
  const { finding_info: info, attacks = [], metadata } = event;
  const related = (info?.related_events ?? []).map(({ uid }) => uid).filter((uid) => uid !== undefined);
  const rule = info?.types?.[0] ?? info?.title ?? "finding";
  return {
    id: alertId(metadata.product.name, info?.uid ?? metadata.uid, "", ""),
    ruleId: clean(`${metadata.product.name}/${rule}`),
    title: clean(info?.title ?? event.message ?? "Finding"),
    description: clean(info?.desc ?? event.message ?? ""),
    level,
    time: event.time,
    tactics: attacks
      .map(({ tactic }) => tacticNamed(tactic?.uid ?? tactic?.name ?? ""))
      .filter((name) => name !== undefined),
    techniques: attacks.map(({ technique }) => technique?.uid).filter((uid) => uid !== undefined),
    entities: cleaned(entitiesOf(event)),
    events: [metadata.uid, ...related].slice(0, MAX_EVENTS),
    eventCount: 1 + related.length,
    traceId: metadata.trace_uid ?? null,
  };
}

/**
 * Of one event, and of the end of an order, all that the last event is about; of events that are counted those that all of them share,
 * by the fields they are grouped by. A session is of one user.
 */
function concerned({ correlation, group }: SigmaMatch, last: OcsfEvent): Entity[] {
  const all = cleaned(entitiesOf(last));
  if (correlation === undefined || correlation === "temporal_ordered") return all;
  const values = new Set(Object.values(group).map(clean));
  const shared = all.filter(({ id }) => values.has(id));
  const sessions = shared.some(({ kind }) => kind === "session");
  if (shared.length === 0) return all;
  return sessions ? all.filter(({ kind }) => kind === "session" || kind === "user") : shared;
}

function cleaned(entities: readonly Entity[]): Entity[] {
  return entities.map(({ kind, id }) => ({ kind, id: clean(id).slice(0, 512) }));
}

function alertId(...parts: string[]): string {
  return `alt_${hash("sha256", parts.join("\n"), "hex").slice(0, 26)}`;
}
