import { type Static, Type } from "@sinclair/typebox";
import { REGION_KEY } from "../../kernel/intensity/region";
import { IDLE_RULES, SYSTEM_RULES } from "./attribution";
import { BudgetSchema } from "./budgets";
import { IntensityLineSchema } from "./intensity-lines";
import { NodeDeclarationSchema } from "./node-profile";

export const Configuration = Type.Object({
  ...REGION_KEY,
  MNO_CARBON_NODES: Type.Array(NodeDeclarationSchema, {
    default: [],
    description: "What is known of the nodes' hardware and data centre (JSON array)",
  }),
  MNO_CARBON_IDLE_RULE: Type.Union(
    IDLE_RULES.map((rule) => Type.Literal(rule)),
    {
      default: "requests",
      description:
        "Whose idle energy and embodied carbon is: requests (shared by requests), usage (by CPU time), unallocated (by requests of what the node has, the rest stays idle)",
    },
  ),
  MNO_CARBON_SYSTEM_RULE: Type.Union(
    SYSTEM_RULES.map((rule) => Type.Literal(rule)),
    {
      default: "own",
      description:
        "Whose the energy of a node's own daemons is, and of what else runs beside workloads: own (a part of its own), shared (the workloads', by the idle rule)",
    },
  ),
  MNO_CARBON_BUDGETS: Type.Array(BudgetSchema, {
    default: [],
    description: "Carbon budgets, each reported when it passes a line (JSON array)",
  }),
  MNO_CARBON_INTENSITY_LINES: Type.Array(IntensityLineSchema, {
    default: [],
    description: "Intensities worth an event when a region crosses them (JSON array)",
  }),
  MNO_CARBON_SAMPLE_SECONDS: Type.Number({
    minimum: 0.5,
    maximum: 60,
    default: 5,
    description: "Seconds between two looks at processes and counters",
  }),
  MNO_CARBON_RECORD_SECONDS: Type.Number({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: "Seconds that one record of a node covers",
  }),
  MNO_CARBON_RETENTION_DAYS: Type.Number({
    minimum: 1,
    default: 800,
    description: "Days for which raw records are kept",
  }),
  MNO_CARBON_NETWORK_KWH_PER_GB: Type.Number({
    minimum: 0,
    default: 0,
    description:
      "kWh per GB that this machine moves; 0.001 is Cloud Carbon Footprint's between data centres, 0 leaves it out",
  }),
});
export type Configuration = Static<typeof Configuration>;
