import { type FieldFault, MnoError } from "../../exports";
import {
  DEFAULT_BEHAVIOR,
  DEFAULT_TOLERANCE,
  EXTERNAL_METRICS,
  type MetricSpec,
  POLICY_TYPES,
  RESOURCES,
  type ScalerSpec,
  type ScalingRules,
  SELECT_POLICIES,
} from "./spec";

type Fields = Record<string, unknown>;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PROMETHEUS_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
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
  if (minReplicas === 0 && !metrics.some((metric) => metric.type === "external")) {
    check.fault("/minReplicas", "can be 0 only with an external metric, for no replica is left to report the others");
  }
  const behavior = check.object("/behavior", fields.behavior ?? {}, ["scaleUp", "scaleDown"]);
  // Granted replicas are a count without noise: a tolerance would leave the eleventh granted replica unused.
  const tolerance = metrics.every((metric) => metric.type === "external" && metric.name === "allocated")
    ? 0
    : DEFAULT_TOLERANCE;
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
  if (fields.port !== undefined) spec.port = check.text("/port", fields.port, DNS_LABEL, "the name of a port");
  check.end(workload);
  return spec;
}

function readMetric(check: Checker, at: string, input: unknown): MetricSpec {
  const fields = check.object(at, input, ["type", "name", "labels", "target"]);
  const type = check.oneOf(`${at}/type`, fields.type, ["resource", "pods", "external"] as const);
  if (type !== "pods" && fields.labels !== undefined)
    check.fault(`${at}/labels`, "belongs to metrics of type pods only");
  const target = (...allowed: string[]): never => readTarget(check, `${at}/target`, fields.target, allowed) as never;
  switch (type) {
    case "resource":
      return {
        type,
        name: check.oneOf(`${at}/name`, fields.name, RESOURCES),
        target: target("averageUtilization", "averageValue"),
      };
    case "external":
      return {
        type,
        name: check.oneOf(`${at}/name`, fields.name, EXTERNAL_METRICS),
        target: target("averageValue", "value"),
      };
    case "pods": {
      const labels = check.object(`${at}/labels`, fields.labels ?? {}, undefined);
      for (const [name, value] of Object.entries(labels)) {
        if (!PROMETHEUS_LABEL.test(name)) check.fault(`${at}/labels/${name}`, "is not a Prometheus label name");
        if (typeof value !== "string") check.fault(`${at}/labels/${name}`, "must be a string");
      }
      return {
        type,
        name: check.text(`${at}/name`, fields.name, PROMETHEUS_NAME, "a Prometheus metric name"),
        labels: { ...labels } as Record<string, string>,
        target: target("averageValue"),
      };
    }
  }
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

/** Reads values and collects what is wrong with them; after a fault it returns something of the right type to go on with. */
class Checker {
  private readonly faults: FieldFault[] = [];

  fault(field: string, message: string): void {
    this.faults.push({ field: field === "" ? "/" : field, message });
  }

  /** Members other than `known` are refused; `undefined` lets any name pass. */
  object(at: string, value: unknown, known: readonly string[] | undefined): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.fault(at, value === undefined ? "is required" : "must be an object");
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known && !known.includes(name)) this.fault(`${at}/${name}`, `is not known; known are ${known.join(", ")}`);
    }
    return value as Fields;
  }

  list(at: string, value: unknown): unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    this.fault(at, "must be a list of at least one element");
    return [];
  }

  text(at: string, value: unknown, pattern: RegExp, right: string): string {
    if (typeof value === "string" && pattern.test(value)) return value;
    this.fault(at, value === undefined ? `is required: ${right}` : `must be ${right}`);
    return "";
  }

  oneOf<T extends string>(at: string, value: unknown, allowed: readonly [T, ...T[]]): T {
    if (allowed.includes(value as T)) return value as T;
    this.fault(at, `must be one of ${allowed.join(", ")}`);
    return allowed[0];
  }

  number(at: string, value: unknown, limits: { from: number; to?: number; fraction?: boolean }): number {
    const { from, to = Number.MAX_SAFE_INTEGER, fraction = false } = limits;
    if (typeof value === "number" && value >= from && value <= to && (fraction || Number.isInteger(value)))
      return value;
    const range =
      to === Number.MAX_SAFE_INTEGER ? `at least ${String(from)}` : `between ${String(from)} and ${String(to)}`;
    this.fault(
      at,
      `${value === undefined ? "is required: " : "must be "}${fraction ? "a number" : "an integer"} ${range}`,
    );
    return NaN; // compares false with everything, so that no follow-up fault is reported
  }

  end(workload: string): void {
    if (this.faults.length === 0) return;
    const text = this.faults.map((fault) => `${fault.field} ${fault.message}`).join("; ");
    const of = workload === "" ? "" : ` of ${workload}`;
    throw new MnoError("MNO_SCALER_INVALID", `The scaler${of} is not valid: ${text}`, { faults: this.faults });
  }
}
