import { type Static, Type } from "@sinclair/typebox";
import { Channel } from "./notifications/channel";
import { ACTIONS } from "./responses/response";

const HOUR = 3600;
const DAY = 24 * HOUR;

export const CONFIGURATION = Type.Object({
  MNO_SI_RETENTION_SECONDS: Type.Number({
    minimum: HOUR,
    maximum: 3650 * DAY,
    default: 90 * DAY,
    description: "Seconds for which events are kept, by the time they happened; incidents likewise",
  }),
  MNO_SI_RETENTION_CLASS_SECONDS: Type.Record(
    Type.String({ pattern: "^[0-9]{1,6}$" }),
    Type.Number({ minimum: HOUR }),
    {
      default: {},
      description: "Other retention of single OCSF classes: class_uid to seconds (JSON object)",
    },
  ),
  MNO_SI_CHECKPOINT_SECONDS: Type.Number({
    minimum: 1,
    maximum: DAY,
    default: 60,
    description: "Seconds between two signed checkpoints of the log",
  }),
  MNO_SI_VERIFY_SECONDS: Type.Number({
    minimum: 60,
    maximum: 30 * DAY,
    default: DAY,
    description: "Seconds between two verifications of the whole log",
  }),
  MNO_SI_SIGNING_KEY: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9._-]{1,128}$",
      description:
        "Id or alias of a signing key of the quantum cryptography service that signs checkpoints of the log; the key file otherwise",
    }),
  ),
  MNO_SI_SIGNING_KEY_FILE: Type.Optional(
    Type.String({
      description: "PEM file of the ML-DSA-65 key, made where it is missing; security-log.key in MNO_STATE_DIR",
    }),
  ),
  MNO_SI_LATENESS_SECONDS: Type.Number({
    minimum: 0,
    maximum: DAY,
    default: 120,
    description: "How much older than the newest event one may be and still be correlated",
  }),
  MNO_SI_INCIDENT_WINDOW_SECONDS: Type.Number({
    minimum: 60,
    maximum: 30 * DAY,
    default: 4 * HOUR,
    description: "Alerts with somebody or something in common are one incident when they are no further apart",
  }),
  MNO_SI_ANNOUNCE_CONFIDENCE: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.3,
    description: "Confidence from which an incident is announced; below, it is watched",
  }),
  MNO_SI_RULES_FOLDER: Type.Optional(
    Type.String({
      description: "Folder of further Sigma files (.yml, .yaml), read at start and at POST /v1/rules/reload",
    }),
  ),
  MNO_SI_PLACEHOLDERS: Type.Record(Type.String(), Type.Array(Type.String()), {
    default: {},
    description: "Values of the placeholders of Sigma rules: name to values (JSON object)",
  }),
  MNO_SI_DIRECTORY_FILE: Type.Optional(
    Type.String({
      description:
        "JSON file that says more of users and addresses: {users: {uid: {name, groups}}, addresses: {ip: {hostname}}}",
    }),
  ),
  MNO_SI_GEO_FILE: Type.Optional(Type.String({ description: "MaxMind database (.mmdb) of countries and networks" })),
  MNO_SI_GATEWAY_URL: Type.Optional(
    Type.String({ description: "Base URL of the runtime that has the zero-trust gateway; this process where absent" }),
  ),
  MNO_SI_KEYS_URL: Type.Optional(
    Type.String({ description: "Base URL of the runtime that has quantum cryptography; this process where absent" }),
  ),
  MNO_SI_ISOLATION_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 30 * DAY,
    default: DAY,
    description: "Seconds after which an isolated workload is released by itself; 0: when somebody takes it back",
  }),
  MNO_SI_RESPONSES: Type.Array(
    Type.Object(
      {
        action: Type.Unsafe<(typeof ACTIONS)[number]>({ type: "string", enum: [...ACTIONS] }),
        minConfidence: Type.Number({ minimum: 0, maximum: 1 }),
        tactics: Type.Optional(Type.Array(Type.String())),
        mode: Type.Unsafe<"automatic" | "approval">({ type: "string", enum: ["automatic", "approval"] }),
      },
      { additionalProperties: false },
    ),
    {
      default: [
        { action: "raise-risk", minConfidence: 0.6, mode: "automatic" },
        { action: "revoke-session", minConfidence: 0.6, mode: "approval" },
        { action: "rotate-key", minConfidence: 0.6, mode: "approval" },
        { action: "tighten-policy", minConfidence: 0.8, mode: "approval" },
        { action: "isolate-workload", minConfidence: 0.8, mode: "approval" },
      ],
      description:
        "What is to be done about incidents: action, minConfidence, tactics, mode automatic or approval (JSON)",
    },
  ),
  MNO_SI_CHANNELS: Type.Array(Channel, {
    default: [],
    maxItems: 32,
    description: "Where incidents are told: webhook (signed), slack or syslog (JSON)",
  }),
});
export type Configuration = Static<typeof CONFIGURATION>;
