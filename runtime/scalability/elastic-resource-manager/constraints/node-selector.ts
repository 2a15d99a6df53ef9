import type { ConstraintFactory } from "./constraint";

/** Only nodes that carry every one of these labels with this value. */
export const nodeSelector: ConstraintFactory = ({ rules }, { nodes }) => {
  const wanted = Object.entries(rules?.nodeSelector ?? {});
  if (wanted.length === 0) return undefined;
  const missing = (node: number) => wanted.filter(([label, value]) => nodes[node]?.labels?.[label] !== value);
  return {
    refuses: (node) => (wanted.every(([label, value]) => nodes[node]?.labels?.[label] === value) ? 0 : 1),
    faultOf: () => "other-labels",
    explain: (node) =>
      missing(node)
        .map(([label, value]) => `label ${label} is ${nodes[node]?.labels?.[label] ?? "absent"}, not ${value}`)
        .join("; "),
  };
};
