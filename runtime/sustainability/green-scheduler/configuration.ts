import { type Static, Type } from "@sinclair/typebox";
import { MEAN_WATTS_PER_VCPU } from "../../../factors/power";
import { REGION_KEY } from "../../kernel/intensity/region";

export const CONFIGURATION = Type.Object({
  ...REGION_KEY,
  MNO_GS_ROUND_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 300,
    default: 5,
    description: "Seconds between two looks at jobs and forecasts",
  }),
  MNO_GS_STEP_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 300,
    description: "Seconds of one step of the planning grid: starts fall on it",
  }),
  MNO_GS_HORIZON_HOURS: Type.Number({
    minimum: 1,
    maximum: 336,
    default: 96,
    description: "Hours that plans look ahead; a later deadline counts as one then",
  }),
  MNO_GS_FEED_TIMEOUT_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 120,
    default: 30,
    description: "Seconds after which an answer about intensity is too late: longer than one of its feeds may take",
  }),
  MNO_GS_FEED_GRACE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 86_400,
    default: 900,
    description: "Seconds that a job waits for intensity to come back before it is let run unplanned",
  }),
  MNO_GS_DEFAULT_DURATION_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 3600,
    description: "Run time of a job that declares none and has not run before, in seconds",
  }),
  MNO_GS_WATTS_PER_CORE: Type.Number({
    exclusiveMinimum: 0,
    default: Number(MEAN_WATTS_PER_VCPU[1].toFixed(2)),
    description:
      "W of one core at work, of jobs that declare no power; the default is the mean of Cloud Carbon Footprint's architectures at full load (factors/power.ts)",
  }),
  MNO_GS_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    default: 400,
    description: "Days that jobs which are over, their savings and their decisions are kept",
  }),
});

export type Configuration = Static<typeof CONFIGURATION>;
