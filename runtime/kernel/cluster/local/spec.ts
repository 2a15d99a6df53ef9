import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import { Type } from "@sinclair/typebox";
import { Value, ValueErrorType } from "@sinclair/typebox/value";
import { type FieldFault, MnoError, type WorkloadSpec } from "../../../exports";

const MAX_REPLICAS = 500;
const DNS_LABEL = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const closed = { additionalProperties: false } as const;

const Environment = Type.Record(Type.String(), Type.String());
const PositiveNumber = Type.Number({ exclusiveMinimum: 0 });
const Probe = Type.Object(
  {
    port: Type.String(),
    path: Type.String({ pattern: "^/" }),
    periodSeconds: Type.Optional(PositiveNumber),
    timeoutSeconds: Type.Optional(PositiveNumber),
    failureThreshold: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
const Replicas = Type.Integer({ minimum: 0, maximum: MAX_REPLICAS });
const Workload = Type.Object(
  {
    name: Type.String({ pattern: DNS_LABEL }),
    kind: Type.Union([Type.Literal("service"), Type.Literal("job")]),
    command: Type.Array(Type.String(), { minItems: 1 }),
    cwd: Type.Optional(Type.String()),
    environment: Type.Optional(Environment),
    secretEnvironment: Type.Optional(Environment),
    requests: Type.Object({ cpuCores: Type.Number({ minimum: 0 }), memoryBytes: Type.Number({ minimum: 0 }) }, closed),
    replicas: Replicas,
    scaledBy: Type.Optional(Type.String({ minLength: 1 })),
    ports: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ pattern: DNS_LABEL }),
            port: Type.Integer({ minimum: 0, maximum: 65_535 }),
            direct: Type.Optional(Type.Boolean()),
          },
          closed,
        ),
      ),
    ),
    readiness: Type.Optional(Probe),
    liveness: Type.Optional(Probe),
    suspended: Type.Optional(Type.Boolean()),
    gracePeriodSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: 3600 })),
    labels: Type.Optional(Environment),
    owner: Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
);

/** Variables that the supervisor sets itself. */
const RESERVED = /^(PORT|PORT_.*|MNO_REPLICA|MNO_WORKLOAD|MNO_CLUSTER_URL)$/;

/**
 * Checks `input` whole. Errors: MNO_WORKLOAD_INVALID with every fault by JSON pointer; values are not repeated, for they may
 * be secret.
 */
export function validateWorkload(input: unknown, name: string): WorkloadSpec {
  const faults: FieldFault[] = [...shapeFaults(input)];
  if (faults.length === 0) faults.push(...meaningFaults(input as WorkloadSpec, name));
  refuse(faults);
  return input as WorkloadSpec;
}

/** Checks a number of replicas for a workload that exists. Errors: MNO_WORKLOAD_INVALID. */
export function validateScale(spec: WorkloadSpec, replicas: unknown): number {
  const faults: FieldFault[] = [];
  if (!Value.Check(Replicas, replicas))
    faults.push({ field: "/replicas", message: `must be a whole number from 0 to ${String(MAX_REPLICAS)}` });
  else faults.push(...directFaults(spec, replicas));
  refuse(faults);
  return replicas as number;
}

function refuse(faults: FieldFault[]): void {
  if (faults.length === 0) return;
  throw new MnoError("MNO_WORKLOAD_INVALID", faults.map((fault) => `${fault.field} ${fault.message}`).join("; "), {
    faults,
  });
}

function shapeFaults(input: unknown): FieldFault[] {
  const faults = new Map<string, FieldFault>();
  for (const error of Value.Errors(Workload, input)) {
    const field = error.path === "" ? "/" : error.path;
    if (!faults.has(field))
      faults.set(field, {
        field,
        message: describe(field, error.type, error.schema.pattern as unknown, error.message),
      });
  }
  return [...faults.values()];
}

function describe(field: string, type: ValueErrorType, pattern: unknown, message: string): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return "is required";
  if (type === ValueErrorType.ObjectAdditionalProperties) return "is not a known member";
  if (field === "/kind") return 'must be "service" or "job"';
  if (pattern === DNS_LABEL)
    return "must be a DNS-1123 label: lower-case letters, digits and hyphens, at most 63 characters";
  if (pattern === "^/") return 'must start with "/"';
  return `is not valid: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function* meaningFaults(spec: WorkloadSpec, name: string): Generator<FieldFault> {
  if (spec.name !== name) yield { field: "/name", message: `must be "${name}", as in the URL` };
  if (spec.command[0] === "") yield { field: "/command/0", message: "must name a program" };
  if (spec.cwd !== undefined && !isAbsolute(spec.cwd)) yield { field: "/cwd", message: "must be an absolute path" };
  const ports = spec.ports ?? [];
  for (const [index, port] of ports.entries()) {
    const field = `/ports/${String(index)}`;
    if (ports.findIndex((other) => other.name === port.name) < index)
      yield { field: `${field}/name`, message: `"${port.name}" is used twice` };
    if (port.port !== 0 && ports.findIndex((other) => other.port === port.port) < index) {
      yield { field: `${field}/port`, message: `${String(port.port)} is used twice` };
    }
  }
  for (const probe of ["readiness", "liveness"] as const) {
    const port = spec[probe]?.port;
    if (port !== undefined && !ports.some((other) => other.name === port)) {
      yield {
        field: `/${probe}/port`,
        message: `"${port}" is not the name of a port; there are: ${ports.map((p) => p.name).join(", ") || "none"}`,
      };
    }
  }
  for (const key of ["environment", "secretEnvironment"] as const) {
    for (const variable of Object.keys(spec[key] ?? {})) {
      const field = `/${key}/${variable}`;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
        yield { field, message: "is not the name of an environment variable" };
      else if (RESERVED.test(variable)) yield { field, message: "is set by the supervisor" };
      else if (key === "secretEnvironment" && spec.environment?.[variable] !== undefined) {
        yield { field, message: "is in environment as well" };
      }
      if ((spec[key]?.[variable] ?? "").includes("\0")) yield { field, message: "must not contain a NUL character" };
    }
  }
  yield* directFaults(spec, spec.replicas);
}

function* directFaults(spec: WorkloadSpec, replicas: number): Generator<FieldFault> {
  const direct = spec.ports?.find((port) => port.direct);
  if (direct && replicas > 1)
    yield {
      field: "/replicas",
      message: `must be 0 or 1, for port "${direct.name}" is direct: one process can listen on it`,
    };
}

/** The spec as readers may see it. */
export function redact(spec: WorkloadSpec): WorkloadSpec {
  if (!spec.secretEnvironment) return spec;
  return {
    ...spec,
    secretEnvironment: Object.fromEntries(Object.keys(spec.secretEnvironment).map((name) => [name, "***"])),
  };
}

/** Two specs with the same key run the same processes; a change of it replaces the replicas. */
export function templateKey(spec: WorkloadSpec): string {
  const {
    kind,
    command,
    cwd,
    environment,
    secretEnvironment,
    requests,
    ports,
    readiness,
    liveness,
    gracePeriodSeconds,
  } = spec;
  const template = {
    kind,
    command,
    cwd,
    environment,
    secretEnvironment,
    requests,
    ports,
    readiness,
    liveness,
    gracePeriodSeconds,
  };
  return createHash("sha256").update(JSON.stringify(template, sortKeys)).digest("hex");
}

/** A JSON.stringify replacer under which the order of keys, and empty maps, make no difference. */
function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
