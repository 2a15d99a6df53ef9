import type { Rule } from "../../shared/rule";
import { noPrivilegeEscalation } from "./zt-001-no-privilege-escalation";
import { noPlaintextSecrets } from "./zt-002-no-plaintext-secrets";
import { pinnedPrograms } from "./zt-003-pinned-programs";
import { noOpenListener } from "./zt-004-no-open-listener";
import { workloadIsolation } from "./zt-005-workload-isolation";

export const ZERO_TRUST_RULES: readonly Rule[] = [
  noPrivilegeEscalation,
  noPlaintextSecrets,
  pinnedPrograms,
  noOpenListener,
  workloadIsolation,
];
