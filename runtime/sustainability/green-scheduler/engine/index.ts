/** Pure decisions of the green scheduler: when, where and how large jobs run. Time and forecasts are passed in. */
export { planAll } from "./planner";
export { whatIf } from "./what-if";
export { resample } from "./resample";
export { estimateLength, type LengthQuestion, type SeenRun } from "./run-length";
export type * from "./types";
