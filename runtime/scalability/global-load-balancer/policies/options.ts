import { type Static, Type } from "@sinclair/typebox";

/** What the policies can be told; each takes only its own, all have defaults. */
export const PolicyOptionsSchema = Type.Object(
  {
    slowStart: Type.Optional(
      Type.Object(
        {
          windowMs: Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000, description: "Milliseconds." }),
          minimum: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
          aggression: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100 })),
        },
        {
          additionalProperties: false,
          description: "New endpoints get a share that grows; not for consistent policies.",
        },
      ),
    ),
    activeRequestBias: Type.Optional(Type.Number({ minimum: 0, maximum: 10, description: "least-request*" })),
    decayMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000, description: "peak-ewma" })),
    probesPerRequest: Type.Optional(Type.Integer({ minimum: 1, maximum: 16, description: "prequal" })),
    hotQuantile: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "prequal" })),
    poolSize: Type.Optional(Type.Integer({ minimum: 2, maximum: 128, description: "prequal" })),
    maxAgeMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 60_000, description: "prequal" })),
    headroom: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100, description: "bounded-load" })),
  },
  { additionalProperties: false },
);

export type PolicyOptions = Static<typeof PolicyOptionsSchema>;
