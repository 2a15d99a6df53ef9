import assert from "node:assert/strict";
import type { MnoError } from "../../../runtime/exports";
import { ApiError } from "../../../runtime/kernel/cluster/kubernetes/api-error";
import { describe as describeNode } from "../../../runtime/kernel/cluster/kubernetes/nodes";
import { type Node, pathOf } from "../../../runtime/kernel/cluster/kubernetes/objects";
import {
  add,
  parseQuantity,
  quantitiesOf,
  resourceList,
  subtract,
} from "../../../runtime/kernel/cluster/kubernetes/quantity";
import { formatSelector, matches } from "../../../runtime/kernel/cluster/kubernetes/selector";
import { parseKubernetesUrl } from "../../../runtime/kernel/cluster/kubernetes/url";

describe("values of the Kubernetes API", () => {
  it("reads GPUs and extended resources, and adds and subtracts them; what there is none of is left out", () => {
    const node = quantitiesOf({
      cpu: "8",
      memory: "1Gi",
      pods: "110",
      "ephemeral-storage": "10Gi",
      "hugepages-2Mi": "0",
      "node.kubernetes.io/something": "1",
      "nvidia.com/gpu": "4",
      "example.com/fpga": "2",
      "amd.com/gpu": "0",
    });
    assert.deepEqual(node, { cpuCores: 8, memoryBytes: 2 ** 30, gpus: 4, custom: { "example.com/fpga": 2 } });
    const pod = quantitiesOf({ cpu: "500m", "nvidia.com/gpu": "1", "example.com/fpga": "1" });
    assert.deepEqual(subtract(node, add(pod, pod)), { cpuCores: 7, memoryBytes: 2 ** 30, gpus: 2 });
  });

  it("reads quantities of every suffix, and writes them in the finest step", () => {
    const known: [string, number][] = [
      ["2", 2],
      ["250m", 0.25],
      ["100n", 1e-7],
      ["0.5", 0.5],
      ["1e3", 1000],
      ["128Mi", 128 * 2 ** 20],
      ["1k", 1000],
      ["2Gi", 2 * 2 ** 30],
      ["3E", 3e18],
    ];
    for (const [text, value] of known) assert.ok(Math.abs(parseQuantity(text) / value - 1) < 1e-12, text);
    for (const text of ["", "m", "1 Gi", "1Xi", "1.2.3"]) assert.throws(() => parseQuantity(text), RangeError, text);
    assert.deepEqual(resourceList({ cpuCores: 0.1 + 0.2, memoryBytes: 1.5 }), { cpu: "300m", memory: "2" });
    assert.deepEqual(resourceList({ cpuCores: 0.0001, memoryBytes: 1 }), { cpu: "1m", memory: "1" });
  });

  it("makes paths that lead to the object named, and nowhere else", () => {
    assert.equal(pathOf("Deployment", "shop", "web", "scale"), "/apis/apps/v1/namespaces/shop/deployments/web/scale");
    assert.equal(pathOf("Service", "shop", "../pods"), "/api/v1/namespaces/shop/services/..%2Fpods");
    for (const name of ["", ".", ".."]) {
      assert.throws(() => pathOf("Service", "shop", name), { code: "MNO_WORKLOAD_INVALID" }, `"${name}"`);
    }
  });

  it("matches labels as the API server does, and never everything", () => {
    const selector = {
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "In", values: ["a", "b"] },
        { key: "zone", operator: "NotIn", values: ["x"] },
        { key: "owned", operator: "Exists" },
        { key: "old", operator: "DoesNotExist" },
      ],
    };
    const labels = { app: "web", tier: "a", owned: "" };
    assert.ok(matches(selector, labels));
    const others: Record<string, string>[] = [{ app: "api" }, { tier: "c" }, { zone: "x" }, { old: "1" }];
    for (const change of others) assert.ok(!matches(selector, { ...labels, ...change }), JSON.stringify(change));
    assert.ok(!matches(selector, { app: "web", tier: "a" }));
    assert.ok(!matches({}, labels));
    assert.ok(!matches(undefined, labels));
    assert.equal(formatSelector(selector), "app=web,tier in (a,b),zone notin (x),owned,!old");
  });

  it("reads its URL whole, and says what is wrong with it", () => {
    assert.deepEqual(parseKubernetesUrl("kubernetes:shop"), { namespace: "shop" });
    assert.deepEqual(parseKubernetesUrl("kubernetes:shop?kubeconfig=/a/b&context=dev&image=r/x:1"), {
      namespace: "shop",
      kubeconfig: "/a/b",
      context: "dev",
      image: "r/x:1",
    });
    const refused: [string, RegExp][] = [
      ["kubernetes:", /names no namespace/],
      ["kubernetes:Shop", /names no namespace/],
      ["kubernetes:shop?kubeconfig=relative", /not absolute/],
      ["kubernetes:shop?kubeconfig=", /is empty/],
      ["kubernetes:shop?token=x", /"token" that is not known/],
    ];
    for (const [url, why] of refused) {
      assert.throws(
        () => parseKubernetesUrl(url),
        (error: MnoError) => error.code === "MNO_CLUSTER_URL_INVALID" && why.test(error.message),
      );
    }
  });

  it("turns every answer of the API server into a code", () => {
    const codeOf = (status: number, message?: string): string =>
      new ApiError(status, message === undefined ? {} : { message }, "GET /x").code;
    assert.equal(codeOf(401), "MNO_CLUSTER_FORBIDDEN");
    assert.equal(
      codeOf(403, 'User "x" cannot patch resource "deployments/scale" in API group "apps"'),
      "MNO_CLUSTER_FORBIDDEN",
    );
    assert.equal(codeOf(403, "exceeded quota: pods"), "MNO_CLUSTER_REFUSED");
    assert.equal(codeOf(409), "MNO_CLUSTER_CONFLICT");
    assert.equal(codeOf(410), "MNO_CLUSTER_CONFLICT");
    assert.equal(codeOf(422, "spec.x: Invalid value"), "MNO_CLUSTER_REFUSED");
    for (const status of [429, 500, 503]) assert.equal(codeOf(status), "MNO_CLUSTER_UNREACHABLE");
    const busy = new ApiError(429, { message: "too many", details: { retryAfterSeconds: 3 } }, "GET /x");
    assert.match(busy.message, /again in 3 s/);
    const clusterWide = new ApiError(
      403,
      { message: 'cannot list resource "nodes" in API group "" at the cluster scope' },
      "GET /x",
    );
    assert.match(clusterWide.message, /ClusterRole: apiGroups \[""\], resources \["nodes"\], verbs \["list"\]/);
  });

  it("describes nodes: what is left of them, and whether workloads may be placed there", () => {
    const node = (change: { spec?: object; conditions?: object[] } = {}): Node =>
      ({
        metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "z1" } },
        spec: change.spec ?? {},
        status: {
          conditions: change.conditions ?? [{ type: "Ready", status: "True" }],
          capacity: { cpu: "4", memory: "8Gi" },
          allocatable: { cpu: "3800m", memory: "7Gi" },
        },
      }) as unknown as Node;
    const described = describeNode(node(), { cpuCores: 0.3, memoryBytes: 2 ** 30 });
    assert.deepEqual(described, {
      name: "n1",
      ready: true,
      zone: "z1",
      labels: { "topology.kubernetes.io/zone": "z1" },
      capacity: { cpuCores: 4, memoryBytes: 8 * 2 ** 30 },
      allocatable: { cpuCores: 3.5, memoryBytes: 6 * 2 ** 30 },
    });
    const none = { cpuCores: 0, memoryBytes: 0 };
    const unusable = [
      node({ spec: { unschedulable: true } }),
      node({ spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] } }),
      node({ conditions: [{ type: "Ready", status: "Unknown" }] }),
    ];
    for (const each of unusable) assert.equal(describeNode(each, none).ready, false);
    assert.equal(
      describeNode(node({ spec: { taints: [{ key: "x", effect: "PreferNoSchedule" }] } }), none).ready,
      true,
    );
    assert.equal(describeNode(node(), { cpuCores: 9, memoryBytes: 0 }).allocatable.cpuCores, 0);
  });
});
