import type { ConstraintFactory } from "./constraint";

export const readiness: ConstraintFactory = (_demand, { table: { ready } }) => ({
  refuses: (node) => (ready[node] ? 0 : 1),
  faultOf: () => "not-ready",
  explain: () => "not ready",
});
