import { type Static, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";
import { OcsfEventSchema } from "../../kernel/ocsf/schema";
import { STATUSES } from "./incidents/incident";
import { ACTIONS, RESPONSE_STATUSES } from "./responses/response";

/** The wire forms of the engine's HTTP interface. */

const closed = { additionalProperties: false } as const;
const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN });
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));
const oneOf = <T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: "string", enum: [...values] });
const Time = Type.String({ format: "date-time" });

export const EventBatch = Type.Object(
  { events: Type.Array(OcsfEventSchema, { minItems: 1, maxItems: 10_000 }) },
  closed,
);
export const Accepted = Type.Object({
  stored: Type.Integer(),
  duplicates: Type.Integer({ description: "Events whose uid was there already" }),
  ignored: Type.Integer({ description: "Lines and stages that are no event" }),
});
export const AccessLogs = Type.Object(
  { lines: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 10_000 }) },
  closed,
);

export const EventQuery = Type.Object(
  {
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    class: Type.Optional(Type.Integer({ minimum: 0, description: "OCSF class_uid" })),
    minSeverity: Type.Optional(Type.Integer({ minimum: 0, maximum: 99 })),
    user: Type.Optional(Text(512)),
    address: Type.Optional(Text(512)),
    session: Type.Optional(Text(512)),
    cursor: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Limit,
  },
  closed,
);
export type EventQuery = Static<typeof EventQuery>;
export const ExportQuery = Type.Composite([
  EventQuery,
  Type.Object({ index: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,254}$" })) }),
]);
export type ExportQuery = Static<typeof ExportQuery>;

export const Uid = Type.Object({ uid: Type.String({ minLength: 1, maxLength: 1024 }) });
export const Id = Type.Object({ id: Type.String({ pattern: "^[a-z]{3}_[0-9a-z]{8,64}$" }) });

export const VerifyRequest = Type.Object(
  {
    checkpoint: Type.Optional(
      Type.Object(
        {
          size: Type.Integer({ minimum: 1 }),
          blocks: Type.Integer({ minimum: 1 }),
          root: Type.String({ pattern: "^[0-9a-f]{64}$" }),
          head: Type.String({ pattern: "^[0-9a-f]{64}$" }),
          time: Type.String({ maxLength: 64 }),
        },
        { description: "A checkpoint that was kept elsewhere: shows that the log was cut, too" },
      ),
    ),
  },
  closed,
);
export type VerifyRequest = Static<typeof VerifyRequest>;

export const IncidentQuery = Type.Object(
  {
    status: Type.Optional(oneOf(STATUSES)),
    cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,16}-inc_[0-9a-z]{8,64}$" })),
    limit: Limit,
  },
  closed,
);
export type IncidentQuery = Static<typeof IncidentQuery>;

export const StatusChange = Type.Object({ status: oneOf(STATUSES), by: Text(200), reason: Text(1000) }, closed);
export type StatusChange = Static<typeof StatusChange>;

export const ResponseQuery = Type.Object(
  { incident: Type.Optional(Id.properties.id), status: Type.Optional(oneOf(RESPONSE_STATUSES)), limit: Limit },
  closed,
);
export type ResponseQuery = Static<typeof ResponseQuery>;

export const ResponseRequest = Type.Object(
  {
    action: oneOf(ACTIONS),
    target: Type.Object(
      { kind: oneOf(["user", "session", "address", "workload", "key"] as const), id: Text(512) },
      closed,
    ),
    by: Text(200),
    reason: Text(1000),
  },
  closed,
);
export type ResponseRequest = Static<typeof ResponseRequest>;

export const Verdict = Type.Object({ by: Text(200), reason: Type.Optional(Text(1000)) }, closed);
export type Verdict = Static<typeof Verdict>;

export const RuleText = Type.Object({ text: Type.String({ minLength: 1, maxLength: 1_048_576 }) }, closed);
export type RuleText = Static<typeof RuleText>;
