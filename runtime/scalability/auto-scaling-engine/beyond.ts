import { type Static, Type } from "@sinclair/typebox";
import { literals } from "./literals";

/** What a scaler may ask for beyond Kubernetes' autoscaler. Each is off where it is not given. */

const closed = { additionalProperties: false } as const;

export const PanicSchema = Type.Object(
  {
    windowSeconds: Type.Integer({
      minimum: 1,
      maximum: 3600,
      description: "Short window whose average tells a surge; Knative: 6",
    }),
    stableWindowSeconds: Type.Integer({
      minimum: 1,
      maximum: 3600,
      description: "Seconds without a surge that end the panic; Knative: 60",
    }),
    thresholdPercent: Type.Integer({
      minimum: 110,
      maximum: 1000,
      description: "Demand of the short window, in percent of the ready replicas, that is a surge; Knative: 200",
    }),
  },
  {
    ...closed,
    description:
      "Panic mode: a surge is followed at once, past the scale-up window and policies, and not scaled down from",
  },
);
export type PanicSpec = Static<typeof PanicSchema>;
export const DEFAULT_PANIC: PanicSpec = { windowSeconds: 6, stableWindowSeconds: 60, thresholdPercent: 200 };

export const IdleSchema = Type.Object(
  {
    cooldownSeconds: Type.Integer({
      minimum: 0,
      maximum: 86_400,
      description: "Seconds without any demand, by all metrics, after which the last replica goes; KEDA: 300",
    }),
  },
  { ...closed, description: "Scale to zero; until then one replica stays. A wake request brings the first one back" },
);
export const DEFAULT_IDLE: Static<typeof IdleSchema> = { cooldownSeconds: 300 };

export const PREDICTION_MODES = ["off", "advise", "act"] as const;
export const PredictionSchema = Type.Object(
  {
    mode: literals(PREDICTION_MODES, "off; advise: forecasts are in the decisions only; act: trusted forecasts scale"),
    leadSeconds: Type.Integer({
      minimum: 1,
      maximum: 600,
      description: "Seconds from asking for a replica until it takes load: how far ahead is forecast",
    }),
    missRate: Type.Number({
      minimum: 0.0001,
      maximum: 0.3,
      description: "Share of time in which the forecast's replicas may be too few: less of it costs replicas",
    }),
  },
  { ...closed, description: "Forecasts of the first metric's total; one that has not proven itself is not acted on" },
);
export type PredictionSpec = Static<typeof PredictionSchema>;

export const ACTS = ["scale", "serve"] as const;
