import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { MnoError } from "../../../exports";
import { type ModelSigner, sha256 } from "./signing";

/** `manifest.json` beside a model; `manifest.sig` holds its signature. */
const OnnxManifestSchema = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$" }),
    pipeline: Type.String({ minLength: 1, maxLength: 63 }),
    /** In this folder. */
    file: Type.String({ pattern: "^[A-Za-z0-9_-]+\\.onnx$" }),
    sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    /** Number columns of the pipeline, in the order of the model's input [1, n]. */
    columns: Type.Array(Type.String(), { minItems: 1, maxItems: 256 }),
    input: Type.String({ minLength: 1 }),
    output: Type.String({ minLength: 1 }),
    /** Of the output, where the probability of an attack is. */
    index: Type.Integer({ minimum: 0 }),
    /** Probability from which it is an alert. */
    threshold: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  },
  { additionalProperties: false },
);
export type OnnxManifest = Static<typeof OnnxManifestSchema>;

const SignatureSchema = Type.Object({
  algorithm: Type.Literal("ml-dsa-65"),
  keyId: Type.String(),
  value: Type.String(),
});
const LARGEST_BYTES = 64 * 2 ** 20;

/** What of onnxruntime-node is used; the package is optional, and so is its native part. */
interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { data: ArrayLike<number | bigint> } | undefined>>;
  release(): Promise<void>;
}
export interface OnnxRuntime {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
}

const onnxRuntime = async (): Promise<OnnxRuntime> => {
  // Its name is not in an import: the image, which takes along what is imported, would be a fifth larger for what few use.
  const name = "onnxruntime-node";
  const module = (await import(name)) as OnnxRuntime & { default?: OnnxRuntime };
  return module.default ?? module;
};

export type OnnxState = "ready" | "runtime-missing" | "untrusted" | "invalid";

/**
 * A supervised model. Nothing of the file reaches the runtime before the manifest's signature and the file's hash were
 * checked. Where it cannot be used its `state` and `reason` say why, and the anomaly ensemble, which always runs, is what is left.
 */
export class OnnxModel {
  private constructor(
    readonly folder: string,
    readonly state: OnnxState,
    readonly reason: string,
    readonly manifest: OnnxManifest | null,
    private readonly session: Session | null,
    private readonly runtime: OnnxRuntime | null,
  ) {}

  static async open(
    folder: string,
    signer: ModelSigner,
    load: () => Promise<OnnxRuntime> = onnxRuntime,
  ): Promise<OnnxModel> {
    const refused = (state: OnnxState, reason: string, manifest: OnnxManifest | null = null): OnnxModel =>
      new OnnxModel(folder, state, reason, manifest, null, null);
    let manifest: OnnxManifest;
    let bytes: Buffer;
    try {
      const text = await readFile(join(folder, "manifest.json"), "utf8");
      const signature: unknown = JSON.parse(await readFile(join(folder, "manifest.sig"), "utf8"));
      if (!Value.Check(SignatureSchema, signature))
        return refused("untrusted", "manifest.sig is no ML-DSA-65 signature");
      signer.check(text, signature);
      const parsed: unknown = JSON.parse(text);
      if (!Value.Check(OnnxManifestSchema, parsed))
        return refused("invalid", "manifest.json does not have the members it must");
      manifest = parsed;
      bytes = await readFile(join(folder, basename(manifest.file)));
      if (bytes.length > LARGEST_BYTES)
        return refused("invalid", `the model has ${bytes.length} bytes, more than ${LARGEST_BYTES}`);
      if (sha256(bytes) !== manifest.sha256)
        return refused("untrusted", "the model is not the one that was signed", manifest);
    } catch (error) {
      const untrusted = error instanceof MnoError && error.code === "MNO_THREAT_MODEL_UNTRUSTED";
      return refused(untrusted ? "untrusted" : "invalid", (error as Error).message);
    }
    let runtime: OnnxRuntime;
    try {
      runtime = await load();
    } catch (error) {
      return refused(
        "runtime-missing",
        `onnxruntime-node cannot be loaded: ${(error as Error).message.split("\n")[0]}`,
        manifest,
      );
    }
    try {
      const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
      return new OnnxModel(folder, "ready", "", manifest, session, runtime);
    } catch (error) {
      return refused("invalid", (error as Error).message.slice(0, 500), manifest);
    }
  }

  /** Probability of an attack. Errors: MNO_THREAT_MODEL_INVALID where the model does not answer with a probability. */
  async probability(values: Float32Array): Promise<number> {
    const { manifest, session, runtime } = this;
    if (manifest === null || session === null || runtime === null)
      throw new MnoError("MNO_THREAT_MODEL_INVALID", `The model in ${this.folder} is ${this.state}: ${this.reason}`);
    const tensor = new runtime.Tensor("float32", values, [1, values.length]);
    const answer = await session.run({ [manifest.input]: tensor });
    const probability = Number(answer[manifest.output]?.data[manifest.index]);
    if (!(probability >= 0 && probability <= 1))
      throw new MnoError(
        "MNO_THREAT_MODEL_INVALID",
        `The model ${manifest.name} answers ${probability}, no probability`,
      );
    return probability;
  }

  async close(): Promise<void> {
    await this.session?.release();
  }
}
