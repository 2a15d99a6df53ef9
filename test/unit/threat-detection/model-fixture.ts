import { join } from "node:path";
import { encodeArtifact } from "../../../runtime/security/threat-detection/models/artifact";
import type { Job } from "../../../runtime/security/threat-detection/models/job";
import { type Manifest, manifestText } from "../../../runtime/security/threat-detection/models/manifest";
import { ModelSigner, privateKeyAt, sha256 } from "../../../runtime/security/threat-detection/models/signing";
import { normalRows, START } from "./support";

const AT = new Date(START).toISOString();
/** Of the pipeline "orders": two numbers, what is absent, fifteen statistics, the currency. */
const COLUMNS = [
  ...["amount", "items", "absent_numbers"],
  ...[5, 3, 1, 0.1, 0.01].flatMap((decay) => [
    `events_${decay}`,
    `failures_mean_${decay}`,
    `failures_deviation_${decay}`,
  ]),
  "currency",
];

export const jobOf = (model: string): Job => ({
  ...{ id: `job_${model}`, pipeline: "orders", assumption: "normals", state: "done", progress: 1 },
  ...{ startedAt: AT, rows: 120, seed: 1, model, fault: null },
});

/** A model of noise, signed with the folder's key. */
export function modelOf(id: string, folder: string, version: number) {
  const [learning, heldOut] = [normalRows(100, COLUMNS.length, 1), normalRows(20, COLUMNS.length, 2)];
  const artifact = encodeArtifact({ columns: COLUMNS, numeric: COLUMNS.length - 1, seed: 1, learning, heldOut });
  const manifest: Manifest = {
    ...{ id, pipeline: "orders", version, madeAt: AT, assumption: "normals", seed: 1 },
    rows: { given: 120, learning: 100, heldOut: 20 },
    sha256: sha256(artifact),
  };
  const signer = new ModelSigner(privateKeyAt(join(folder, "key.pem"), { make: false }), []);
  return { manifest, signature: signer.sign(manifestText(manifest)), artifact };
}
