import { type Static, type TObject, type TSchema, Type } from "@sinclair/typebox";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { type FieldFault, MnoError } from "../exports";
import { INTENSITY_KEYS } from "./intensity/configuration";
import { LOG_LEVELS } from "./telemetry/logs";

/**
 * Configuration comes from the environment (`MNO_<KEY>`) and from one JSON file (`MNO_CONFIG_FILE`), the environment first.
 * A key of the schema is its name in both; values are coerced to the schema's type, so `MNO_HTTP_PORT=4600` is a number.
 */
export const KERNEL_CONFIGURATION = Type.Object({
  MNO_STATE_DIR: Type.String({ minLength: 1, description: "Folder of the embedded database and event log" }),
  MNO_HTTP_HOST: Type.String({
    default: "127.0.0.1",
    description: "Address to bind; off loopback, writes need MNO_API_TOKEN",
  }),
  MNO_HTTP_PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 4600,
    description: "TCP port; 0 takes a free one",
  }),
  MNO_HTTP_TLS_CERTIFICATE_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "PEM certificates, the server's own first: the HTTP API then speaks TLS 1.3, X25519MLKEM768 preferred; followed when renewed",
    }),
  ),
  MNO_HTTP_TLS_KEY_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "PEM private key of MNO_HTTP_TLS_CERTIFICATE_FILE" }),
  ),
  MNO_API_TOKEN: Type.Optional(Type.String({ minLength: 16, description: "Bearer token that writes must carry" })),
  MNO_DATABASE_URL: Type.Optional(
    Type.String({ description: "pglite:<folder> (default, in MNO_STATE_DIR) or postgres://" }),
  ),
  MNO_BUS_URL: Type.Optional(Type.String({ description: "embedded:<folder> (default, in MNO_STATE_DIR) or nats://" })),
  MNO_BUS_REPLICAS: Type.Integer({
    minimum: 1,
    maximum: 5,
    default: 1,
    description: "Copies of each stream on NATS; as many servers must be there",
  }),
  MNO_CACHE_URL: Type.Optional(
    Type.String({
      description: "redis://, rediss:// or rediss+sentinel:// of the second cache level; none by default",
    }),
  ),
  MNO_CACHE_CA: Type.Optional(
    Type.String({ description: "PEM certificates that the cache's own must be signed by; the system's by default" }),
  ),
  MNO_CLUSTER_URL: Type.Optional(
    Type.String({
      description:
        "local:<folder> of the local cluster, or kubernetes:<namespace>[?kubeconfig=<file>&context=<name>&image=<image>]",
    }),
  ),
  MNO_LEASE_SECONDS: Type.Integer({
    minimum: 2,
    maximum: 3600,
    default: 8,
    description:
      "Kubernetes: how long a leader that vanished keeps the lead; a live one stops when it could not renew it for 5/8 of that",
  }),
  ...INTENSITY_KEYS,
  MNO_LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: "INFO", description: "DEBUG, INFO, WARN or ERROR" },
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({ format: "uri", description: "Base URL of an OTLP/HTTP collector; traces are off without it" }),
  ),
});

export type KernelConfiguration = Static<typeof KERNEL_CONFIGURATION>;

/** Environment and file as they are, before any schema. */
export interface RawConfiguration {
  environment: Readonly<Record<string, string | undefined>>;
  file: Readonly<Record<string, unknown>>;
}

export function readRawConfiguration(environment: NodeJS.ProcessEnv): RawConfiguration {
  const path = environment.MNO_CONFIG_FILE;
  if (path === undefined) return { environment, file: {} };
  try {
    const file: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof file !== "object" || file === null || Array.isArray(file))
      throw new Error("it must hold one JSON object");
    return { environment, file: file as Record<string, unknown> };
  } catch (error) {
    // The parser's message quotes the text around the fault, which may be a secret.
    const why = error instanceof SyntaxError ? "it is not valid JSON" : (error as Error).message;
    throw new MnoError("MNO_CONFIG_INVALID", `MNO_CONFIG_FILE ${path}: ${why}`);
  }
}

const ajv = addFormats(new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: false }));

/**
 * Picks the schemas' keys out of the raw configuration and validates them together.
 * Errors: MNO_CONFIG_INVALID with every fault at once, by key; values are never part of the message, for they may be secret.
 */
export function loadConfiguration<S extends TObject[]>(raw: RawConfiguration, ...schemas: S): Record<string, unknown> {
  const faults: FieldFault[] = [];
  const merged: Record<string, unknown> = {};
  const known = new Set(schemas.flatMap((schema) => Object.keys(schema.properties)));
  for (const key of Object.keys(raw.file)) {
    if (!known.has(key))
      faults.push({ field: key, message: `is not known; known keys: ${[...known].sort().join(", ")}` });
  }
  for (const schema of schemas) {
    const values: Record<string, unknown> = {};
    for (const [key, property] of Object.entries(schema.properties)) {
      const value = raw.environment[key] ?? raw.file[key];
      if (value !== undefined && value !== "") values[key] = parseStructured(value, property);
    }
    const validate = ajv.compile(schema);
    if (!validate(values)) faults.push(...(validate.errors ?? []).map(configurationFault));
    Object.assign(merged, values);
  }
  if (faults.length > 0) {
    throw new MnoError("MNO_CONFIG_INVALID", faults.map((f) => `${f.field} ${f.message}`).join("; "), { faults });
  }
  return merged;
}

/** Arrays and objects come as JSON text in an environment variable. */
function parseStructured(value: unknown, schema: TSchema): unknown {
  if (typeof value !== "string" || (schema.type !== "array" && schema.type !== "object")) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // the schema then says which type it should have
  }
}

type AjvFault = { instancePath: string; message?: string; params: Record<string, unknown> };

function configurationFault(fault: AjvFault): FieldFault {
  const missing = fault.params.missingProperty;
  const field = typeof missing === "string" ? missing : fault.instancePath.slice(1);
  const allowed = fault.params.allowedValues ?? fault.params.allowedValue;
  const suffix = allowed === undefined ? "" : ` (${JSON.stringify(allowed)})`;
  return {
    field,
    message: typeof missing === "string" ? "is required" : `${fault.message ?? "is not valid"}${suffix}`,
  };
}
