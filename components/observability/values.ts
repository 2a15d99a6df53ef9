import { parse } from "yaml";
import { MnoError } from "../../runtime/exports";

/** Values of a Helm chart. */
export type Values = { [key: string]: unknown };

/** What is wrong with the YAML of chart values; undefined when it is right or missing. */
export function valuesFault(yaml: string | undefined): string | undefined {
  if (yaml === undefined) return undefined;
  try {
    return isMap(parse(yaml) ?? {}) ? undefined : "must be a YAML map of chart values";
  } catch (error) {
    return `must be YAML: ${(error as Error).message}`;
  }
}

/**
 * The values with the user's YAML laid over them as Helm does it: maps are merged, everything else is replaced.
 * Errors: MNO_COMPONENT_ARGS_INVALID for what is no YAML map.
 */
export function overlay(values: Values, yaml: string | undefined): Values {
  const fault = valuesFault(yaml);
  if (fault !== undefined) {
    throw new MnoError("MNO_COMPONENT_ARGS_INVALID", `MNO_COMPONENT_ARGS_INVALID: valuesYaml ${fault}`, {
      faults: [{ field: "valuesYaml", message: fault }],
    });
  }
  return merge(values, (parse(yaml ?? "") ?? {}) as Values);
}

function merge(below: Values, above: Values): Values {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = below[key];
    merged[key] = isMap(under) && isMap(value) ? merge(under, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
