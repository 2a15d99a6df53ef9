import { Type } from "@sinclair/typebox";

/** The pieces that the schemas of upstreams are made of. */

export const closed = { additionalProperties: false } as const;

export const oneOf = <T extends string>(values: readonly T[], options: object) =>
  Type.Unsafe<T>({ type: "string", enum: [...values], ...options });

export const Name = (description: string) =>
  Type.String({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", description });

export const Place = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 63, description }));

export const seconds = (value: number, description: string, minimum = 0.001) =>
  Type.Number({ minimum, maximum: 86_400, default: value, description });

export const percent = (value: number, description: string) =>
  Type.Number({ minimum: 0, maximum: 100, default: value, description });

export const count = (value: number, minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 1_000_000, default: value, description });
