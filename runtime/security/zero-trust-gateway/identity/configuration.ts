import { type Static, type TObject, Type } from "@sinclair/typebox";
import { DirectoryUser } from "./login/directory-schema";
import { Issuer } from "./issuer-schema";
import { Transmitter } from "../signals/transmitter-schema";
import { QUOTA_KEYS } from "../limits/configuration";

/** Configuration of identity, sessions, signals and limits, spread into the gateway's own. */
export const IDENTITY_KEYS = {
  MNO_ZTG_PUBLIC_URLS: Type.Array(Type.String({ format: "uri", maxLength: 256 }), {
    default: [],
    maxItems: 64,
    description:
      "Origins that clients reach the gateway at (JSON array), the canonical one first: of redirects, WebAuthn and DPoP proofs; by default the listener's",
  }),
  MNO_ZTG_ISSUERS: Type.Array(Issuer, {
    default: [],
    maxItems: 32,
    description: "Issuers of access tokens, and OpenID providers where they have a clientId (JSON array)",
  }),
  MNO_ZTG_CLOCK_SKEW_SECONDS: Type.Number({
    minimum: 0,
    maximum: 300,
    default: 5,
    description: "By how much the clocks of issuers and clients may differ from ours",
  }),
  MNO_ZTG_DPOP_SECONDS: Type.Number({
    minimum: 5,
    maximum: 600,
    default: 60,
    description: "How old a DPoP proof may be",
  }),
  MNO_ZTG_DPOP_NONCE: Type.Boolean({
    default: false,
    description: "Whether DPoP proofs must carry a nonce of ours (RFC 9449, section 9)",
  }),
  MNO_ZTG_TRUST_DOMAINS: Type.Array(Type.String({ pattern: "^[a-z0-9._-]{1,255}$" }), {
    default: [],
    maxItems: 64,
    description: "SPIFFE trust domains whose workloads are believed (JSON array), such as cluster.local",
  }),
  MNO_ZTG_USERS: Type.Record(Type.String({ pattern: "^[A-Za-z0-9._@-]{1,128}$" }), DirectoryUser, {
    default: {},
    description:
      "Users that log in at the gateway itself, without an identity provider (JSON object by id); on loopback only",
  }),
  MNO_ZTG_USERS_ANYWHERE: Type.Boolean({
    default: false,
    description: "Lets the built-in users log in off loopback too: an identity provider is the better choice there",
  }),
  MNO_ZTG_COOKIE_KEY: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9_-]{43}$",
      description:
        "32 bytes, base64url, that protect the state of logins; by default made once and kept in the database",
    }),
  ),
  MNO_ZTG_SESSION_IDLE_SECONDS: Type.Integer({
    minimum: 60,
    maximum: 86_400,
    default: 1800,
    description: "A session ends when it was not used for this long",
  }),
  MNO_ZTG_SESSION_SECONDS: Type.Integer({
    minimum: 60,
    maximum: 2_592_000,
    default: 43_200,
    description: "A session ends this long after the login",
  }),
  MNO_ZTG_SESSIONS_PER_USER: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 10,
    description: "Sessions of a user at once; one more ends the oldest",
  }),
  MNO_ZTG_STEP_UP_SECONDS: Type.Integer({
    minimum: 10,
    maximum: 86_400,
    default: 300,
    description: "How long a proof counts as fresh where a decision advises a step-up",
  }),
  MNO_ZTG_RUNTIME_URL: Type.Optional(
    Type.String({
      format: "uri",
      description: "Base URL of the runtime that has behavioural authentication; this process where absent",
    }),
  ),
  MNO_ZTG_ASSESSMENT: Type.Unsafe<"required" | "off">({
    type: "string",
    enum: ["required", "off"],
    default: "required",
    description: "Whether users are assessed by behavioural authentication; off: risk is known from signals only",
  }),
  MNO_ZTG_ASSESSMENT_SECONDS: Type.Integer({
    minimum: 5,
    maximum: 86_400,
    default: 300,
    description: "A user's session is assessed again when the last assessment is older",
  }),
  MNO_ZTG_TRANSMITTERS: Type.Array(Transmitter, {
    default: [],
    maxItems: 32,
    description: "Transmitters of security events (OpenID SSF, CAEP, RISC) that are believed (JSON array)",
  }),
  ...QUOTA_KEYS,
};

export type IdentityConfiguration = Static<TObject<typeof IDENTITY_KEYS>>;
