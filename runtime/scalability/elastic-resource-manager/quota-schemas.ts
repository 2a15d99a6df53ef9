import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";

/** The wire forms of tenants' quotas. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** Also the form of MNO_ERM_TENANT_QUOTAS. */
export const QuotaLimits = Type.Object(
  {
    cpuCores: Type.Optional(Type.Number({ minimum: 0 })),
    memoryBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    gpus: Type.Optional(Type.Number({ minimum: 0 })),
    custom: Type.Optional(
      Type.Record(Type.String({ pattern: TEXT_PATTERN }), Type.Integer({ minimum: 0 }), {
        propertyNames: { minLength: 1, maxLength: 253 },
        ...closed,
      }),
    ),
  },
  { ...closed, description: "The most the tenant may hold in all; what is not named is not limited" },
);
export type QuotaLimits = Static<typeof QuotaLimits>;

export const TenantPath = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }) },
  closed,
);
export type TenantPath = Static<typeof TenantPath>;

export const QuotaAnswer = Type.Object(
  {
    tenant: Type.String(),
    quota: nullable(QuotaLimits),
    source: Type.Unsafe<"set" | "declared" | "none">({
      type: "string",
      enum: ["set", "declared", "none"],
      description: "Set over HTTP, else declared in MNO_ERM_TENANT_QUOTAS",
    }),
  },
  closed,
);
