import { type Static, type TSchema, Type } from "@sinclair/typebox";

/** The wire forms of reports and of the audit. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: "date-time" });
const Hash = Type.String({ pattern: "^[0-9a-f]{64}$" });

export const EnvelopeAnswer = Type.Object(
  {
    id: Type.String(),
    keyId: Type.String(),
    version: Type.Integer(),
    wrappedKey: Type.String(),
    context: Type.Record(Type.String(), Type.String()),
  },
  closed,
);

export const RewrapList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          keyId: Type.String(),
          targetVersion: Type.Integer(),
          total: Type.Integer({ description: "Envelopes of earlier versions when it began" }),
          done: Type.Integer(),
          failed: Type.Integer({ description: "That could not be opened, and stay as they are" }),
          startedAt: Time,
          finishedAt: nullable(Time),
        },
        closed,
      ),
    ),
  },
  closed,
);

export const SuiteList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          kind: Type.String(),
          category: Type.Integer({ description: "NIST security category; 0: none against a quantum computer" }),
          standard: Type.String(),
          deprecatedFrom: nullable(Type.String()),
          forbiddenFrom: nullable(Type.String()),
          status: Type.String(),
          mayProtect: Type.Boolean({ description: "By the policy, now" }),
          reasons: Type.Array(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
);

export const Cbom = Type.Object({}, { additionalProperties: true, description: "CycloneDX 1.6" });

const Record = Type.Object(
  {
    id: Type.String(),
    sequence: Type.Integer(),
    time: Time,
    caller: Type.String(),
    operation: Type.String(),
    keyId: nullable(Type.String()),
    keyVersion: nullable(Type.Integer()),
    suite: nullable(Type.String()),
    outcome: Type.String({ description: "done, refused or failed" }),
    code: nullable(Type.String()),
    reasons: Type.Array(Type.String()),
  },
  closed,
);
export const RecordAnswer = Record;
export const RecordList = Type.Object({ items: Type.Array(Record) }, closed);
export const RecordQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  key: Type.Optional(Type.String({ maxLength: 64, pattern: "^[a-z0-9_]+$" })),
  before: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "Records with lower numbers only" }),
  ),
});
export type RecordQuery = Static<typeof RecordQuery>;

const Proof = {
  text: Type.String({ maxLength: 65_536, description: "The record as it was hashed" }),
  index: Type.Integer({ minimum: 0 }),
  proof: Type.Array(Hash, { maxItems: 64 }),
  statement: Type.Object(
    {
      batch: Type.Integer(),
      firstSequence: Type.Integer(),
      size: Type.Integer({ minimum: 1 }),
      root: Hash,
      previous: nullable(Hash),
      time: Time,
    },
    closed,
  ),
  signature: Type.String({ maxLength: 70_000, description: "Of the statement, in base64" }),
  keyId: Type.String({ maxLength: 64 }),
  keyVersion: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
};
export const InclusionAnswer = Type.Object({ record: Record, ...Proof }, closed);
export const ProofRequest = Type.Object(Proof, closed);
export type ProofRequest = Static<typeof ProofRequest>;
export const ProofAnswer = Type.Object({ valid: Type.Boolean() }, closed);
export const VerifyAnswer = Type.Object(
  {
    batches: Type.Integer(),
    records: Type.Integer(),
    faults: Type.Array(Type.String(), { description: "Empty where nothing was altered or removed" }),
  },
  closed,
);
