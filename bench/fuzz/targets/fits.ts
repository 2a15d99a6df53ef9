import Ajv from "ajv";
import addFormats from "ajv-formats";
import type { TSchema } from "@sinclair/typebox";

const ajv = addFormats(new Ajv({ allErrors: true, useDefaults: true, strict: true }));
/** Whether a body is taken, as the HTTP side judges it (kernel/http/app.ts). */
export const fits = (schema: TSchema): ((value: unknown) => boolean) => {
  const check = ajv.compile(schema);
  return (value) => check(value);
};
