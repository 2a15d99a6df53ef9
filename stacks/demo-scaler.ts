/** The scaler of the demo service: quick enough to watch; production keeps Kubernetes' defaults (300 s down). */
export const DEMO_SCALER = {
  workload: "demo",
  minReplicas: 1,
  maxReplicas: 8,
  metrics: [
    // Each replica has four slots; three at work and none waiting is a replica used well.
    { type: "pods", name: "demo_requests_in_flight", target: { averageValue: 3 } },
    // Capacity that was granted is used: an allocation of three replicas is a reason for three.
    { type: "external", name: "allocated", target: { averageValue: 1 } },
  ],
  behavior: {
    scaleDown: { stabilizationWindowSeconds: 15, policies: [{ type: "Percent", value: 50, periodSeconds: 5 }] },
  },
};
