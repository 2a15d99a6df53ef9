import assert from "node:assert/strict";
import { ApiError } from "../../../runtime/kernel/cluster/kubernetes/api-error";
import type { Connection } from "../../../runtime/kernel/cluster/kubernetes/connection";
import { KubernetesLeases } from "../../../runtime/kernel/cluster/kubernetes/leases";

describe("leases of the Kubernetes API", () => {
  const { signal } = new AbortController();
  const record = { holder: "one", durationSeconds: 8, transitions: 1 };

  function answering(status: number): KubernetesLeases {
    const json = (method: string, path: string): Promise<never> =>
      Promise.reject(new ApiError(status, { message: "no" }, `${method} ${path}`));
    return new KubernetesLeases({ json, find: async () => undefined } as unknown as Connection, "shop");
  }

  it("say that another came first: a lease was made, changed or deleted meanwhile", async () => {
    assert.equal(await answering(409).write("mno-x", record, undefined, signal), undefined);
    assert.equal(await answering(409).write("mno-x", record, "7", signal), undefined);
    assert.equal(await answering(404).write("mno-x", record, "7", signal), undefined);
  });

  it("fail where there is no namespace to make one in: nobody would ever lead, and nobody know why", async () => {
    await assert.rejects(answering(404).write("mno-x", record, undefined, signal), ApiError);
  });
});
