import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { ACTS, IdleSchema, PanicSchema, PredictionSchema } from "./beyond";
import { literals } from "./literals";

/**
 * A scaler as `validateScaler` returns it: every default filled in. Meaning and defaults are those of Kubernetes'
 * HorizontalPodAutoscaler, autoscaling/v2 (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/).
 */

const closed = { additionalProperties: false } as const;

const averageValue = Type.Number({
  minimum: 0.001,
  description: "Target per replica: cores, bytes, or the metric's own unit (counters: per second)",
});
const AverageValueTarget = Type.Object({ averageValue }, closed);
const UtilizationTarget = Type.Object(
  {
    averageUtilization: Type.Integer({
      minimum: 1,
      description: "Target as a percentage of the replicas' resource request",
    }),
  },
  closed,
);
const ValueTarget = Type.Object(
  { value: Type.Number({ minimum: 0.001, description: "Target of the whole value, whatever the replicas" }) },
  closed,
);

export const RESOURCES = ["cpu", "memory"] as const;
/** External metrics that need no endpoint. `allocated`: replicas granted to the workload by the elastic resource manager. */
export const EXTERNAL_METRICS = ["allocated"] as const;

const Labels = Type.Record(Type.String(), Type.String(), {
  description: "Only series with all of these labels are summed",
});

const metricSchema = <T extends TSchema>(labels: T) =>
  Type.Union([
    Type.Object(
      {
        type: Type.Literal("resource", { description: "CPU or memory of each replica, as the cluster measures it" }),
        name: literals(RESOURCES, "Resource: cpu (cores) or memory (bytes)"),
        target: Type.Union([UtilizationTarget, AverageValueTarget], { description: "What to hold the average at" }),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal("pods", { description: "A Prometheus metric scraped from each ready replica" }),
        name: Type.String({ description: "Series name; counters are turned into per-second rates" }),
        labels,
        target: Type.Object({ averageValue }, { ...closed, description: "What to hold the average at" }),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal("external", {
          description:
            "A number that no replica reports: about the workload, or about another object (Kubernetes' object metrics)",
        }),
        name: Type.String({
          description:
            "With an endpoint a series' name; without one allocated: replicas granted by the elastic resource manager",
        }),
        endpoint: Type.Optional(
          Type.String({
            description: "URL of a Prometheus text that has the series; counters become rates per second",
          }),
        ),
        labels: Type.Optional(Labels),
        target: Type.Union([AverageValueTarget, ValueTarget], { description: "What to hold the value at" }),
      },
      closed,
    ),
  ]);
const MetricSpecSchema = metricSchema(Labels);
export type MetricSpec = Static<typeof MetricSpecSchema>;

export const POLICY_TYPES = ["Pods", "Percent"] as const;
export const SELECT_POLICIES = ["Max", "Min", "Disabled"] as const;

const PolicySchema = Type.Object(
  {
    type: literals(POLICY_TYPES, "Pods: a number of replicas; Percent: of the replicas at the period's start"),
    value: Type.Integer({ minimum: 1, description: "Largest change within one period" }),
    periodSeconds: Type.Integer({ minimum: 1, maximum: 1800, description: "Length of the period in seconds" }),
  },
  closed,
);

const scalingRules = (description: string) =>
  Type.Object(
    {
      stabilizationWindowSeconds: Type.Integer({
        minimum: 0,
        maximum: 3600,
        description: "Seconds of past recommendations considered: up takes their minimum, down their maximum",
      }),
      selectPolicy: literals(
        SELECT_POLICIES,
        "Which policy rules: the largest change, the smallest, or no change at all",
      ),
      policies: Type.Array(PolicySchema, { minItems: 1, description: "Limits on the speed of change" }),
      tolerance: Type.Number({ minimum: 0, description: "Deviation from the target's ratio 1 that changes nothing" }),
    },
    { ...closed, description },
  );
const ScaleUp = scalingRules("Damping on the way up");
const ScaleDown = scalingRules("Damping on the way down");
export type ScalingRules = Static<typeof ScaleUp>;

export const ScalerSpecSchema = Type.Object(
  {
    workload: Type.String({ description: "Workload whose replicas are scaled" }),
    minReplicas: Type.Integer({
      minimum: 0,
      description: "Fewest replicas; 0 only with an external metric, or with idle",
    }),
    maxReplicas: Type.Integer({ minimum: 1, description: "Most replicas" }),
    metrics: Type.Array(MetricSpecSchema, { minItems: 1, description: "The largest of their proposals counts" }),
    behavior: Type.Object(
      { scaleUp: ScaleUp, scaleDown: ScaleDown },
      { ...closed, description: "Damping in each direction" },
    ),
    port: Type.Optional(Type.String({ description: "Port name to scrape; default the workload's first port" })),
    path: Type.String({ description: "Path to scrape" }),
    panic: Type.Optional(PanicSchema),
    idle: Type.Optional(IdleSchema),
    prediction: Type.Optional(PredictionSchema),
    act: Type.Optional(
      literals(
        ACTS,
        "scale (default): the engine scales; serve: it decides, and KEDA's external scaler has the cluster act",
      ),
    ),
  },
  { ...closed, description: "The scaler with every default filled in" },
);
export type ScalerSpec = Static<typeof ScalerSpecSchema>;

const { workload, minReplicas, maxReplicas, port, path, act } = ScalerSpecSchema.properties;

/** A scaler as a user writes it; `validateScaler` says what else must hold. */
export const ScalerInputSchema = Type.Object(
  {
    workload: Type.Optional(workload),
    minReplicas: Type.Optional(minReplicas),
    maxReplicas,
    port,
    path: Type.Optional(path),
    metrics: Type.Optional(
      Type.Array(metricSchema(Type.Optional(Labels)), { description: "Default: cpu at 80 % of the request" }),
    ),
    behavior: Type.Optional(
      Type.Object(
        {
          scaleUp: Type.Optional(Type.Partial(ScaleUp)),
          scaleDown: Type.Optional(Type.Partial(ScaleDown)),
        },
        { ...closed, description: "Damping in each direction; defaults as Kubernetes has them" },
      ),
    ),
    panic: Type.Optional(Type.Partial(PanicSchema)),
    idle: Type.Optional(Type.Partial(IdleSchema)),
    prediction: Type.Optional(Type.Partial(PredictionSchema)),
    act,
  },
  closed,
);

export const DEFAULT_TOLERANCE = 0.1;

/** Kubernetes' defaults: up at once by the larger of 4 replicas and 100 % per 15 s; down freely after 300 s of agreement. */
export const DEFAULT_BEHAVIOR = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: "Max",
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  },
} as const satisfies Record<"scaleUp" | "scaleDown", unknown>;

/** Short, stable name of a metric in reasons and metric labels: `cpu`, `http_requests_total{code="200"}`, `allocated`. */
export function metricName(metric: MetricSpec): string {
  if (metric.type === "resource") return metric.name;
  const labels = Object.entries(metric.labels ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return labels.length === 0 ? metric.name : `${metric.name}{${labels.sort().join(",")}}`;
}

/** Whether a metric counts the replicas that the elastic resource manager granted. */
export const isGranted = (metric: MetricSpec): boolean => metric.type === "external" && metric.endpoint === undefined;
