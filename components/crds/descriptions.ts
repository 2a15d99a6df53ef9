import type { Crd } from "./read-crds";

/** A node of an OpenAPI schema. */
interface Schema {
  [keyword: string]: unknown;
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name; whatever else looks like one is data. */
const ONE = new Set(["items", "additionalProperties", "not"]);
const LIST = new Set(["allOf", "anyOf", "oneOf"]);
const NAMED = new Set(["properties", "patternProperties", "definitions"]);

interface Version {
  schema?: { openAPIV3Schema?: Schema };
}

/** The definition without the texts that `kubectl explain` shows: about three quarters of it. What it accepts stays the same. */
export function withoutDescriptions(crd: Crd): Crd {
  const versions = crd.spec.versions as Version[] | undefined;
  if (versions === undefined) return crd;
  return { ...crd, spec: { ...crd.spec, versions: versions.map(bareVersion) } };
}

function bareVersion(version: Version): Version {
  const schema = version.schema?.openAPIV3Schema;
  return schema === undefined ? version : { ...version, schema: { ...version.schema, openAPIV3Schema: bare(schema) } };
}

function bare(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(([keyword]) => keyword !== "description");
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, bareValue(keyword, value)]));
}

function bareValue(keyword: string, value: unknown): unknown {
  if (ONE.has(keyword) && isSchema(value)) return bare(value);
  if (LIST.has(keyword)) return (value as Schema[]).map(bare);
  if (NAMED.has(keyword)) {
    return Object.fromEntries(Object.entries(value as Schema).map(([name, own]) => [name, bare(own as Schema)]));
  }
  return value;
}

/** `additionalProperties` may be a boolean. */
function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}
