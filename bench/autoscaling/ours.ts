import { combine, NO_PROPOSALS } from "../../runtime/scalability/auto-scaling-engine/prediction/combine";
import {
  createPredictor,
  DEFAULT_PREDICTOR_OPTIONS,
} from "../../runtime/scalability/auto-scaling-engine/prediction/predictor";
import { hpa } from "./hpa";
import type { Policy, PolicyFactory } from "./replay";

/** Our engine: the reactive core at its defaults, and prediction on top. `missRate` is the one knob. */
export function ours(missRate = DEFAULT_PREDICTOR_OPTIONS.missRate): PolicyFactory {
  return (setting): Policy => {
    const reactive = hpa()(setting);
    const predictor = createPredictor({ missRate });
    let state = NO_PROPOSALS;
    return (view) => {
      const { now, observed, desired } = view;
      predictor.observe(observed);
      const combined = combine({
        now,
        current: desired,
        reactive: reactive(view),
        complete: true,
        forecast: predictor.forecast(now + setting.startSeconds * 1000, 1),
        targetPerReplica: 1,
        state,
      });
      ({ state } = combined);
      return combined.replicas;
    };
  };
}
