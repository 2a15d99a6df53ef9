import { MnoError } from "../../exports";
import { decodeArtifact } from "./models/artifact";
import { checkModel, type Model } from "./models/manifest";
import type { ModelSigner } from "./models/signing";
import type { Monitor } from "./monitor";
import type { ThreatStore } from "./store";

export interface PromotionDependencies {
  store: ThreatStore;
  signer: ModelSigner;
  monitor: Monitor;
}

/**
 * Scores with the model from now on, here and soon in every replica.
 * Errors: MNO_THREAT_MODEL_NOT_FOUND, MNO_THREAT_MODEL_UNTRUSTED, MNO_THREAT_MODEL_INVALID, MNO_THREAT_PIPELINE_NOT_FOUND.
 */
export async function promote(id: string, { store, signer, monitor }: PromotionDependencies): Promise<Model> {
  const { manifest, signature, artifact } = await store.model(id);
  checkModel({ manifest, signature }, artifact, signer);
  if (!monitor.adopt(manifest.pipeline, id, decodeArtifact(artifact)))
    throw new MnoError(
      "MNO_THREAT_MODEL_INVALID",
      `The model ${id} is of other columns than the pipeline ${manifest.pipeline}`,
    );
  await store.activate(manifest);
  return { manifest, signature, state: "active" };
}

/** Adopts what another replica promoted. A model that cannot be used is left, and said by `onFault`. */
export async function follow(
  deps: PromotionDependencies,
  onFault: (id: string, error: unknown) => void,
): Promise<void> {
  const { store, signer, monitor } = deps;
  for (const { id, pipeline } of await store.activeModels()) {
    if (monitor.hasAdopted(pipeline, id)) continue;
    try {
      const { manifest, signature, artifact } = await store.model(id);
      checkModel({ manifest, signature }, artifact, signer);
      monitor.adopt(pipeline, id, decodeArtifact(artifact));
    } catch (error) {
      onFault(id, error);
    }
  }
}
