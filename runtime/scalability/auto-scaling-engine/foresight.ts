import type { PredictionResult } from "./decision";
import type { EvaluationInput } from "./evaluation";
import type { Memory } from "./memory";
import { combine, NO_PROPOSALS } from "./prediction/combine";

/** What forecast and reactive core come to together. Forecasts do not wake a workload: a request does. */
export function foresee(
  { spec, current, now, prediction }: EvaluationInput,
  memory: Memory,
  reactive: number,
  complete: boolean,
) {
  if (!prediction || !spec.prediction || spec.prediction.mode === "off" || current === 0 || reactive === 0)
    return undefined;
  const { forecast, targetPerReplica } = prediction;
  const state = memory.forecasts ?? NO_PROPOSALS;
  const combined = combine({ now, current, reactive, complete, forecast, targetPerReplica, state });
  const { mode } = spec.prediction;
  if (!forecast)
    return {
      state: combined.state,
      reasons: ["there is no forecast yet: the reactive core decides"],
      result: undefined,
    };
  const result: PredictionResult = {
    demand: forecast.demand,
    upper: forecast.upper,
    trusted: forecast.trusted,
    replicas: combined.replicas,
    source: combined.source,
    acted: mode === "act" && combined.source === "forecast",
  };
  const advice = mode === "advise" ? [`the forecast would have ${String(combined.replicas)}; it is advice only`] : [];
  return { state: combined.state, reasons: [...combined.reasons, ...advice], result };
}
