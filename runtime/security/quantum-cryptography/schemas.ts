import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";
import { KEY_OPERATIONS, KEY_PURPOSES, type KeyOperation, type KeyPurpose, type KeyState } from "./key";

/** The wire forms of keys and of what they are used for. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const oneOf = <T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: "string", enum: [...values] });
const BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";
const Bytes = (description: string, maxBytes: number) =>
  Type.String({ pattern: BASE64, maxLength: Math.ceil(maxBytes / 3) * 4, description: `${description}, in base64` });
const Time = Type.String({ format: "date-time" });
/** No alias looks like an id. */
const Alias = Type.String({ pattern: "^(?!key_)[a-z0-9][a-z0-9._/-]{0,62}$", description: "Another name of the key" });
const KeyRef = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: "^[a-z0-9._/-]+$",
  description: "Id or alias of a key",
});
const Suite = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: "^[\\x21-\\x7e]+$",
  description: "A suite of the catalogue",
});
/** Where a caller gives none, grants by name do not reach it. */
const Caller = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$", description: "Who asks, by name" });
const Context = Type.Record(
  Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN }),
  Type.String({ maxLength: 4096, pattern: TEXT_PATTERN }),
  {
    maxProperties: 32,
    additionalProperties: false,

    description: "Encryption context: bound to the ciphertext, to be said again to open it",
  },
);

/** Bytes of data that one request may carry; larger data is encrypted where it is, under a generated data key. */
export const LARGEST_DATA = 1024 * 1024;
const Data = Bytes("The data", LARGEST_DATA);
const Version = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

export const CallerHeaders = Type.Object({ "mno-caller": Type.Optional(Caller) });
export type CallerHeaders = Static<typeof CallerHeaders>;

export const KeyPath = Type.Object({ key: KeyRef });
export type KeyPath = Static<typeof KeyPath>;
export const VersionPath = Type.Object({ key: KeyRef, version: Version });
export type VersionPath = Static<typeof VersionPath>;
export const IdPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-z0-9_]+$" }) });
export type IdPath = Static<typeof IdPath>;

const Grants = Type.Array(
  Type.Object(
    { caller: Caller, operations: Type.Array(oneOf<KeyOperation>(KEY_OPERATIONS), { minItems: 1, uniqueItems: true }) },
    closed,
  ),
  { maxItems: 64, description: "Who may do what with the key; empty: every caller with the API token" },
);
const RotationDays = nullable(Type.Number({ minimum: 0.01, maximum: 3650, description: "Days between rotations" }));

export const KeyRequest = Type.Object(
  {
    purpose: oneOf<KeyPurpose>(KEY_PURPOSES),
    suite: Type.Optional(Suite),
    alias: Type.Optional(nullable(Alias)),
    rotationDays: Type.Optional(RotationDays),
    grants: Type.Optional(Grants),
    seed: Type.Optional(Bytes("Seed, or MAC key, of a key made elsewhere", 1024)),
    expanded: Type.Optional(Bytes("Expanded private key of one made elsewhere", 8192)),
  },
  { ...closed, description: "At most one of seed and expanded; a fresh key where neither is given" },
);
export type KeyRequest = Static<typeof KeyRequest>;

export const KeyPatch = Type.Object(
  { alias: Type.Optional(nullable(Alias)), rotationDays: Type.Optional(RotationDays), grants: Type.Optional(Grants) },
  { ...closed, minProperties: 1 },
);
export type KeyPatch = Static<typeof KeyPatch>;

export const RotateRequest = Type.Object({ suite: Type.Optional(Suite) }, closed);
export type RotateRequest = Static<typeof RotateRequest>;
export const DestroyRequest = Type.Object({ days: Type.Optional(Type.Number({ minimum: 0, maximum: 3650 })) }, closed);
export type DestroyRequest = Static<typeof DestroyRequest>;

export const KeyAnswer = Type.Object(
  {
    id: Type.String(),
    alias: nullable(Type.String()),
    purpose: oneOf<KeyPurpose>(KEY_PURPOSES),
    state: oneOf<KeyState>(["enabled", "disabled", "destruction-scheduled", "destroyed"]),
    suite: Type.String(),
    currentVersion: Type.Integer(),
    rotationDays: nullable(Type.Number()),
    grants: Type.Array(Type.Object({ caller: Type.String(), operations: Type.Array(Type.String()) })),
    createdAt: Time,
    rotatedAt: Time,
    destroyAt: nullable(Time),
    decisionId: Type.Optional(Type.String()),
  },
  closed,
);
export type KeyAnswer = Static<typeof KeyAnswer>;
export const KeyPage = Type.Object({ items: Type.Array(KeyAnswer), nextCursor: nullable(Type.String()) }, closed);
export const PageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  cursor: Type.Optional(Type.String({ maxLength: 64, pattern: "^[a-z0-9_]*$" })),
});
export type PageQuery = Static<typeof PageQuery>;

export const PublicKeys = Type.Object(
  {
    id: Type.String(),
    versions: Type.Array(
      Type.Object(
        {
          version: Type.Integer(),
          suite: Type.String(),
          publicKey: nullable(Type.String()),
          createdAt: Time,
          destroyedAt: nullable(Time),
        },
        closed,
      ),
    ),
  },
  closed,
);
export const Jwks = Type.Object({ keys: Type.Array(Type.Object({}, { additionalProperties: true })) }, closed);

export const DataKeyRequest = Type.Object(
  {
    context: Type.Optional(Context),
    register: Type.Optional(Type.Boolean({ description: "Keep the wrapped key here, and wrap it anew at rotations" })),
    withoutPlaintext: Type.Optional(Type.Boolean({ description: "Answer the wrapped key only" })),
  },
  closed,
);
export type DataKeyRequest = Static<typeof DataKeyRequest>;
export const EncryptRequest = Type.Object({ plaintext: Data, context: Type.Optional(Context) }, closed);
export type EncryptRequest = Static<typeof EncryptRequest>;
const Sealed = Bytes("An envelope, or a wrapped data key", LARGEST_DATA + 8192);
export const DecryptRequest = Type.Object({ ciphertext: Sealed, context: Type.Optional(Context) }, closed);
export type DecryptRequest = Static<typeof DecryptRequest>;
export const RewrapRequest = Type.Object(
  { ciphertext: Sealed, context: Type.Optional(Context), key: Type.Optional(KeyRef) },
  closed,
);
export type RewrapRequest = Static<typeof RewrapRequest>;
export const RegisterRequest = Type.Object(
  { wrappedKey: Bytes("A wrapped data key", 4096), context: Type.Optional(Context) },
  closed,
);
export type RegisterRequest = Static<typeof RegisterRequest>;

const SignatureContext = Type.Optional(Bytes("The suite's own context, at most 255 bytes", 255));
export const SignRequest = Type.Object(
  { message: Data, context: SignatureContext, format: Type.Optional(oneOf(["raw", "jws"])) },
  closed,
);
export type SignRequest = Static<typeof SignRequest>;
export const VerifyRequest = Type.Object(
  {
    message: Data,
    signature: Bytes("The signature", 65_536),
    context: SignatureContext,
    version: Type.Optional(Version),
  },
  closed,
);
export type VerifyRequest = Static<typeof VerifyRequest>;
export const MacRequest = Type.Object({ message: Data }, closed);
export type MacRequest = Static<typeof MacRequest>;
export const VerifyMacRequest = Type.Object(
  { message: Data, tag: Bytes("The tag", 64), version: Type.Optional(Version) },
  closed,
);
export type VerifyMacRequest = Static<typeof VerifyMacRequest>;
export const OpenRequest = Type.Object(
  { sealed: Sealed, context: Type.Optional(Context), version: Type.Optional(Version) },
  closed,
);
export type OpenRequest = Static<typeof OpenRequest>;

/** What was used, and what came out: the members that the operation has. */
export const OperationAnswer = Type.Object(
  {
    keyId: Type.String(),
    keyVersion: Type.Optional(Type.Integer()),
    suite: Type.Optional(Type.String()),
    decisionId: Type.String({ description: "Why: GET …/v1/decisions/{id}" }),
    plaintext: Type.Optional(Type.String()),
    wrappedKey: Type.Optional(Type.String()),
    envelopeId: Type.Optional(nullable(Type.String())),
    ciphertext: Type.Optional(Type.String()),
    signature: Type.Optional(Type.String()),
    jws: Type.Optional(Type.String()),
    tag: Type.Optional(Type.String()),
    sealed: Type.Optional(Type.String()),
    valid: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type OperationAnswer = Static<typeof OperationAnswer>;

const DataKeyItem = Type.Composite(
  [Type.Object({ operation: Type.Literal("generate-data-key"), key: KeyRef }), DataKeyRequest],
  closed,
);
const EncryptItem = Type.Composite(
  [Type.Object({ operation: Type.Literal("encrypt"), key: KeyRef }), EncryptRequest],
  closed,
);
const DecryptItem = Type.Composite([Type.Object({ operation: Type.Literal("decrypt") }), DecryptRequest], closed);
const RewrapItem = Type.Composite([Type.Object({ operation: Type.Literal("rewrap") }), RewrapRequest], closed);
const SignItem = Type.Composite([Type.Object({ operation: Type.Literal("sign"), key: KeyRef }), SignRequest], closed);
const VerifyItem = Type.Composite(
  [Type.Object({ operation: Type.Literal("verify"), key: KeyRef }), VerifyRequest],
  closed,
);
export const BatchItem = Type.Union([DataKeyItem, EncryptItem, DecryptItem, RewrapItem, SignItem, VerifyItem]);
export type BatchItem = Static<typeof BatchItem>;
export const BatchRequest = Type.Object({ operations: Type.Array(BatchItem, { minItems: 1, maxItems: 256 }) }, closed);
export type BatchRequest = Static<typeof BatchRequest>;
export const BatchAnswer = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        result: Type.Optional(OperationAnswer),
        error: Type.Optional(
          Type.Object({ code: Type.String(), detail: Type.String(), decisionId: Type.Optional(Type.String()) }, closed),
        ),
      }),
      { description: "One for each operation, in their order" },
    ),
  },
  closed,
);
