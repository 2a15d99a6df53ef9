import { Type } from "@sinclair/typebox";

const Quota = Type.Object(
  {
    requests: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    seconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
  },
  { additionalProperties: false },
);

/** Configuration of the rate limits. */
export const QUOTA_KEYS = {
  MNO_ZTG_LIMIT_PRINCIPAL: Type.Object(Quota.properties, {
    additionalProperties: false,
    default: { requests: 600, seconds: 60 },
    description: "Requests of one user or workload (JSON object: requests, seconds)",
  }),
  MNO_ZTG_LIMIT_ADDRESS: Type.Object(Quota.properties, {
    additionalProperties: false,
    default: { requests: 120, seconds: 60 },
    description: "Requests of nobody in particular from one address, IPv6 by its /64 (JSON object: requests, seconds)",
  }),
  MNO_ZTG_LIMIT_FAILURES: Type.Object(Quota.properties, {
    additionalProperties: false,
    default: { requests: 50, seconds: 300 },
    description:
      "Tokens, proofs, sessions and logins from one address that were wrong, IPv6 by its /64, until none from there is looked at for the rest of the window (JSON object: requests, seconds)",
  }),
  MNO_ZTG_LIMIT_ROUTES: Type.Array(
    Type.Object(
      {
        name: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }),
        method: Type.Optional(Type.String({ pattern: "^[A-Z]{1,16}$" })),
        /** A path and everything below it. */
        path: Type.String({ pattern: "^/", maxLength: 512 }),
        ...Quota.properties,
      },
      { additionalProperties: false },
    ),
    {
      default: [],
      maxItems: 100,
      description:
        "Requests of one user, workload or address to a route (JSON array: name, method, path, requests, seconds)",
    },
  ),
};
