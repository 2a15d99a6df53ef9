export { Agent, type AgentArgs, AgentTarget } from "./workload/agent";
export { LocalCluster, type LocalClusterArgs } from "./workload/local-cluster";
export {
  type HttpProbeArgs,
  type ResourceRequestsArgs,
  type WorkloadArgs,
  WorkloadKind,
  type WorkloadPortArgs,
} from "./workload/types";
export { validateWorkload } from "../runtime/exports";
export { Workload } from "./workload/workload";
