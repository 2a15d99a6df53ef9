import { Type } from "@sinclair/typebox";

/** A closed set of words as a schema that OpenAPI shows as an enum. */
export const literals = <T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>(Type.String({ enum: [...values], description }));
