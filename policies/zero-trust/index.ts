/** The pack's entry: constructing a PolicyPack starts its server, so nothing but Pulumi loads this file. */
import { PolicyPack } from "@pulumi/policy";
import { toPolicies } from "../shared/adapter";
import { ZERO_TRUST_RULES } from "./rules";

new PolicyPack("zero-trust", {
  description: "What may not run on a platform that trusts nobody.",
  enforcementLevel: "mandatory",
  policies: toPolicies(ZERO_TRUST_RULES, () => new Date()),
});
