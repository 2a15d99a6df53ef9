import { type Static, Type } from "@sinclair/typebox";

export const CONFIGURATION = Type.Object({
  MNO_QC_ROOT_KEY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "File of the root key, 32 bytes in base64, readable by its owner only; made in MNO_STATE_DIR by default",
    }),
  ),
  MNO_QC_ROOT_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "Root key kept elsewhere: ARN of a key of AWS KMS, name of one of Google Cloud KMS (projects/…), or PKCS#11 URI (RFC 7512)",
    }),
  ),
  MNO_QC_ROOT_KEY_ENDPOINT: Type.Optional(
    Type.String({ format: "uri", description: "Base URL of the cloud's key service, where it is not the public one" }),
  ),
  MNO_QC_KMS_SOCKET: Type.Optional(
    Type.String({
      pattern: "^/",
      description: "Socket file at which Kubernetes' KMS v2 plugin is served, for etcd; off without it",
    }),
  ),
  MNO_QC_MINIMUM_CATEGORY: Type.Integer({
    minimum: 0,
    maximum: 5,
    default: 3,
    description: "Least NIST security category of what is protected anew; 0 allows classical algorithms",
  }),
  MNO_QC_ALLOWED_SUITES: Type.String({
    default: "",
    description: "Comma-separated suites that may protect; empty: all that the catalogue allows",
  }),
  MNO_QC_SUNSETS: Type.String({
    default: "",
    description:
      "Earlier dates than the catalogue's, as suite=deprecated/forbidden,…: ML-KEM-768=2029-01-01/2031-01-01",
  }),
  MNO_QC_KEM: Type.String({
    default: "X-Wing",
    description: "Suite of new keys that encrypt, and of those that retire another",
  }),
  MNO_QC_SIGNATURE: Type.String({
    default: "ML-DSA-65",
    description: "Suite of new keys that sign, and of those that retire another",
  }),
  MNO_QC_DESTRUCTION_DAYS: Type.Number({
    minimum: 0,
    maximum: 365,
    default: 30,
    description: "Least days from scheduling a key's destruction to it",
  }),
  MNO_QC_MAXIMUM_KEYS: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: "Keys that may exist",
  }),
  MNO_QC_CACHE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 3600,
    default: 300,
    description: "How long opened keys and the secrets of encapsulations are kept in memory",
  }),
  MNO_QC_CACHE_ENTRIES: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: "How many of each are",
  }),
  MNO_QC_WRAPS_PER_ENCAPSULATION: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 1000,
    description: "Data keys wrapped under the secret of one encapsulation before there is a new one",
  }),
  MNO_QC_REWRAP_BATCH: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 500,
    description: "Registered envelopes wrapped anew in one transaction",
  }),
  MNO_QC_AUDIT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 10,
    description: "Between two signed batches of audit records, where there are records",
  }),
  MNO_QC_AUDIT_DAYS: Type.Integer({ minimum: 1, default: 400, description: "How long audit records are kept" }),
});

export type Configuration = Static<typeof CONFIGURATION>;
