import type * as k8s from "@pulumi/kubernetes";
import { selectorLabels } from "../../metadata";

/**
 * Drains take one replica at a time. Counted as unavailable, not as available: however few replicas run, one may always
 * go, so that no node waits for ever. What is not ready anyway may be evicted at once.
 */
export function disruptionBudgetSpec(name: string): k8s.types.input.policy.v1.PodDisruptionBudgetSpec {
  return {
    maxUnavailable: 1,
    selector: { matchLabels: selectorLabels(name) },
    unhealthyPodEvictionPolicy: "AlwaysAllow",
  };
}
