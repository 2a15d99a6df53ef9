import type { ConstraintFactory } from "./constraint";

export const gpuModel: ConstraintFactory = ({ gpuModels }, { nodes }) => {
  if (!gpuModels || gpuModels.length === 0) return undefined;
  const wanted: ReadonlySet<string | undefined> = new Set(gpuModels);
  return {
    refuses: (node) => (wanted.has(nodes[node]?.gpuModel) ? 0 : 1),
    faultOf: () => "other-gpu-model",
    explain: (node) => `GPU model ${nodes[node]?.gpuModel ?? "unknown"}, not ${gpuModels.join(" or ")}`,
  };
};
