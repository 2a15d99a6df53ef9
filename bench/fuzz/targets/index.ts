import type { AnyTarget } from "../target";
import { BEHAVIOUR_TARGETS } from "./behaviour";
import { CRYPTOGRAPHY_TARGETS } from "./cryptography";
import { DECISION_TARGETS } from "./decisions";
import { DETECTION_TARGETS } from "./detection";
import { IDENTITY_TARGETS } from "./identity";
import { PLATFORM_TARGETS } from "./platform";
import { POLICY_TARGETS } from "./policies";
import { REQUEST_TARGETS } from "./requests";

export function targets(): readonly AnyTarget[] {
  return [
    ...REQUEST_TARGETS,
    ...IDENTITY_TARGETS,
    ...POLICY_TARGETS,
    ...DECISION_TARGETS,
    ...CRYPTOGRAPHY_TARGETS,
    ...DETECTION_TARGETS,
    ...BEHAVIOUR_TARGETS,
    ...PLATFORM_TARGETS,
  ];
}
