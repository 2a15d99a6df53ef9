import { type TSchema, Type } from "@sinclair/typebox";

export const closed = { additionalProperties: false } as const;
export const Time = (description: string) =>
  Type.String({ format: "date-time", description: `${description}; RFC 3339` });
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
