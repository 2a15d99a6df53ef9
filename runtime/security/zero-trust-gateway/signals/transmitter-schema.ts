import { type Static, Type } from "@sinclair/typebox";
import { SignatureAlgorithms } from "../identity/issuer-schema";

/** A transmitter of security event tokens that is believed. */
export const Transmitter = Type.Object(
  {
    issuer: Type.String({ format: "uri", maxLength: 512, description: "As in the claim iss, character by character" }),
    audience: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { minItems: 1 }),
    jwksUri: Type.Optional(
      Type.String({ format: "uri", description: "Of its keys; by default what its SSF configuration document says" }),
    ),
    algorithms: SignatureAlgorithms,
    /** What it must send as `Authorization: Bearer`, besides the signature. */
    token: Type.Optional(Type.String({ minLength: 16, maxLength: 512 })),
    /** Issuers whose users it may speak of (claim iss of a subject); by default those under its own name. */
    speaksFor: Type.Optional(Type.Array(Type.String({ format: "uri", maxLength: 512 }), { maxItems: 32 })),
  },
  { additionalProperties: false },
);
export type Transmitter = Static<typeof Transmitter>;
