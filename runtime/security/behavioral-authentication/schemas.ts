import { type Static, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";

const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN, description });
const closed = { additionalProperties: false } as const;
const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  );

export const LEVELS = ["low", "medium", "high"] as const;
export type Level = (typeof LEVELS)[number];
/** Advice to whoever decides; a risk signal only, never the sole factor. */
export const ACTIONS = ["allow", "step-up", "deny-advice"] as const;
export type Action = (typeof ACTIONS)[number];
/** What became of an attempt. */
export const OUTCOMES = ["success", "failure", "step-up-passed", "step-up-failed", "confirmed-fraud"] as const;
export type Outcome = (typeof OUTCOMES)[number];

const Subject = Type.Object(
  {
    userId: text(256, "Who it claims to be, as the identity provider names it"),
    sessionId: Type.Optional(text(256, "Digest of the session's secret, never the secret")),
  },
  closed,
);

const Context = Type.Object(
  {
    address: text(64, "Address of the client, IPv4 or IPv6, behind trusted proxies"),
    userAgent: Type.Optional(Type.String({ maxLength: 4096, pattern: TEXT_PATTERN, description: "User-Agent header" })),
    deviceId: Type.Optional(
      text(256, "Id that this device got when it was first bound to the user, from a signed cookie"),
    ),
    rttMs: Type.Optional(
      Type.Number({ minimum: 0, maximum: 60_000, description: "Round-trip time to the client, ms" }),
    ),
    time: Type.Optional(Type.String({ format: "date-time", description: "When it happened; now" })),
    sessionAgeSeconds: Type.Optional(Type.Number({ minimum: 0, description: "Since the session was established, s" })),
  },
  closed,
);

/** One touch of a key. Which key it was is not asked for. */
const Press = Type.Object(
  {
    down: Type.Number({ minimum: 0, maximum: 600_000, description: "ms since the first press" }),
    up: Type.Number({ minimum: 0, maximum: 600_000, description: "ms since the first press" }),
    pressure: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: "As the touch screen says" })),
    size: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1000, description: "Of the contact, as the touch screen says" }),
    ),
  },
  closed,
);

export const MAX_PRESSES = 64;
const Keystrokes = Type.Object(
  {
    field: text(64, "Which text was typed: samples of one field are compared; never the text itself"),
    presses: Type.Array(Press, { minItems: 4, maxItems: MAX_PRESSES, description: "In the order of their beginning" }),
  },
  closed,
);

const PointerSample = Type.Object(
  {
    t: Type.Number({ minimum: 0, maximum: 86_400_000, description: "ms since the first sample" }),
    x: Type.Number({ minimum: -100_000, maximum: 100_000, description: "Pixels" }),
    y: Type.Number({ minimum: -100_000, maximum: 100_000, description: "Pixels" }),
    button: Type.Optional(Type.Boolean({ description: "Whether a button is held" })),
  },
  closed,
);

export const MAX_POINTER_SAMPLES = 3000;
export const AssessmentRequest = Type.Object(
  {
    subject: Subject,
    context: Context,
    keystrokes: Type.Optional(Keystrokes),
    mouse: Type.Optional(
      Type.Array(PointerSample, { maxItems: MAX_POINTER_SAMPLES, description: "Movements since the last assessment" }),
    ),
  },
  { ...closed, description: "An attempt, or a session that goes on; what became of it is not known yet" },
);
export type AssessmentRequest = Static<typeof AssessmentRequest>;

const Factor = Type.Object({
  name: Type.String({ description: "network, client, time, device, rtt, travel, keystrokes, mouse, session, report" }),
  contribution: Type.Number({ description: "Natural logarithm of the likelihood ratio: above 0 speaks for an attack" }),
  detail: Type.String({ description: "What was compared" }),
});
export type Factor = Static<typeof Factor>;

const Point = Type.Object({
  latitude: Type.Number(),
  longitude: Type.Number(),
  accuracyKm: Type.Number(),
  time: Type.String({ format: "date-time" }),
  country: Type.Union([Type.String(), Type.Null()]),
  asn: Type.Union([Type.Integer(), Type.Null()]),
});
const Travel = Type.Object({
  verdict: oneOf(["impossible", "possible", "excepted", "unknown"], "impossible raises the risk; excepted would have"),
  from: Type.Union([Point, Type.Null()]),
  to: Type.Union([Point, Type.Null()]),
  distanceKm: Type.Union([Type.Number(), Type.Null()]),
  speedKmh: Type.Union([Type.Number(), Type.Null()]),
  reason: Type.String(),
});

export const AssessmentAnswer = Type.Object({
  assessmentId: Type.String(),
  time: Type.String({ format: "date-time" }),
  probability: Type.Number({ minimum: 0, maximum: 1, description: "That it is not the user" }),
  /** Natural logarithm of the odds before calibration. */
  score: Type.Number({ description: "Sum of the factors' contributions" }),
  level: oneOf(LEVELS, "By the thresholds below"),
  action: oneOf(ACTIONS, "Advice to whoever decides"),
  reasons: Type.Array(Type.String(), { minItems: 1 }),
  factors: Type.Array(Factor),
});
export type AssessmentAnswer = Static<typeof AssessmentAnswer>;

/** Everything that an assessment rested on. */
export const AssessmentRecord = Type.Object({
  ...AssessmentAnswer.properties,
  subject: Subject,
  travel: Travel,
  thresholds: Type.Object({ medium: Type.Number(), high: Type.Number(), basis: Type.String() }),
  calibration: Type.Object({ method: Type.String(), labels: Type.Integer() }),
  history: Type.Object({ logins: Type.Number({ description: "Of the user that count, decayed" }) }),
  outcome: Type.Union([oneOf(OUTCOMES, "What became of it"), Type.Null()]),
  learned: Type.Boolean({ description: "Whether the user's history was updated by it" }),
});
export type AssessmentRecord = Static<typeof AssessmentRecord>;

export const OutcomeBody = Type.Object({ outcome: oneOf(OUTCOMES, "What became of it") }, closed);
export type OutcomeBody = Static<typeof OutcomeBody>;
export const OutcomeAnswer = Type.Object({
  assessmentId: Type.String(),
  outcome: oneOf(OUTCOMES, "What became of it"),
  learned: Type.Boolean(),
  why: Type.String({ description: "Why the user's history was updated, or was not" }),
});
export type OutcomeAnswer = Static<typeof OutcomeAnswer>;

export const AssessmentPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const UserPath = Type.Object({ id: text(256, "Who, as the identity provider names it") });

export const UserExport = Type.Object({
  userId: Type.String(),
  profile: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: "Histories, last place, sessions and reports; identifiers are pseudonyms",
  }),
  templates: Type.Integer({ description: "Behavioural templates that are kept; samples are not handed out" }),
  assessments: Type.Array(AssessmentRecord, { description: "Newest first" }),
});
export type UserExport = Static<typeof UserExport>;

export const ModelAnswer = Type.Object({
  users: Type.Integer({ description: "Users that have a history" }),
  thresholds: AssessmentRecord.properties.thresholds,
  calibration: Type.Object({
    slope: Type.Number(),
    intercept: Type.Number(),
    labels: Type.Integer({ description: "Known outcomes that it rests on" }),
    error: Type.Union([Type.Number(), Type.Null()], { description: "Expected calibration error over them" }),
  }),
});
