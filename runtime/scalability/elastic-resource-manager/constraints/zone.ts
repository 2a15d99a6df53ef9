import type { ConstraintFactory } from "./constraint";

export const zone: ConstraintFactory = ({ zone: wanted }, { nodes }) => {
  if (wanted === null) return undefined;
  return {
    refuses: (node) => (nodes[node]?.zone === wanted ? 0 : 1),
    faultOf: () => "other-zone",
    explain: (node) => `in zone ${nodes[node]?.zone}, not ${wanted}`,
  };
};
