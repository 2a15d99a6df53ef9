import { Checker, type Fields } from "./checker";
import { DEFAULT_PREDICTOR_OPTIONS } from "./prediction/predictor";
import { ACTS, DEFAULT_IDLE, DEFAULT_PANIC, PREDICTION_MODES, type PredictionSpec } from "./beyond";
import {
  DEFAULT_BEHAVIOR,
  DEFAULT_TOLERANCE,
  EXTERNAL_METRICS,
  isGranted,
  type MetricSpec,
  POLICY_TYPES,
  RESOURCES,
  type ScalerSpec,
  type ScalingRules,
  SELECT_POLICIES,
} from "./spec";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PROMETHEUS_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Without user and password, for whoever may read the scaler would see them; URL parsers take a backslash for a slash. */
const HTTP_URL = /^https?:\/\/[^\s/\\?#@]+(\/[^\s#]*)?$/;
const PROMETHEUS_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Kubernetes counts replicas in 32 bits. */
const MOST_REPLICAS = 2 ** 31 - 1;

/**
 * Validates a scaler as a user wrote it and fills in the defaults. Pure: the same input always gives the same scaler, and a
 * normalised scaler normalises to itself. Errors: MNO_SCALER_INVALID with all faults at once.
 */
export function validateScaler(input: unknown): ScalerSpec {
  const check = new Checker();
  const fields = check.object("", input, [
    "workload",
    "minReplicas",
    "maxReplicas",
    "metrics",
    "behavior",
    "port",
    "path",
    "panic",
    "idle",
    "prediction",
    "act",
  ]);
  const workload = check.text("/workload", fields.workload, DNS_LABEL, "a DNS-1123 label (a-z, 0-9, -; at most 63)");
  const minReplicas = check.number("/minReplicas", fields.minReplicas ?? 1, { from: 0, to: MOST_REPLICAS });
  const maxReplicas = check.number("/maxReplicas", fields.maxReplicas, { from: 1, to: MOST_REPLICAS });
  if (minReplicas > maxReplicas) {
    check.fault("/maxReplicas", `must be at least minReplicas (${String(minReplicas)}), not ${String(maxReplicas)}`);
  }
  const defaultMetrics = [{ type: "resource", name: "cpu", target: { averageUtilization: 80 } }];
  const metrics = check
    .list("/metrics", fields.metrics ?? defaultMetrics)
    .map((metric, index) => readMetric(check, `/metrics/${String(index)}`, metric));
  if (minReplicas === 0 && fields.idle === undefined && !metrics.some((metric) => metric.type === "external")) {
    check.fault(
      "/minReplicas",
      "can be 0 only with an external metric, for no replica is left to report the others, or with idle, for a wake request",
    );
  }
  const behavior = check.object("/behavior", fields.behavior ?? {}, ["scaleUp", "scaleDown"]);
  // Granted replicas are a count without noise: a tolerance would leave the eleventh granted replica unused.
  const tolerance = metrics.every(isGranted) ? 0 : DEFAULT_TOLERANCE;
  const rules = (direction: "scaleUp" | "scaleDown"): ScalingRules =>
    readRules(check, `/behavior/${direction}`, behavior[direction] ?? {}, {
      ...DEFAULT_BEHAVIOR[direction],
      tolerance,
    });
  const spec: ScalerSpec = {
    workload,
    minReplicas,
    maxReplicas,
    metrics,
    behavior: { scaleUp: rules("scaleUp"), scaleDown: rules("scaleDown") },
    path: check.text("/path", fields.path ?? "/metrics", /^\/[^\s#]*$/, "an absolute path such as /metrics"),
  };
  readExtras(check, fields, spec);
  if (fields.port !== undefined) spec.port = check.text("/port", fields.port, DNS_LABEL, "the name of a port");
  check.end(workload);
  return spec;
}

/** What goes beyond Kubernetes' autoscaler; each is off where it is not given. */
function readExtras(check: Checker, fields: Fields, spec: ScalerSpec): void {
  if (fields.panic !== undefined) {
    const given = { ...DEFAULT_PANIC, ...check.object("/panic", fields.panic, Object.keys(DEFAULT_PANIC)) };
    spec.panic = {
      windowSeconds: check.number("/panic/windowSeconds", given.windowSeconds, { from: 1, to: 3600 }),
      stableWindowSeconds: check.number("/panic/stableWindowSeconds", given.stableWindowSeconds, { from: 1, to: 3600 }),
      thresholdPercent: check.number("/panic/thresholdPercent", given.thresholdPercent, { from: 110, to: 1000 }),
    };
  }
  if (fields.idle !== undefined) {
    const given = { ...DEFAULT_IDLE, ...check.object("/idle", fields.idle, Object.keys(DEFAULT_IDLE)) };
    spec.idle = {
      cooldownSeconds: check.number("/idle/cooldownSeconds", given.cooldownSeconds, { from: 0, to: 86_400 }),
    };
    if (spec.minReplicas !== 0) check.fault("/idle", "belongs to scalers with minReplicas 0");
    if (spec.metrics.some((metric) => metric.type === "resource")) {
      check.fault("/idle", "needs metrics of demand (pods, external): a resource is never used by nothing");
    }
  }
  if (fields.prediction !== undefined) spec.prediction = readPrediction(check, fields.prediction, spec);
  if (fields.act !== undefined) spec.act = check.oneOf("/act", fields.act, ACTS);
}

function readPrediction(check: Checker, input: unknown, { metrics }: ScalerSpec): PredictionSpec {
  const defaults = { mode: "advise", leadSeconds: 60, missRate: DEFAULT_PREDICTOR_OPTIONS.missRate };
  const given = { ...defaults, ...check.object("/prediction", input, Object.keys(defaults)) };
  if (metrics[0] && "value" in metrics[0].target) {
    check.fault("/prediction", "needs a first metric with a target per replica: averageUtilization or averageValue");
  }
  return {
    mode: check.oneOf("/prediction/mode", given.mode, PREDICTION_MODES),
    leadSeconds: check.number("/prediction/leadSeconds", given.leadSeconds, { from: 1, to: 600 }),
    missRate: check.number("/prediction/missRate", given.missRate, { from: 0.0001, to: 0.3, fraction: true }),
  };
}

function readMetric(check: Checker, at: string, input: unknown): MetricSpec {
  const fields = check.object(at, input, ["type", "name", "labels", "endpoint", "target"]);
  const type = check.oneOf(`${at}/type`, fields.type, ["resource", "pods", "external"] as const);
  const isScraped = type === "pods" || (type === "external" && fields.endpoint !== undefined);
  if (!isScraped && fields.labels !== undefined)
    check.fault(`${at}/labels`, "belongs to metrics of type pods, and external ones with an endpoint, only");
  if (type !== "external" && fields.endpoint !== undefined)
    check.fault(`${at}/endpoint`, "belongs to metrics of type external only");
  const target = (...allowed: string[]): never => readTarget(check, `${at}/target`, fields.target, allowed) as never;
  switch (type) {
    case "resource":
      return {
        type,
        name: check.oneOf(`${at}/name`, fields.name, RESOURCES),
        target: target("averageUtilization", "averageValue"),
      };
    case "external": {
      if (fields.endpoint === undefined) {
        const name = check.oneOf(`${at}/name`, fields.name, EXTERNAL_METRICS);
        return { type, name, target: target("averageValue", "value") };
      }
      const endpoint = check.text(
        `${at}/endpoint`,
        fields.endpoint,
        HTTP_URL,
        "a URL such as http://host:9090/metrics, without user and password",
      );
      return { type, ...readSeries(check, at, fields), endpoint, target: target("averageValue", "value") };
    }
    case "pods":
      return { type, ...readSeries(check, at, fields), target: target("averageValue") };
  }
}

function readSeries(check: Checker, at: string, fields: Fields): { name: string; labels: Record<string, string> } {
  const labels = check.object(`${at}/labels`, fields.labels ?? {}, undefined);
  for (const [name, value] of Object.entries(labels)) {
    if (!PROMETHEUS_LABEL.test(name)) check.fault(`${at}/labels/${name}`, "is not a Prometheus label name");
    if (typeof value !== "string") check.fault(`${at}/labels/${name}`, "must be a string");
  }
  return {
    name: check.text(`${at}/name`, fields.name, PROMETHEUS_NAME, "a Prometheus metric name"),
    labels: { ...labels } as Record<string, string>,
  };
}

function readTarget(check: Checker, at: string, input: unknown, allowed: string[]): Record<string, number> {
  const fields = check.object(at, input, allowed);
  const given = allowed.filter((name) => fields[name] !== undefined);
  if (given.length !== 1) check.fault(at, `must have exactly one of ${allowed.join(", ")}`);
  const target: Record<string, number> = {};
  for (const name of given) {
    const limits = name === "averageUtilization" ? { from: 1, to: MOST_REPLICAS } : { from: 0.001, fraction: true };
    target[name] = check.number(`${at}/${name}`, fields[name], limits);
  }
  return target;
}

function readRules(check: Checker, at: string, input: unknown, defaults: object): ScalingRules {
  const known = ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"];
  const given = Object.entries(check.object(at, input, known)).filter(([, value]) => value !== undefined);
  const fields: Fields = { ...defaults, ...Object.fromEntries(given) };
  const policies = check.list(`${at}/policies`, fields.policies).map((policy, index) => {
    const here = `${at}/policies/${String(index)}`;
    const members = check.object(here, policy, ["type", "value", "periodSeconds"]);
    return {
      type: check.oneOf(`${here}/type`, members.type, POLICY_TYPES),
      value: check.number(`${here}/value`, members.value, { from: 1, to: MOST_REPLICAS }),
      periodSeconds: check.number(`${here}/periodSeconds`, members.periodSeconds, { from: 1, to: 1800 }),
    };
  });
  const window = `${at}/stabilizationWindowSeconds`;
  return {
    stabilizationWindowSeconds: check.number(window, fields.stabilizationWindowSeconds, { from: 0, to: 3600 }),
    selectPolicy: check.oneOf(`${at}/selectPolicy`, fields.selectPolicy, SELECT_POLICIES),
    policies,
    tolerance: check.number(`${at}/tolerance`, fields.tolerance, { from: 0, fraction: true }),
  };
}
