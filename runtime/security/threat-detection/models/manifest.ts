import { type Static, Type } from "@sinclair/typebox";
import type { ModelSigner } from "./signing";
import { sha256 } from "./signing";
import { MnoError } from "../../../exports";

const Count = Type.Integer({ minimum: 0 });
const SignatureSchema = Type.Object({
  algorithm: Type.Literal("ml-dsa-65"),
  keyId: Type.String(),
  value: Type.String(),
});

/** What is signed of a model. */
export const ManifestSchema = Type.Object({
  id: Type.String({ description: "Id" }),
  pipeline: Type.String({ description: "Pipeline that it is for" }),
  version: Type.Integer({ minimum: 1, description: "Number within the pipeline" }),
  madeAt: Type.String({ format: "date-time", description: "When" }),
  assumption: Type.Union([Type.Literal("normals"), Type.Literal("unlabelled")], {
    description: "What the rows were said to be",
  }),
  rows: Type.Object({ given: Count, learning: Count, heldOut: Count }),
  seed: Count,
  sha256: Type.String({ description: "Of the artifact" }),
});
export type Manifest = Static<typeof ManifestSchema>;

export const ModelSchema = Type.Object({
  manifest: ManifestSchema,
  signature: SignatureSchema,
  state: Type.Union([Type.Literal("candidate"), Type.Literal("active"), Type.Literal("retired")], {
    description: "active: what scores now",
  }),
});
export type Model = Static<typeof ModelSchema>;

/** The manifest's members in one order, for signing. */
export function manifestText({
  id,
  pipeline,
  version,
  madeAt,
  assumption,
  rows,
  seed,
  sha256: digest,
}: Manifest): string {
  const { given, learning, heldOut } = rows;
  return JSON.stringify([id, pipeline, version, madeAt, assumption, given, learning, heldOut, seed, digest]);
}

/** Errors: MNO_THREAT_MODEL_UNTRUSTED unless the manifest is signed by a trusted key and the artifact is the one it names. */
export function checkModel(
  { manifest, signature }: Pick<Model, "manifest" | "signature">,
  artifact: Uint8Array,
  signer: ModelSigner,
): void {
  signer.check(manifestText(manifest), signature);
  if (sha256(artifact) !== manifest.sha256)
    throw new MnoError(
      "MNO_THREAT_MODEL_UNTRUSTED",
      `The artifact of the model ${manifest.id} is not the one that was signed`,
    );
}
