import assert from "node:assert/strict";
import type { Pod, Service } from "../../../runtime/kernel/cluster/kubernetes/objects";
import { isPodOf } from "../../../runtime/kernel/cluster/kubernetes/replicas";
import { statusOf } from "../../../runtime/kernel/cluster/kubernetes/workload-status";
import { deployment, job, pod } from "./support";

const service = {
  metadata: { name: "web", namespace: "shop" },
  spec: { clusterIP: "10.96.0.9", ports: [{ name: "http", port: 80, targetPort: "http" }] },
} as Service;
const waiting = (reason: string, lastState: object = {}): object => ({
  conditions: [{ type: "Ready", status: "False" }],
  containerStatuses: [
    { name: "web", restartCount: 4, state: { waiting: { reason, message: `${reason} it is` } }, lastState },
  ],
});
const phaseOf = (change: object): string[] => {
  const [replica] = statusOf(deployment(), [pod("a", { status: change })], undefined).replicas;
  return [replica?.phase ?? "", ...(replica?.reason === undefined ? [] : [replica.reason])];
};

describe("status of a workload on Kubernetes", () => {
  it("is ready when the controller has rolled the present spec out and every pod is ready", () => {
    const pods = [pod("a"), pod("b")];
    const status = statusOf(deployment(), pods, service);
    assert.equal(status.phase, "ready");
    assert.equal(status.generation, 3);
    assert.equal(status.readyReplicas, 2);
    assert.deepEqual(status.replicas[0], {
      name: "a",
      node: "n1",
      phase: "ready",
      startedAt: "2026-01-01T00:00:01Z",
      readyChangedAt: "2026-01-01T00:00:02Z",
      restarts: 0,
      endpoints: { http: "10.1.0.7:8080" },
    });
    for (const stale of [{ observedGeneration: 2 }, { updatedReplicas: 1 }, { replicas: 3 }, { readyReplicas: 1 }]) {
      assert.equal(statusOf(deployment({ status: stale }), pods, service).phase, "progressing", JSON.stringify(stale));
    }
    assert.equal(statusOf(deployment(), [pod("a")], service).phase, "progressing");
    const leaving = pod("c", { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z" } });
    assert.equal(statusOf(deployment(), [...pods, leaving], service).phase, "ready", "what stops does not count");
  });

  it("is degraded when pods fail, or could not be made", () => {
    assert.equal(
      statusOf(deployment(), [pod("a"), pod("b", { status: waiting("ImagePullBackOff") })], undefined).phase,
      "degraded",
    );
    for (const condition of [
      { type: "ReplicaFailure", status: "True" },
      { type: "Progressing", status: "False" },
    ]) {
      assert.equal(
        statusOf(deployment({ status: { conditions: [condition] } }), [pod("a")], undefined).phase,
        "degraded",
      );
    }
  });

  it("says of each replica what it does, and why it is not ready", () => {
    const ended = (end: object): object => ({ terminated: end });
    assert.deepEqual(phaseOf(waiting("CrashLoopBackOff", ended({ exitCode: 7 }))), [
      "backoff",
      "exited with code 7; CrashLoopBackOff it is",
    ]);
    assert.match(
      phaseOf(waiting("CrashLoopBackOff", ended({ exitCode: 137, signal: 9 })))[1] ?? "",
      /killed by signal 9/,
    );
    assert.match(
      phaseOf(waiting("CrashLoopBackOff", ended({ exitCode: 137, reason: "OOMKilled" })))[1] ?? "",
      /memory/,
    );
    assert.deepEqual(phaseOf(waiting("ErrImagePull")), ["backoff", "ErrImagePull it is"]);
    assert.deepEqual(phaseOf(waiting("ContainerCreating")), ["starting"]);
    assert.deepEqual(
      phaseOf({ phase: "Failed", reason: "Evicted", message: "the node was low on memory", containerStatuses: [] }),
      ["failed", "the node was low on memory"],
    );
    const notReady = (lastTransitionTime: string): object => ({
      conditions: [
        { type: "Ready", status: "False", lastTransitionTime, message: "containers with unready status: [web]" },
      ],
    });
    assert.deepEqual(phaseOf(notReady("2026-01-01T00:00:00Z")), ["starting"]);
    assert.deepEqual(phaseOf(notReady("2026-01-01T00:05:00Z")), ["unready", "containers with unready status: [web]"]);
    const unscheduled = {
      conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes are available" }],
      containerStatuses: [],
    };
    assert.deepEqual(phaseOf({ ...unscheduled, phase: "Pending" }), ["starting", "0/1 nodes are available"]);
  });

  it("gives the Service's address, of a headless one its name, and brackets around IPv6", () => {
    const endpointsOf = (clusterIP: string): Record<string, string> => {
      const template = { spec: { containers: pod("a").spec?.containers } };
      const spec = { clusterIP, ports: service.spec?.ports ?? [] };
      return statusOf(deployment({ spec: { template } }), [], { ...service, spec }).endpoints;
    };
    assert.deepEqual(endpointsOf("10.96.0.9"), { http: "10.96.0.9:80" });
    assert.deepEqual(endpointsOf("fd00::9"), { http: "[fd00::9]:80" });
    assert.deepEqual(endpointsOf("None"), { http: "web.shop.svc:80" });
    const [replica] = statusOf(deployment(), [pod("a", { status: { podIP: "fd00::7" } })], undefined).replicas;
    assert.deepEqual(replica?.endpoints, { http: "[fd00::7]:8080" });
  });

  it("knows suspended Deployments by their annotation, with the number that they come back with", () => {
    const annotations = { "machine-native-ops/suspended-replicas": "5" };
    const status = statusOf(deployment({ metadata: { annotations }, spec: { replicas: 0 } }), [], undefined);
    assert.equal(status.phase, "suspended");
    assert.equal(status.desiredReplicas, 5);
    assert.equal(status.spec.suspended, true);
    assert.equal(status.spec.annotations, undefined, "the driver's own are not the user's");
  });

  it("follows a Job: its indices are replicas, and former pods of an index its restarts", () => {
    const ofJob = (name: string, second: number, index: string, phase: string): Pod =>
      pod(name, {
        metadata: {
          creationTimestamp: `2026-01-01T00:00:0${String(second)}Z`,
          labels: { "batch.kubernetes.io/job-completion-index": index },
          ownerReferences: [{ kind: "Job", name: "batch", uid: "j1", controller: true }],
        },
        spec: { containers: [{ name: "batch", image: "x" }] },
        status: {
          phase,
          containerStatuses: [
            { name: "batch", restartCount: 0, state: { terminated: { exitCode: phase === "Failed" ? 3 : 0 } } },
          ],
        },
      });
    const pods = [ofJob("c", 3, "0", "Failed"), ofJob("a", 1, "0", "Failed"), ofJob("b", 2, "1", "Succeeded")];
    const progressing = statusOf(job(), pods, undefined);
    assert.equal(progressing.phase, "degraded");
    assert.deepEqual(
      progressing.replicas.map(({ name, phase, restarts, reason }) => ({ name, phase, restarts, reason })),
      [
        { name: "c", phase: "failed", restarts: 1, reason: "exited with code 3" },
        { name: "b", phase: "succeeded", restarts: 0, reason: undefined },
      ],
    );
    const phases = { Complete: "succeeded", Failed: "failed" } as const;
    for (const [type, phase] of Object.entries(phases)) {
      const ended = { spec: { suspend: true }, status: { conditions: [{ type, status: "True" }] } };
      assert.equal(statusOf(job(ended), [], undefined).phase, phase);
    }
    assert.equal(statusOf(job({ spec: { suspend: true } }), [], undefined).phase, "suspended");
  });

  it("takes a pod for a workload's only where the workload made it", () => {
    assert.ok(isPodOf(deployment(), pod("a")));
    const others = [
      { kind: "Job", uid: "j1", controller: true },
      { kind: "ReplicaSet", uid: "r1" },
    ];
    for (const owner of others) assert.ok(!isPodOf(deployment(), pod("a", { metadata: { ownerReferences: [owner] } })));
    const ofJob = (uid: string): Pod =>
      pod("a", { metadata: { ownerReferences: [{ kind: "Job", uid, controller: true }] } });
    assert.deepEqual([isPodOf(job(), ofJob("j1")), isPodOf(job(), ofJob("j0"))], [true, false]);
  });
});
