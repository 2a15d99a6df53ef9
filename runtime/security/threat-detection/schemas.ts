import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { OcsfEventSchema } from "../../kernel/ocsf/schema";
import { ALERT_STATES } from "./alerts/alert";

export const items = <T extends TSchema>(schema: T) =>
  Type.Object({ items: Type.Array(schema, { description: "In order" }) });

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, description: "Id" }) });
export type IdParams = Static<typeof IdParams>;

export const AlertsQuery = Type.Object({
  state: Type.Optional(
    Type.Unsafe<(typeof ALERT_STATES)[number]>(
      Type.String({ enum: [...ALERT_STATES], description: "Only alerts in this state" }),
    ),
  ),
  entity: Type.Optional(Type.String({ maxLength: 1024, description: "Only alerts about this entity" })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "At most so many, newest first" }),
});
export type AlertsQuery = Static<typeof AlertsQuery>;

export const FeedbackBody = Type.Object(
  {
    verdict: Type.Union([Type.Literal("true-positive"), Type.Literal("false-positive")], {
      description: "What it was",
    }),
    by: Type.String({ minLength: 1, maxLength: 256, description: "Who says so" }),
    reason: Type.String({ minLength: 1, maxLength: 2048, description: "Why" }),
  },
  { additionalProperties: false },
);
export type FeedbackBody = Static<typeof FeedbackBody>;

const Row = Type.Object({
  id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: "Unique per event; one is made up without" }),
  ),
  time: Type.Optional(Type.String({ format: "date-time", description: "When it happened; now without" })),
  data: Type.Record(Type.String(), Type.Unknown(), { description: "What the pipeline's paths lead into" }),
});

export const EventsBody = Type.Object(
  {
    pipeline: Type.Optional(
      Type.String({ maxLength: 63, description: "Pipeline of the rows; needed for rows, not for OCSF events" }),
    ),
    events: Type.Optional(Type.Array(OcsfEventSchema, { maxItems: 1000, description: "OCSF events" })),
    rows: Type.Optional(Type.Array(Row, { maxItems: 1000, description: "Other events" })),
  },
  { additionalProperties: false, description: "Events, in order" },
);
export type EventsBody = Static<typeof EventsBody>;

const nullable = <T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String>>(
  schema: T,
  description: string,
) => Type.Union([schema, Type.Null()], { description });

export const ResultSchema = Type.Object({
  pipeline: nullable(Type.String(), "Pipeline that scored it; null where there is none, or it was seen before"),
  entity: nullable(Type.String(), "Whom it is about"),
  strangeness: nullable(
    Type.Number(),
    "Mean surprise of the ensemble's families and half of the greatest; ordinary is about 1.5",
  ),
  pValue: nullable(Type.Number(), "Share of held-out events that were at least as strange"),
  alerts: Type.Array(Type.String(), { description: "Alerts that it is in" }),
});

export const TrainingBody = Type.Object(
  {
    pipeline: Type.String({ maxLength: 63, description: "Pipeline that a model is made for" }),
    assumption: Type.Union([Type.Literal("normals"), Type.Literal("unlabelled")], {
      description: "normals: the rows are ordinary events only; unlabelled: up to half of them may be attacks",
    }),
    rows: Type.Optional(
      Type.Array(Row, {
        minItems: 100,
        maxItems: 50_000,
        description: "What to learn from; what the pipeline keeps without",
      }),
    ),
  },
  { additionalProperties: false },
);
export type TrainingBody = Static<typeof TrainingBody>;

export const ModelsQuery = Type.Object({
  pipeline: Type.Optional(Type.String({ maxLength: 63, description: "Only models of this pipeline" })),
});

export const SupervisedSchema = Type.Object({
  name: nullable(Type.String(), "Name"),
  pipeline: nullable(Type.String(), "Pipeline whose events it judges"),
  state: Type.Union(
    (["ready", "runtime-missing", "untrusted", "invalid"] as const).map((state) => Type.Literal(state)),
    { description: "Whether it judges; the anomaly ensemble always does" },
  ),
  reason: Type.String({ description: "Why it does not" }),
});

export const StatusSchema = Type.Object({
  name: Type.String({ description: "Pipeline" }),
  columns: Type.Array(Type.String(), { description: "Features" }),
  eventsPerDay: Type.Number({ description: "Rate of its events" }),
  alertsPerDay: Type.Number({ description: "Budget" }),
  risk: Type.Number({ description: "Share of events that may be alerts" }),
  threshold: nullable(Type.Number(), "Strangeness above which an event is an alert; null until it is calibrated"),
  withheld: Type.Integer({ description: "Findings that the day's budget did not let through" }),
  shifts: Type.Integer({ description: "Shifts of what is usual since the start" }),
});
