/** One evaluation of the autoscaler, as far as it is shown. */
export interface Decision {
  /** Ids sort by time. */
  id: string;
  /** RFC 3339, UTC. */
  at: string;
  action: string;
  readyReplicas: number;
  fromReplicas: number;
  toReplicas: number;
  /** Why, as the engine words it, the conclusion first. */
  reason: string;
}

/** What GET /auto-scaling-engine/v1/decisions answers, of which this is read. */
interface DecisionsAnswer {
  items: {
    id: string;
    time: string;
    action: string;
    inputs: { currentReplicas: number; readyReplicas: number };
    desiredReplicas: number;
    reasons: string[];
  }[];
}

/** Oldest first. Throws a TypeError when the answer is not one of the auto-scaling engine. */
export function readDecisions(answer: unknown): Decision[] {
  const decisions = (answer as DecisionsAnswer).items.map(
    ({ id, time, action, inputs, desiredReplicas, reasons }): Decision => ({
      id,
      at: time,
      action,
      readyReplicas: inputs.readyReplicas,
      fromReplicas: inputs.currentReplicas,
      toReplicas: desiredReplicas,
      reason: [...reasons].reverse().join("; "),
    }),
  );
  return decisions.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What GET /auto-scaling-engine/v1/scalers answers, of which this is read. */
interface ScalersAnswer {
  items: { workload: string; minReplicas: number }[];
}

/** undefined where the workload has no scaler. Throws a TypeError when the answer is not one of the auto-scaling engine. */
export function readMinReplicas(answer: unknown, workload: string): number | undefined {
  return (answer as ScalersAnswer).items.find((scaler) => scaler.workload === workload)?.minReplicas;
}
