import { Type } from "@sinclair/typebox";

/** Where things are that nobody places: one key for every engine that needs it. */
export const REGION_KEY = {
  MNO_CARBON_REGION: Type.String({
    minLength: 1,
    maxLength: 64,
    default: "ES",
    description:
      "Cloud region or grid zone of nodes and jobs that neither a label nor a declaration places; the default is one whose typical day comes with the package",
  }),
};
