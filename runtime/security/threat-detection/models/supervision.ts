import type { Finding } from "../alerts/alert";
import type { Instruments } from "../instruments";
import type { Pipeline } from "../pipeline/pipeline";
import type { OnnxModel } from "./onnx";

/** An event as the pipeline encoded it. */
export interface Judged {
  raw: Float64Array;
  entity: string;
  id: string;
  time: number;
}

/** What the supervised models say of a pipeline's events. */
export class Supervision {
  constructor(
    private readonly models: readonly OnnxModel[],
    private readonly instruments: Pick<Instruments, "found">,
  ) {}

  async judge({ spec, columns, shape }: Pipeline, { raw, entity, id, time }: Judged): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const model of this.models) {
      const { manifest } = model;
      if (model.state !== "ready" || manifest?.pipeline !== spec.name) continue;
      const places = manifest.columns.map((column) => columns.indexOf(column));
      if (places.some((place) => place < 0 || place >= shape.numeric)) {
        this.instruments.found(`model:${manifest.name}`, "failed");
        continue;
      }
      const probability = await this.ask(
        model,
        Float32Array.from(places, (place) => raw[place]!),
      );
      if (probability === null || probability < manifest.threshold) continue;
      findings.push({
        detector: `model:${manifest.name}`,
        entity,
        title: "Looks like a known attack",
        why:
          `The model ${manifest.name} gives an attack a probability of ${probability.toFixed(3)}; ` +
          `from ${manifest.threshold} on it is told`,
        severity: 4,
        score: probability,
        threshold: manifest.threshold,
        contributions: manifest.columns.map((feature, index) => ({
          feature,
          value: raw[places[index]!]!,
          usual: "unknown",
          share: 0,
        })),
        members: {},
        technique: null,
        eventId: id,
        time,
        raw,
      });
    }
    return findings;
  }

  /** Null where the model fails: the others and the ensemble are not to fail with it. It is counted. */
  private async ask(model: OnnxModel, values: Float32Array): Promise<number | null> {
    try {
      return await model.probability(values);
    } catch {
      this.instruments.found(`model:${model.manifest?.name ?? "unknown"}`, "failed");
      return null;
    }
  }
}
