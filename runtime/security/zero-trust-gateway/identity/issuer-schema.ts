import { type Static, Type } from "@sinclair/typebox";

/** Signatures that are accepted at all; symmetric ones and `none` are not in it, so that no configuration can let them in. */
export const SIGNATURE_ALGORITHMS = [
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
  "EdDSA",
  "Ed25519",
  "ML-DSA-44",
  "ML-DSA-65",
  "ML-DSA-87",
] as const;

export const SignatureAlgorithms = Type.Array(
  Type.Unsafe<(typeof SIGNATURE_ALGORITHMS)[number]>({ type: "string", enum: [...SIGNATURE_ALGORITHMS] }),
  { minItems: 1, default: ["ES256", "PS256", "RS256", "EdDSA", "Ed25519", "ML-DSA-65"] },
);

const Claim = Type.String({ minLength: 1, maxLength: 128 });

/** One issuer of tokens, and what its claims mean to us. */
export const Issuer = Type.Object(
  {
    issuer: Type.String({ format: "uri", maxLength: 512, description: "As in the claim iss, character by character" }),
    audience: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
      minItems: 1,
      description: "Access tokens must be for one of these",
    }),
    jwksUri: Type.Optional(
      Type.String({ format: "uri", description: "Of its keys; by default what its discovery document says" }),
    ),
    algorithms: SignatureAlgorithms,
    /** `at+jwt` is RFC 9068's; many issuers still say `JWT`. */
    tokenType: Type.Unsafe<"at+jwt" | "JWT">({ type: "string", enum: ["at+jwt", "JWT"], default: "at+jwt" }),
    requiredClaims: Type.Array(Claim, { default: [], maxItems: 32 }),
    /** Sets users of several issuers apart: the id is `<prefix>|<claim>`. Required as soon as there is more than one source of users. */
    prefix: Type.Optional(Type.String({ pattern: "^[a-z0-9-]{1,32}$" })),
    idClaim: Type.String({ default: "sub", minLength: 1, maxLength: 128 }),
    /** Cedar attribute -> claim; a dot reaches into an object: `realm_access.roles`. */
    attributes: Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }), Claim, { default: {} }),
    /** Cedar entity type of parents -> claim that lists their ids. */
    parents: Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_:]{0,63}$" }), Claim, { default: {} }),
    /** Where browsers log in with it (OpenID Connect, authorization code and PKCE). */
    clientId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    clientSecret: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    scope: Type.String({ default: "openid profile", maxLength: 512 }),
    /** Values of the claim acr (or amr) that mean a second factor, and one that resists phishing. */
    mfaValues: Type.Array(Type.String({ maxLength: 256 }), { default: ["mfa", "otp"] }),
    phishingResistantValues: Type.Array(Type.String({ maxLength: 256 }), { default: ["phr", "phrh", "hwk"] }),
  },
  { additionalProperties: false },
);
export type Issuer = Static<typeof Issuer>;
