import assert from "node:assert/strict";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import type { Clock } from "../../../runtime/kernel/clock";
import { ApiError } from "../../../runtime/kernel/cluster/kubernetes/api-error";
import type { Connection } from "../../../runtime/kernel/cluster/kubernetes/connection";
import { DRIVER_ANNOTATIONS } from "../../../runtime/kernel/cluster/kubernetes/names";
import type {
  Deployment,
  KubernetesObject,
  NetworkPolicy,
  Pod,
  WorkloadObject,
} from "../../../runtime/kernel/cluster/kubernetes/objects";
import { Quarantine } from "../../../runtime/kernel/cluster/kubernetes/quarantine";
import { markOf } from "../../../runtime/kernel/cluster/kubernetes/quarantine-mark";
import { canBeCutOff, quarantinePolicy } from "../../../runtime/kernel/cluster/kubernetes/quarantine-policy";
import { WorkloadStore } from "../../../runtime/kernel/cluster/kubernetes/workload-store";
import { deployment, pod } from "./support";

type Loose = Record<string, unknown>;

/** RFC 7396. */
function merge(target: Loose, patch: Loose): Loose {
  const merged = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (typeof value === "object" && !Array.isArray(value))
      merged[key] = merge((merged[key] ?? {}) as Loose, value as Loose);
    else merged[key] = value;
  }
  return merged;
}

/** Objects by path, as an API server keeps them; no controller runs. */
class Api {
  readonly objects = new Map<string, KubernetesObject>();
  /** `METHOD path`, of changes. */
  readonly changes: string[] = [];
  /** Pods end when they are told to. */
  endsPods = true;

  put(plural: string, ...objects: KubernetesObject[]): void {
    for (const object of objects) this.objects.set(`${plural}/${object.metadata?.name ?? ""}`, object);
  }

  get<T extends KubernetesObject>(key: string): T | undefined {
    return this.objects.get(key) as T | undefined;
  }

  json = async (method: string, path: string, call: { body?: Loose; query?: Loose } = {}): Promise<unknown> => {
    const key = path.split("/shop/")[1] ?? "";
    if (method !== "GET") this.changes.push(`${method} ${key}`);
    if (method === "GET" && !key.includes("/")) {
      const wanted = ((call.query?.["labelSelector"] as string | undefined) ?? "").split(",").filter((part) => part);
      const items = [...this.objects]
        .filter(([name]) => name.startsWith(`${key}/`))
        .map(([, object]) => object)
        .filter(({ metadata }) =>
          wanted.every((part) => metadata?.labels?.[part.split("=")[0] ?? ""] === part.split("=")[1]),
        );
      return { items };
    }
    const found = this.objects.get(key);
    if (method === "PATCH") {
      this.objects.set(key, merge((found ?? {}) as Loose, call.body ?? {}));
      return this.objects.get(key);
    }
    if (!found) throw new ApiError(404, {}, `${method} ${path}`);
    if (method === "DELETE" && (this.endsPods || !key.startsWith("pods/"))) this.objects.delete(key);
    return found;
  };

  find = (path: string): Promise<unknown> => this.json("GET", path).catch(() => undefined);
}

/** Time passes when somebody waits. */
function waitingClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds) };
}

describe("quarantine of a workload on Kubernetes", () => {
  const { object } = deployment();
  const web = deployment();
  let api: Api;
  let quarantine: Quarantine;
  const uid = "d1";
  const policyKey = `networkpolicies/mno-quarantine-${uid}`;
  const rule = [{ ports: [{ port: 53, protocol: "UDP" }] }];
  const policy = (name: string, spec: object): NetworkPolicy => ({ metadata: { name, namespace: "shop" }, spec });
  const live = (): WorkloadObject => ({ kind: "Deployment", object: api.get("deployments/web") as Deployment });

  beforeEach(() => {
    api = new Api();
    api.put("deployments", structuredClone(object));
    api.put("pods", pod("web-1-a", { metadata: labelled({ app: "web", tier: "front" }) }), pod("web-1-b"));
    const connection = api as unknown as Connection;
    const store = new WorkloadStore(connection, "shop");
    quarantine = new Quarantine(connection, "shop", store, waitingClock(), () => 0.5, new AbortController().signal);
  });

  function labelled(labels: Record<string, string>): object {
    return { labels, ownerReferences: [{ kind: "ReplicaSet", name: "web-1", uid: "r1", controller: true }] };
  }

  it("takes pods out of every policy that selects by label, gives them one that denies all, and stops new ones", async () => {
    api.put("networkpolicies", policy("lets-web", { podSelector: { matchLabels: { app: "web" } }, ingress: [{}] }));
    await quarantine.begin(web, "response rsp_1");
    for (const name of ["web-1-a", "web-1-b"]) {
      const { metadata } = api.get<Pod>(`pods/${name}`) ?? {};
      assert.deepEqual(metadata?.labels, { [KUBERNETES_LABELS.quarantine]: uid }, "no other label is left");
      const owners = metadata.ownerReferences?.map(({ kind, uid: of, controller }) => ({ kind, of, controller }));
      assert.deepEqual(owners, [{ kind: "Deployment", of: uid, controller: false }], "the workload's, no controller's");
    }
    const denied = api.get<NetworkPolicy>(policyKey);
    assert.deepEqual(denied?.spec, {
      podSelector: { matchLabels: { [KUBERNETES_LABELS.quarantine]: uid } },
      policyTypes: ["Ingress", "Egress"],
    });
    assert.deepEqual(
      denied.metadata?.ownerReferences?.map(({ kind, name }) => [kind, name]),
      [["Deployment", "web"]],
    );
    assert.equal(denied.metadata?.labels?.[KUBERNETES_LABELS.managedBy], "machine-native-ops");
    assert.equal((live().object.spec as { replicas: number }).replicas, 0);
    const { reason, held, suspended } = markOf(live()) ?? {};
    assert.deepEqual(
      { reason, held, suspended },
      { reason: "response rsp_1", held: ["web-1-a", "web-1-b"], suspended: false },
    );
    const order = api.changes.map((change) => change.split("/")[0]);
    assert.deepEqual(
      order,
      ["PATCH networkpolicies", "PATCH deployments", "PATCH pods", "PATCH pods", "PATCH deployments"],
      "denied first, and kept from the controller before it is told to run none",
    );
  });

  it("begun again after it was broken off goes on, and remembers the first reason and how it was before", async () => {
    const { json } = api;
    api.json = async (method, path, call) => {
      if (method === "PATCH" && path.endsWith("web-1-b")) throw new ApiError(500, {}, path);
      return json(method, path, call);
    };
    await assert.rejects(quarantine.begin(live(), "first"), { code: "MNO_CLUSTER_UNREACHABLE" });
    api.json = json;
    await quarantine.begin(live(), "second");
    assert.equal(markOf(live())?.reason, "first");
    assert.deepEqual(markOf(live())?.held, ["web-1-a", "web-1-b"]);
    assert.equal(api.get<Pod>("pods/web-1-b")?.metadata?.labels?.["app"], undefined);
    await quarantine.finish(live());
    assert.equal((live().object.spec as { replicas: number }).replicas, 2, "it ran before");
  });

  it("ends pods that another policy would still let talk, and those in the network of their node", async () => {
    api.put("networkpolicies", policy("names-for-all", { podSelector: {}, policyTypes: ["Egress"], egress: rule }));
    await quarantine.begin(web, "r");
    assert.equal(api.get("pods/web-1-a"), undefined);
    assert.deepEqual(markOf(live())?.held, []);
    assert.ok(api.changes.indexOf("DELETE pods/web-1-a") > api.changes.lastIndexOf("PATCH deployments/web"));

    const labels = { [KUBERNETES_LABELS.quarantine]: uid };
    const cut = (spec: object, own: Pod = pod("p")): boolean => canBeCutOff(own, labels, [policy("other", spec)]);
    assert.equal(cut({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }), true, "one that only denies");
    assert.equal(cut({ podSelector: {}, policyTypes: ["Egress"], ingress: [{}] }), true, "not of its types");
    assert.equal(cut({ podSelector: {}, ingress: [{}] }), false, "of no types: of both");
    const negative = { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] };
    assert.equal(cut({ podSelector: negative, ingress: [{}] }), false, "chosen by what it has no more");
    const spared = { matchExpressions: [{ key: KUBERNETES_LABELS.quarantine, operator: "DoesNotExist" }] };
    assert.equal(cut({ podSelector: spared, ingress: [{}] }), true, "one that leaves quarantined pods out");
    assert.equal(canBeCutOff(pod("p", { spec: { hostNetwork: true } }), labels, []), false);
    assert.equal(quarantinePolicy(web, "shop").metadata?.name?.length, "mno-quarantine-".length + uid.length);
  });

  it("lets the network be only when what was held is gone", async () => {
    await quarantine.begin(web, "r");
    api.endsPods = false;
    await assert.rejects(quarantine.finish(live()), (error: { code: string; message: string }) => {
      assert.equal(error.code, "MNO_CLUSTER_UNREACHABLE");
      assert.match(error.message, /web-1-a, web-1-b/);
      return true;
    });
    assert.ok(api.get(policyKey), "still denied");
    assert.ok(markOf(live()), "still isolated");
    api.endsPods = true;
    await quarantine.finish(live());
    assert.deepEqual([api.get(policyKey), api.get("pods/web-1-a"), markOf(live())], [undefined, undefined, undefined]);
  });

  it("takes a mark that cannot be read for one all the same", () => {
    for (const text of ["{", "null", "7", '{"held": 3, "reason": {}}', '{"__proto__": {"suspended": true}}']) {
      const marked = deployment({ metadata: { annotations: { [DRIVER_ANNOTATIONS.isolation]: text } } });
      const mark = markOf(marked);
      assert.equal(mark?.reason, "its annotation cannot be read", text);
      assert.deepEqual([mark.held, mark.suspended], [[], false]);
    }
    assert.equal(markOf(deployment()), undefined);
  });
});
