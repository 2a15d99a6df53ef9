import type { Deployment, Job, Pod, WorkloadObject } from "../../../runtime/kernel/cluster/kubernetes/objects";

/** Objects as the API server answers them, with no more than the driver reads. */

export function deployment(change: { metadata?: object; spec?: object; status?: object } = {}): WorkloadObject {
  const object = {
    metadata: { name: "web", namespace: "shop", uid: "d1", generation: 3, resourceVersion: "10", ...change.metadata },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: { spec: { containers: [{ name: "web", image: "shop/web:1" }] } },
      ...change.spec,
    },
    status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2, ...change.status },
  };
  return { kind: "Deployment", object: object as unknown as Deployment };
}

export function job(change: { metadata?: object; spec?: object; status?: object } = {}): WorkloadObject {
  const object = {
    metadata: { name: "batch", namespace: "shop", uid: "j1", generation: 1, ...change.metadata },
    spec: {
      parallelism: 2,
      completions: 2,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "j1" } },
      template: { spec: { containers: [{ name: "batch", image: "shop/batch:1" }] } },
      ...change.spec,
    },
    status: { ...change.status },
  };
  return { kind: "Job", object: object as unknown as Job };
}

/** A pod of `deployment()` that is ready since the second after its start. */
export function pod(name: string, change: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  const object = {
    metadata: {
      name,
      namespace: "shop",
      uid: name,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { app: "web" },
      ownerReferences: [{ kind: "ReplicaSet", name: "web-1", uid: "r1", controller: true }],
      ...change.metadata,
    },
    spec: {
      nodeName: "n1",
      containers: [{ name: "web", image: "shop/web:1", ports: [{ name: "http", containerPort: 8080 }] }],
      ...change.spec,
    },
    status: {
      phase: "Running",
      podIP: "10.1.0.7",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:02Z" }],
      containerStatuses: [{ name: "web", restartCount: 0, state: { running: { startedAt: "2026-01-01T00:00:01Z" } } }],
      ...change.status,
    },
  };
  return object as unknown as Pod;
}
