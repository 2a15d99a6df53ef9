import { createHash } from "node:crypto";
import { Type } from "@sinclair/typebox";
import { Value, ValueErrorType } from "@sinclair/typebox/value";
import {
  type FieldFault,
  MAX_REPLICAS,
  MnoError,
  validateWorkload as workloadFaults,
  type WorkloadSpec,
} from "../../exports";

const closed = { additionalProperties: false } as const;

const Environment = Type.Record(Type.String(), Type.String());
const PositiveNumber = Type.Number({ exclusiveMinimum: 0 });
const Probe = Type.Object(
  {
    port: Type.String(),
    path: Type.String(),
    periodSeconds: Type.Optional(PositiveNumber),
    timeoutSeconds: Type.Optional(PositiveNumber),
    failureThreshold: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
const Replicas = Type.Integer({ minimum: 0, maximum: MAX_REPLICAS });
const Workload = Type.Object(
  {
    name: Type.String(),
    kind: Type.Union([Type.Literal("service"), Type.Literal("job")]),
    command: Type.Array(Type.String()),
    cwd: Type.Optional(Type.String()),
    environment: Type.Optional(Environment),
    secretEnvironment: Type.Optional(Environment),
    requests: Type.Object({ cpuCores: Type.Number(), memoryBytes: Type.Number() }, closed),
    replicas: Type.Number(),
    scaledBy: Type.Optional(Type.String({ minLength: 1 })),
    ports: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String(),
            port: Type.Number(),
            direct: Type.Optional(Type.Boolean()),
          },
          closed,
        ),
      ),
    ),
    readiness: Type.Optional(Probe),
    liveness: Type.Optional(Probe),
    suspended: Type.Optional(Type.Boolean()),
    gracePeriodSeconds: Type.Optional(Type.Number()),
    labels: Type.Optional(Environment),
    annotations: Type.Optional(Environment),
    image: Type.Optional(Type.String({ minLength: 1 })),
    owner: Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
);

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
        message: describe(field, error.type, error.message),
      });
  }
  return [...faults.values()];
}

function describe(field: string, type: ValueErrorType, message: string): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return "is required";
  if (type === ValueErrorType.ObjectAdditionalProperties) return "is not a known member";
  if (field === "/kind") return 'must be "service" or "job"';
  return `is not valid: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function* meaningFaults(spec: WorkloadSpec, name: string): Generator<FieldFault> {
  if (spec.name !== name) yield { field: "/name", message: `must be "${name}", as in the URL` };
  for (const { field, message } of workloadFaults(spec)) yield { field: pointer(field), message };
}

/** `ports[0].name` as the JSON pointer `/ports/0/name`. */
function pointer(path: string): string {
  return `/${path.replaceAll("[", ".").replaceAll("]", "").replaceAll(".", "/")}`;
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

/** What a running process is made of. */
const TEMPLATE = [
  "kind",
  "command",
  "cwd",
  "environment",
  "secretEnvironment",
  "requests",
  "ports",
  "readiness",
  "liveness",
  "gracePeriodSeconds",
] as const satisfies readonly (keyof WorkloadSpec)[];

/** Two specs with the same key run the same processes; a change of it replaces the replicas. */
export function templateKey(spec: WorkloadSpec): string {
  const template = Object.fromEntries(TEMPLATE.map((member) => [member, spec[member]]));
  return createHash("sha256").update(JSON.stringify(template, sortKeys)).digest("hex");
}

/** A JSON.stringify replacer under which the order of keys, and empty maps, make no difference. */
function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
