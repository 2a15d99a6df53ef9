import { type Static, type TSchema, Type } from "@sinclair/typebox";

/** A plan of the engine, as it is stored and as HTTP shows it. Energy in kWh, carbon in gCO2e, both for 30 days. */

const closed = { additionalProperties: false } as const;
const Text = Type.String();
const Time = Type.String({ format: "date-time" });
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: "string", enum: [...values], description });

export const PLAN_KINDS = ["sleep", "consolidate", "right-size", "power-cap", "retention"] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

/** proposed, approved (to be carried out by hand, or dry run), applied, kept (measured and good), or over. */
export const PLAN_STATES = [
  "proposed",
  "approved",
  "applied",
  "kept",
  "rejected",
  "undone",
  "rolled-back",
  "superseded",
] as const;
export type PlanState = (typeof PLAN_STATES)[number];

const Intensity = Type.Object(
  {
    gramsPerKwh: Type.Number(),
    signal: oneOf<"average" | "marginal">(["average", "marginal"], "Never mixed"),
    source: Text,
    asOf: Time,
    estimated: Type.Boolean(),
    stale: Type.Boolean(),
  },
  closed,
);
const Estimate = Type.Object(
  { value: Type.Number(), low: Type.Number(), high: Type.Number() },
  { ...closed, description: "With its 95 % interval" },
);

const ScheduleSchema = Type.Union([
  Type.Object(
    {
      by: Type.Literal("learned"),
      windows: Type.Array(Type.Object({ from: Type.Integer(), hours: Type.Integer() }, closed), {
        description: "Stretches of the week: hour from Monday 00:00 UTC, and length in hours",
      }),
    },
    closed,
  ),
  Type.Object({ by: Type.Literal("declared"), sleepAt: Text, wakeAt: Text, timeZone: Text }, closed),
]);

const Action = Type.Union([
  Type.Object(
    {
      do: Type.Literal("sleep"),
      schedule: ScheduleSchema,
      /** Replicas to bring back; null while awake. */
      asleep: nullable(Type.Object({ since: Time, replicas: Type.Integer() }, closed)),
      /** End of the stretch that somebody woke it in: it is left alone until then. */
      wokenAt: nullable(Time),
    },
    closed,
  ),
  Type.Object({ do: Type.Literal("cap"), file: Text, fromWatts: Type.Number(), toWatts: Type.Number() }, closed),
  Type.Object(
    {
      do: Type.Literal("request"),
      applyPath: Type.String({ description: "POSTed to this runtime to apply" }),
      undoPath: Type.String({ description: "POSTed to this runtime to undo" }),
    },
    closed,
  ),
  Type.Object(
    {
      do: Type.Literal("steps"),
      steps: Type.Array(Text, { description: "What an operator, or another engine, has to do" }),
    },
    closed,
  ),
]);
export type Action = Static<typeof Action>;

export const PlanSchema = Type.Object(
  {
    id: Text,
    kind: oneOf(PLAN_KINDS, "What kind of action"),
    state: oneOf(PLAN_STATES, "proposed, approved, applied, kept, or why it is over"),
    createdAt: Time,
    approvedAt: nullable(Time),
    appliedAt: nullable(Time),
    region: Text,
    workloads: Type.Array(Text),
    nodes: Type.Array(Text, { description: "Nodes whose energy it changes" }),
    emptied: Type.Array(Text, { description: "Of these, the ones to switch off" }),
    action: Action,
    expected: Type.Object(
      {
        kwh: Estimate,
        gramsCo2e: Estimate,
        intensity: Intensity,
        baselineKwh: Type.Number(),
        realisation: Type.Number({ description: "What plans of the kind came to: kwh and gramsCo2e are times this" }),
        method: Text,
      },
      { ...closed, description: "In 30 days" },
    ),
    risk: Text,
    disruption: Text,
    undo: Text,
    reasons: Type.Array(Text),
    measured: nullable(
      Type.Object(
        {
          from: Time,
          to: Time,
          coverage: Type.Number(),
          baselineKwh: Type.Number(),
          usedKwh: Type.Number(),
          expectedKwh: Type.Number(),
          savedKwh: Type.Number(),
          method: Text,
        },
        closed,
      ),
    ),
    note: Type.String({ description: "What happened to it last, and why" }),
  },
  closed,
);
export type Plan = Static<typeof PlanSchema>;

/** What a planner proposes; the engine gives it an id and a state. */
export type Proposal = Pick<
  Plan,
  | "kind"
  | "region"
  | "workloads"
  | "nodes"
  | "emptied"
  | "action"
  | "expected"
  | "risk"
  | "disruption"
  | "undo"
  | "reasons"
>;

/** Each region is consolidated by itself. */
export const consolidationKey = (region: string): string => `consolidate/${region}`;

/** Plans of one key are about the same thing: a new one takes the place of the last that nobody approved. */
export const keyOf = ({ kind, region, workloads, nodes, action }: Proposal): string =>
  kind === "consolidate"
    ? consolidationKey(region)
    : [kind, ...(workloads.length > 0 ? workloads : nodes), action.do === "cap" ? action.file : ""].join("/");
