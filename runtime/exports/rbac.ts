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

/** The cluster's nodes, and every pod, for those of other namespaces take of the same nodes. */
const nodes = (reason: string): AgentPermission[] => [
  { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"], reason },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"], reason },
];

/** Workloads and their replicas. `extra` verbs beside list and watch. */
const workloads = (reason: string, extra: { workloads?: string[]; jobs?: string[] } = {}): AgentPermission[] => [
  {
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets"],
    verbs: [...(extra.workloads ?? []), "list", "watch"],
    reason: `${reason}; one name may be any of three kinds`,
  },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: [...(extra.jobs ?? []), "list", "watch"], reason },
];

const services = (reason: string, extra: string[] = []): AgentPermission => ({
  apiGroups: [""],
  resources: ["services"],
  verbs: [...extra, "list", "watch"],
  reason,
});

export const AGENT_PERMISSIONS: Readonly<Record<EngineName, AgentPermissions>> = {
  "elastic-resource-manager": {
    namespaced: [
      ...workloads(
        "capacity and admission: what runs already; suspended Jobs are released, and annotated, when granted",
        {
          workloads: ["get"],
          jobs: ["get", "patch"],
        },
      ),
      services("the stable addresses of workloads", ["get"]),
      usage("what replicas use, where a metrics server measures it"),
      ...lease("elastic-resource-manager"),
    ],
    clusterWide: nodes("capacity: nodes, their zones, and what pods have set aside on each"),
  },
  "auto-scaling-engine": {
    namespaced: [
      ...workloads("the desired and ready replicas of what it scales, and what waits for a node", {
        workloads: ["get"],
        jobs: ["get"],
      }),
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale", "statefulsets/scale"],
        verbs: ["patch"],
        reason: "scaling: the number of replicas and nothing else",
      },
      services("the names of the ports that it scrapes", ["get"]),
      usage("the resource metrics that it scales by"),
      ...lease("auto-scaling-engine"),
    ],
    clusterWide: nodes("the replicas, their state and addresses; advice on nodes"),
  },
  "global-load-balancer": {
    namespaced: [
      ...workloads("upstreams that are workloads"),
      services("the names of the ports of replicas"),
      ...lease("global-load-balancer"),
    ],
    clusterWide: nodes("the endpoints of workloads, and the zones that they are in"),
  },
  "resource-pool-manager": { namespaced: lease("resource-pool-manager"), clusterWide: [] },
  "performance-optimizer": {
    namespaced: [
      ...workloads("what workloads request; applying advice needs the right to change them, which is not given", {
        workloads: ["get"],
        jobs: ["get"],
      }),
      services("the stable addresses of workloads", ["get"]),
      usage("what replicas use: without it there is nothing to advise"),
      ...lease("performance-optimizer"),
    ],
    clusterWide: nodes("where replicas run, and how full the nodes are"),
  },
  "carbon-monitor": {
    namespaced: lease("carbon-monitor"),
    clusterWide: [
      ...nodes("nodes, their processors and regions, and whose pods run on them"),
      {
        apiGroups: ["metrics.k8s.io"],
        resources: ["nodes", "pods"],
        verbs: ["list"],
        reason: "the CPU that nodes and pods use: what energy is modelled from and shared by",
      },
    ],
  },
  "green-scheduler": {
    namespaced: [
      ...workloads("the jobs that wait for it, and what runs", { workloads: ["get"], jobs: ["get", "patch"] }),
      services("the stable addresses of workloads", ["get"]),
      usage("what jobs really used, for their account"),
      ...lease("green-scheduler"),
    ],
    clusterWide: nodes("capacity, and the region of each node"),
  },
  "energy-optimizer": {
    namespaced: [
      ...workloads("what is idle; applying plans needs the right to scale, below", {
        workloads: ["get"],
        jobs: ["get"],
      }),
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale", "statefulsets/scale"],
        verbs: ["patch"],
        reason: "sleep and wake: the number of replicas and nothing else",
      },
      services("the stable addresses of workloads", ["get"]),
      usage("what replicas use: idleness is found by it"),
      ...lease("energy-optimizer"),
    ],
    clusterWide: nodes("consolidation: nodes, and what runs on each"),
  },
  "sustainability-reporter": { namespaced: lease("sustainability-reporter"), clusterWide: [] },
  "quantum-cryptography": { namespaced: lease("quantum-cryptography"), clusterWide: [] },
  "threat-detection": { namespaced: lease("threat-detection"), clusterWide: [] },
  "behavioral-authentication": { namespaced: lease("behavioral-authentication"), clusterWide: [] },
  "zero-trust-gateway": { namespaced: lease("zero-trust-gateway"), clusterWide: [] },
  "security-intelligence": {
    namespaced: [
      {
        apiGroups: ["apps"],
        resources: ["deployments", "statefulsets"],
        verbs: ["get", "patch"],
        reason: "the response isolate-workload: marks and suspends what is cut off; one name may be any of three kinds",
      },
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["get", "patch"], reason: "isolate-workload: of jobs, too" },
      {
        apiGroups: [""],
        resources: ["services"],
        verbs: ["get"],
        reason: "the stable address of what is cut off",
      },
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["list", "patch", "delete"],
        reason: "isolate-workload: pods lose the labels that policies know them by, and are ended when it is over",
      },
      {
        apiGroups: ["networking.k8s.io"],
        resources: ["networkpolicies"],
        verbs: ["list", "create", "patch", "delete"],
        reason: "isolate-workload: one policy for each workload that is cut off, and a look at what others allow",
      },
      usage("replicas, as every driver tells them"),
      ...lease("security-intelligence"),
    ],
    clusterWide: [],
  },
};
