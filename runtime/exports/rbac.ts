import type { EngineName } from "./names";

/**
 * What each engine may do at the Kubernetes API: the least that it works with, for whoever deploys it (Role and ClusterRole
 * of its service account). A test takes away each rule in turn and sees something fail (test/cluster/rbac.test.ts).
 */
export interface AgentPermission {
  /** "" is the core group. */
  apiGroups: string[];
  /** Plural, with the subresource behind a slash. */
  resources: string[];
  verbs: string[];
  /** Names of the only objects that it is about; all of them without it. */
  resourceNames?: string[];
  /** What it is needed for. */
  reason: string;
}

export interface AgentPermissions {
  /** In the namespace whose workloads the engine works on. */
  namespaced: AgentPermission[];
  /** In the whole cluster. */
  clusterWide: AgentPermission[];
}

/** Name of the Lease by which the replicas of an engine elect their leader. */
export function leaseName(engine: EngineName): string {
  return `mno-${engine}`;
}

const lease = (engine: EngineName): AgentPermission[] => [
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create"],
    reason: "leader election: the first replica makes the Lease (creation cannot be limited to a name)",
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "update"],
    resourceNames: [leaseName(engine)],
    reason: "leader election: replicas read, take, renew and give up the Lease",
  },
];

const usage = (reason: string): AgentPermission => ({
  apiGroups: ["metrics.k8s.io"],
  resources: ["pods"],
  verbs: ["list"],
  reason,
});

export const AGENT_PERMISSIONS: Readonly<Record<EngineName, AgentPermissions>> = {
  "elastic-resource-manager": {
    namespaced: [
      {
        apiGroups: ["apps"],
        resources: ["deployments", "statefulsets"],
        verbs: ["get", "list", "watch"],
        reason: "capacity: what runs already; one name may be any of three kinds",
      },
      {
        apiGroups: ["batch"],
        resources: ["jobs"],
        verbs: ["get", "list", "watch", "patch"],
        reason: "capacity and admission: suspended Jobs are released, and annotated, when their capacity is granted",
      },
      {
        apiGroups: [""],
        resources: ["services"],
        verbs: ["get", "list", "watch"],
        reason: "the stable addresses of workloads",
      },
      usage("what replicas use, where a metrics server measures it"),
      ...lease("elastic-resource-manager"),
    ],
    clusterWide: [
      {
        apiGroups: [""],
        resources: ["nodes"],
        verbs: ["list", "watch"],
        reason: "capacity: the nodes and their zones",
      },
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["list", "watch"],
        reason: "capacity: what replicas, and pods of other namespaces, have set aside on each node",
      },
    ],
  },
  "auto-scaling-engine": {
    namespaced: [
      {
        apiGroups: ["apps"],
        resources: ["deployments", "statefulsets"],
        verbs: ["get"],
        reason: "the desired and ready replicas of what it scales",
      },
      {
        apiGroups: ["batch"],
        resources: ["jobs"],
        verbs: ["get"],
        reason: "tells a Job, which is not scaled, from a workload that does not exist",
      },
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale", "statefulsets/scale"],
        verbs: ["patch"],
        reason: "scaling: the number of replicas and nothing else",
      },
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["list"],
        reason: "the replicas, their state and their addresses",
      },
      { apiGroups: [""], resources: ["services"], verbs: ["get"], reason: "the names of the ports that it scrapes" },
      usage("the resource metrics that it scales by"),
      ...lease("auto-scaling-engine"),
    ],
    clusterWide: [],
  },
};
