/** The pack's entry: constructing a PolicyPack starts its server, so nothing but Pulumi loads this file. */
import { PolicyPack } from "@pulumi/policy";
import { toPolicies } from "../shared/adapter";
import { CARBON_RULES } from "./rules";

new PolicyPack("carbon", {
  description: "What may not be emitted.",
  enforcementLevel: "mandatory",
  policies: toPolicies(CARBON_RULES, () => new Date()),
});
