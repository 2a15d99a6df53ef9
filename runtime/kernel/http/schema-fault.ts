import type { FieldFault } from "../../exports";

/** What ajv says of one fault, as far as it is used. */
interface AjvFault {
  message?: string;
  params: Record<string, unknown>;
}

/** A fault of a declaration against its schema, in words: `at` is the JSON pointer of what the schema was tried on. */
export function schemaFault(at: string, { message, params }: AjvFault): FieldFault {
  const { missingProperty, additionalProperty, allowedValues } = params;
  if (typeof missingProperty === "string") return { field: `${at}/${missingProperty}`, message: "is required" };
  if (typeof additionalProperty === "string") {
    return { field: `${at}/${additionalProperty}`, message: "is not a known member" };
  }
  const allowed = allowedValues === undefined ? "" : `: ${JSON.stringify(allowedValues)}`;
  return { field: at === "" ? "/" : at, message: `${message ?? "is not valid"}${allowed}` };
}
