import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;
const url = (description: string) => Type.String({ pattern: "^https?://[^\\s]+$", maxLength: 500, description });
const nullableTime = (description: string) =>
  Type.Union([Type.String({ format: "date-time" }), Type.Null()], { description });

const KnobSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: "What is turned" }),
    minimum: Type.Number({ description: "It is never set below" }),
    maximum: Type.Number({ description: "It is never set above" }),
    current: Type.Number({ description: "Its present value, and the one it goes back to" }),
    url: url('Takes `PUT {"value": number}` and answers 2xx'),
  },
  closed,
);

export const ExperimentInputSchema = Type.Object(
  {
    knob: KnobSchema,
    candidate: Type.Number({ description: "The value to try" }),
    measureUrl: url('Answers `GET` with `{"objective": number, "guard"?: number}` for the time since the last call'),
    objective: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100, description: "What is to improve: `p99 seconds`" }),
        better: Type.Unsafe<"lower" | "higher">(
          Type.String({ enum: ["lower", "higher"], description: "In which direction it improves" }),
        ),
      },
      closed,
    ),
    guard: Type.Optional(
      Type.Object(
        { maximum: Type.Number({ description: "A candidate's window whose guard is above ends the experiment" }) },
        closed,
      ),
    ),
    windowSeconds: Type.Number({ minimum: 1, maximum: 86_400, default: 60, description: "Length of one window" }),
    mostWindows: Type.Integer({ minimum: 6, maximum: 1000, default: 60, description: "It ends after so many" }),
    significance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.2,
      default: 0.05,
      description: "Largest chance to find a difference where there is none",
    }),
    keep: Type.Boolean({ default: false, description: "Leave the candidate in place when it is better" }),
  },
  closed,
);
export type ExperimentInput = Static<typeof ExperimentInputSchema>;

const ArmSchema = Type.Unsafe<"baseline" | "candidate">(
  Type.String({ enum: ["baseline", "candidate"], description: "Whose window it was" }),
);
export type Arm = Static<typeof ArmSchema>;

export const MeasurementSchema = Type.Object(
  {
    objective: Type.Number({ description: "The objective" }),
    guard: Type.Optional(Type.Number({ description: "The guard" })),
  },
  closed,
);
export type Measurement = Static<typeof MeasurementSchema>;

const STATES = ["running", "reverting", "keeping", "done"] as const;
const OUTCOMES = ["better", "worse", "inconclusive", "stopped", "interrupted", "failed"] as const;

export const ExperimentSchema = Type.Object(
  {
    id: Type.String({ description: "Unique id; ids sort by time" }),
    input: ExperimentInputSchema,
    state: Type.Unsafe<(typeof STATES)[number]>(
      Type.String({
        enum: [...STATES],
        description: "reverting and keeping: ended, the knob is being set for the last time",
      }),
    ),
    startedAt: Type.String({ format: "date-time", description: "RFC 3339, UTC" }),
    endedAt: nullableTime("When its outcome was known"),
    windows: Type.Array(Type.Object({ arm: ArmSchema, ...MeasurementSchema.properties }, closed), {
      description: "What each window measured, in order",
    }),
    outcome: Type.Union([Type.Unsafe<(typeof OUTCOMES)[number]>(Type.String({ enum: [...OUTCOMES] })), Type.Null()], {
      description: "null while it runs",
    }),
    evidence: Type.Number({ description: "For a difference, as a factor: 1 says nothing" }),
    effect: Type.Union([Type.Number(), Type.Null()], {
      description: "Change of the objective by the candidate, as a share of the baseline",
    }),
    reasons: Type.Array(Type.String(), { description: "What happened and why, in order" }),
  },
  closed,
);
export type Experiment = Static<typeof ExperimentSchema>;
