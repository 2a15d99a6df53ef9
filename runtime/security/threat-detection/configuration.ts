import { type Static, Type } from "@sinclair/typebox";

export const CONFIGURATION = Type.Object({
  MNO_TD_ALERTS_PER_DAY: Type.Number({
    exclusiveMinimum: 0,
    maximum: 10_000,
    default: 10,
    description: "Anomaly alerts a day and pipeline that are looked at; thresholds follow from it",
  }),
  MNO_TD_THRESHOLD_METHOD: Type.Union([Type.Literal("spot"), Type.Literal("dspot"), Type.Literal("conformal")], {
    default: "spot",
    description: "How the threshold is found: peaks over threshold, the same for a drifting level, or ranks alone",
  }),
  MNO_TD_DEDUPLICATION_SECONDS: Type.Number({
    minimum: 1,
    default: 3600,
    description: "Seconds after its latest event within which an alert takes up what repeats it",
  }),
  MNO_TD_WINDOW_SECONDS: Type.Number({
    minimum: 10,
    maximum: 86_400,
    default: 600,
    description: "Seconds over which failed logins and refused requests are counted",
  }),
  MNO_TD_SNAPSHOT_SECONDS: Type.Number({
    minimum: 1,
    default: 300,
    description: "Seconds between two snapshots of what was learned: what a crash forgets at most",
  }),
  MNO_TD_SIGNING_KEY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: "ML-DSA-65 private key (PEM) that signs models; made in MNO_STATE_DIR without",
    }),
  ),
  MNO_TD_TRUSTED_KEY_FILES: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "ML-DSA-65 public keys (PEM) whose models are trusted besides (JSON array)",
  }),
  MNO_TD_ONNX_FOLDERS: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: "Folders with a supervised model each: manifest.json, manifest.sig and the .onnx file (JSON array)",
  }),
  MNO_TD_SIGMA_FOLDER: Type.Optional(
    Type.String({ minLength: 1, description: "Folder of Sigma rules that are run over the events" }),
  ),
});
export type Configuration = Static<typeof CONFIGURATION>;
