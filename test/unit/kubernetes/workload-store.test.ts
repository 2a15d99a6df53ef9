import assert from "node:assert/strict";
import type { Connection } from "../../../runtime/kernel/cluster/kubernetes/connection";
import { DRIVER_ANNOTATIONS } from "../../../runtime/kernel/cluster/kubernetes/names";
import type { WorkloadObject } from "../../../runtime/kernel/cluster/kubernetes/objects";
import { WorkloadStore } from "../../../runtime/kernel/cluster/kubernetes/workload-store";

describe("workloads at the API server", () => {
  it("scales what is suspended only as it was read: resumed meanwhile, it would count as suspended again", async () => {
    const bodies: unknown[] = [];
    const json = async (_method: string, _path: string, { body }: { body: unknown }): Promise<object> => {
      bodies.push(body);
      return {};
    };
    const annotations = { [DRIVER_ANNOTATIONS.suspendedReplicas]: "2" };
    const object = { metadata: { name: "web", resourceVersion: "7", annotations }, spec: { replicas: 0 } };
    const workload = { kind: "Deployment", object } as unknown as WorkloadObject;
    await new WorkloadStore({ json } as unknown as Connection, "shop").scale(workload, 5);
    const changed = { [DRIVER_ANNOTATIONS.suspendedReplicas]: "5" };
    assert.deepEqual(bodies, [{ metadata: { annotations: changed, resourceVersion: "7" } }]);
  });
});
