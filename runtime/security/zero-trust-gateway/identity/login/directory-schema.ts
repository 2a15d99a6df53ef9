import { type Static, Type } from "@sinclair/typebox";

/** A user of the built-in directory. Secrets are hashes where the protocol allows it; a TOTP secret has to be known. */
export const DirectoryUser = Type.Object(
  {
    password: Type.String({
      pattern: "^scrypt\\$\\d{2}\\$\\d{1,2}\\$\\d{1,2}\\$[A-Za-z0-9_-]{22,86}\\$[A-Za-z0-9_-]{43}$",
      description: "scrypt$log2(N)$r$p$salt$hash, both base64url",
    }),
    name: Type.Optional(Type.String({ maxLength: 128 })),
    /** RFC 6238, base32, at least 128 bits. */
    totp: Type.Optional(Type.String({ pattern: "^[A-Z2-7]{26,128}$" })),
    attributes: Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }), Type.Unknown(), { default: {} }),
    groups: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { default: [], maxItems: 100 }),
    roles: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { default: [], maxItems: 100 }),
  },
  { additionalProperties: false },
);
export type DirectoryUser = Static<typeof DirectoryUser>;
