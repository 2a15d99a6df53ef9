import { type Static, Type } from "@sinclair/typebox";

export const ContributionSchema = Type.Object({
  feature: Type.String({ description: "Name of the feature" }),
  value: Type.Union([Type.Number(), Type.String()], { description: "As the event had it" }),
  usual: Type.Union([Type.Number(), Type.String()], {
    description: "What the nearest ordinary event had, or the limit",
  }),
  share: Type.Number({
    description: "Share of the strangeness that goes away with the usual value; shares need not add up",
  }),
});
export type Contribution = Static<typeof ContributionSchema>;

export const ALERT_STATES = ["open", "confirmed", "dismissed"] as const;
const State = Type.Union(ALERT_STATES.map((state) => Type.Literal(state)));

export const AlertSchema = Type.Object({
  id: Type.String({ description: "Id" }),
  detector: Type.String({
    description: "anomaly:<pipeline>, pattern:<name>, http:signature, http:grammar, model:<name>",
  }),
  entity: Type.String({ description: "Whom it is about" }),
  title: Type.String({ description: "What was seen" }),
  why: Type.String({ description: "The reason in words" }),
  severity: Type.Integer({ minimum: 1, maximum: 5, description: "OCSF: 1 informational to 5 critical" }),
  score: Type.Number({ description: "Of the detector: strangeness, count, or probability" }),
  threshold: Type.Number({ description: "Score above which it is an alert" }),
  firstSeen: Type.String({ format: "date-time", description: "First event" }),
  lastSeen: Type.String({ format: "date-time", description: "Latest event" }),
  count: Type.Integer({ minimum: 1, description: "Events that it stands for" }),
  contributions: Type.Array(ContributionSchema, { description: "Leading features, greatest first" }),
  members: Type.Record(Type.String(), Type.Number(), {
    description: "Surprise of each member of the ensemble: minus the logarithm of its p-value",
  }),
  technique: Type.Union([Type.Object({ uid: Type.String(), name: Type.String() }), Type.Null()], {
    description: "MITRE ATT&CK technique",
  }),
  events: Type.Array(Type.String(), { description: "Ids of the first events" }),
  state: State,
  feedback: Type.Union([Type.Object({ by: Type.String(), reason: Type.String(), time: Type.String() }), Type.Null()], {
    description: "What an analyst said",
  }),
});
export type Alert = Static<typeof AlertSchema>;

/** What a detector found; an alert comes of it unless one is open already. */
export interface Finding {
  detector: string;
  entity: string;
  title: string;
  why: string;
  severity: number;
  score: number;
  threshold: number;
  contributions: Contribution[];
  members: Record<string, number>;
  technique: { uid: string; name: string } | null;
  eventId: string;
  /** Milliseconds since 1970. */
  time: number;
  traceId?: string | undefined;
  /** The raw row, for feedback. */
  raw?: Float64Array | undefined;
}
