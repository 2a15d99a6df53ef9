import type { Alert } from "../detection/alert";
import { type Entity, entityKey, links } from "../ingest/entities";

export const STATUSES = ["watching", "open", "in_progress", "contained", "resolved", "false_positive"] as const;
export type IncidentStatus = (typeof STATUSES)[number];

/** Alerts that belong together: they share somebody or something within a stretch of time. */
export interface Incident {
  readonly id: string;
  readonly status: IncidentStatus;
  /** Of the gravest alert. */
  readonly title: string;
  /** 2 low to 5 critical, as OCSF counts. */
  readonly severity: number;
  /** 0 to 1. */
  readonly confidence: number;
  /** Of the first and the last alert's events, milliseconds since 1970. */
  readonly firstTime: number;
  readonly lastTime: number;
  readonly entities: readonly Entity[];
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  /** Rule -> the weight that it counts with. */
  readonly rules: Readonly<Record<string, number>>;
  readonly alertCount: number;
  readonly history: readonly { time: number; by: string; what: string }[];
}

/** How sure one alert of a level makes. */
export const WEIGHTS = { informational: 0.02, low: 0.15, medium: 0.35, high: 0.65, critical: 0.85 } as const;
const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;
/** What each further stage of an attack takes away from the doubt that is left. */
const STAGE_FACTOR = 0.85;
const MAX_ENTITIES = 256;
const MAX_HISTORY = 256;

/**
 * 1 - prod(1 - w_i): the alerts as independent witnesses. A rule is one witness, however often it speaks; each stage of an attack
 * (ATT&CK tactic) beyond the first leaves STAGE_FACTOR of the doubt.
 */
export function confidenceOf(rules: Readonly<Record<string, number>>, tactics: number): number {
  const doubt = Object.values(rules).reduce((left, weight) => left * (1 - weight), 1);
  return 1 - doubt * STAGE_FACTOR ** Math.max(0, tactics - 1);
}

export function begin(id: string, alert: Alert, now: number, announceAt: number): Incident {
  const empty: Incident = {
    id,
    status: "watching",
    title: alert.title,
    severity: 0,
    confidence: 0,
    firstTime: alert.time,
    lastTime: alert.time,
    entities: [],
    tactics: [],
    techniques: [],
    rules: {},
    alertCount: 0,
    history: [{ time: now, by: "correlation", what: `begun by ${alert.id}` }],
  };
  return add(empty, alert, now, announceAt);
}

/** The incident with one more alert; announced once it is believed at least as much as `announceAt`. */
export function add(incident: Incident, alert: Alert, now: number, announceAt: number): Incident {
  const weight = Math.max(own(incident.rules, alert.ruleId) ?? 0, WEIGHTS[alert.level]);
  const rules = { ...incident.rules, [alert.ruleId]: weight };
  const tactics = union(incident.tactics, alert.tactics);
  const confidence = confidenceOf(rules, tactics.length);
  const severity = Math.max(incident.severity, SEVERITY[alert.level]);
  const next: Incident = {
    ...incident,
    title: severity > incident.severity ? alert.title : incident.title,
    severity,
    confidence,
    firstTime: Math.min(incident.firstTime, alert.time),
    lastTime: Math.max(incident.lastTime, alert.time),
    entities: uniqueEntities([...incident.entities, ...alert.entities]),
    tactics,
    techniques: union(incident.techniques, alert.techniques),
    rules,
    alertCount: incident.alertCount + 1,
  };
  if (next.status !== "watching" || confidence < announceAt) return next;
  return noted({ ...next, status: "open" }, now, "correlation", `announced at confidence ${confidence.toFixed(2)}`);
}

/** Two incidents that turned out to be one: the older one's id stays. */
export function merge(into: Incident, other: Incident, now: number): Incident {
  const rules = { ...into.rules };
  for (const [rule, weight] of Object.entries(other.rules)) rules[rule] = Math.max(own(rules, rule) ?? 0, weight);
  const tactics = union(into.tactics, other.tactics);
  const graver = other.severity > into.severity ? other : into;
  const status = into.status === "watching" ? other.status : into.status;
  return noted(
    {
      ...into,
      status,
      title: graver.title,
      severity: graver.severity,
      confidence: confidenceOf(rules, tactics.length),
      firstTime: Math.min(into.firstTime, other.firstTime),
      lastTime: Math.max(into.lastTime, other.lastTime),
      entities: uniqueEntities([...into.entities, ...other.entities]),
      tactics,
      techniques: union(into.techniques, other.techniques),
      rules,
      alertCount: into.alertCount + other.alertCount,
    },
    now,
    "correlation",
    `took in ${other.id}`,
  );
}

const NEXT: Readonly<Record<IncidentStatus, readonly IncidentStatus[]>> = {
  watching: ["open", "false_positive"],
  open: ["in_progress", "contained", "resolved", "false_positive"],
  in_progress: ["contained", "resolved", "false_positive"],
  contained: ["in_progress", "resolved", "false_positive"],
  resolved: ["in_progress"],
  false_positive: ["in_progress"],
};

export function mayBecome(from: IncidentStatus, to: IncidentStatus): boolean {
  return NEXT[from].includes(to);
}

/** Whether further alerts may join it. */
export function isActive({ status }: Incident): boolean {
  return status !== "resolved" && status !== "false_positive";
}

export function noted(incident: Incident, time: number, by: string, what: string): Incident {
  return { ...incident, history: [...incident.history, { time, by, what }].slice(-MAX_HISTORY) };
}

/** Entities by which other alerts find the incident. */
export function linkKeys(entities: readonly Entity[]): string[] {
  return entities.filter(links).map(entityKey);
}

function uniqueEntities(entities: readonly Entity[]): Entity[] {
  return [...new Map(entities.map((entity) => [entityKey(entity), entity])).values()].slice(0, MAX_ENTITIES);
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}

function own(record: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
