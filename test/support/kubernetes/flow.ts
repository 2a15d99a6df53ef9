import assert from "node:assert/strict";
import { KUBERNETES_ANNOTATIONS } from "../../../runtime/exports";
import { eventually } from "../supervisor";
import type { AnyObject, Objects } from "./objects";
import type { PlatformStack } from "./platform-stack";

interface Problem {
  code?: string;
}

/** The resource flow of a platform on a cluster, driven over its HTTP APIs and watched at the API server. */
export class Flow {
  private constructor(
    private readonly objects: Objects,
    readonly namespace: string,
    private readonly urls: Record<string, string>,
    private readonly token: string,
  ) {}

  /** Waits until every engine is ready. */
  static async open(objects: Objects, stack: PlatformStack, namespace: string): Promise<Flow> {
    const { engineUrls } = await stack.outputs();
    const urls = Object.entries(engineUrls as Record<string, string>).map(async ([engine, url]) => {
      const { hostname, port } = new URL(url);
      const service = await objects.get("v1", "Service", hostname.split(".")[0] ?? "", namespace);
      assert.ok(service, `${url} names a Service`);
      // This machine reaches the cluster's addresses, not its names.
      return [engine, `http://${String(service.spec.clusterIP)}:${port}`] as const;
    });
    const flow = new Flow(objects, namespace, Object.fromEntries(await Promise.all(urls)), stack.apiToken);
    await eventually(async () => {
      for (const url of Object.values(flow.urls)) assert.equal((await fetch(`${url}/readyz`)).status, 200);
    }, 60_000);
    return flow;
  }

  async ask<T>(engine: string, path: string, body?: unknown): Promise<{ status: number; body: T & Problem }> {
    const response = await fetch(`${this.urls[engine] ?? ""}/${engine}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T & Problem };
  }

  async deployment(name: string): Promise<AnyObject> {
    const found = await this.objects.get("apps/v1", "Deployment", name, this.namespace);
    assert.ok(found, `there is a Deployment ${name}`);
    return found;
  }

  /** request -> allocation -> event -> evaluation -> scale subresource -> pods, and back when it is released. */
  async scalesTheDemo(): Promise<void> {
    const { status, body } = await this.ask<{ id: string }>("elastic-resource-manager", "/v1/allocations", {
      tenant: "test",
      workload: "demo",
      replicas: 3,
      requests: { cpuCores: 0.05, memoryBytes: 96 * 2 ** 20 },
    });
    assert.equal(status, 201, JSON.stringify(body));
    await eventually(async () => {
      const { spec, status: live } = await this.deployment("demo");
      assert.equal(spec.replicas, 3);
      assert.equal(live.readyReplicas, 3);
    }, 60_000);
    const decided = (await this.decisions()).find(
      ({ action, desiredReplicas }) => action === "scaled" && desiredReplicas === 3,
    );
    assert.ok(decided, "the decision can be asked for");
    const { body: why } = await this.ask<{ reasons: string[] }>("auto-scaling-engine", `/v1/decisions/${decided.id}`);
    assert.ok(why.reasons.length > 0, "and says why");
    await this.release(body.id);
    await eventually(async () => {
      assert.equal((await this.deployment("demo")).spec.replicas, 1);
    }, 90_000);
  }

  /**
   * The leader of the auto-scaling engine is killed: another replica holds the Lease within 15 s, and what is granted then
   * is decided once.
   */
  async losesItsLeader(): Promise<void> {
    const lease = async (): Promise<string> => {
      const found = await this.objects.get(
        "coordination.k8s.io/v1",
        "Lease",
        "mno-auto-scaling-engine",
        this.namespace,
      );
      return String(found?.spec?.holderIdentity ?? "");
    };
    const pods = await this.objects.list("v1", "Pod", this.namespace);
    const leader = await lease();
    const pod = pods.find(({ metadata }) => leader.includes(metadata?.name ?? "?"));
    assert.ok(pod, `"${leader}" names one of the pods`);
    const before = new Set((await this.decisions()).map(({ id }) => id));
    const killedAt = Date.now();
    await this.objects.kill(pod);
    await eventually(async () => {
      const holder = await lease();
      assert.ok(holder !== "" && holder !== leader, `still ${holder}`);
    }, 30_000);
    const seconds = (Date.now() - killedAt) / 1000;
    assert.ok(seconds < 15, `another replica led after ${seconds.toFixed(1)} s`);
    await this.scalesTheDemo();
    const scaled = (await this.decisions()).filter(({ id, action }) => action === "scaled" && !before.has(id));
    assert.deepEqual(
      scaled.map(({ desiredReplicas }) => desiredReplicas).filter((replicas) => replicas === 3),
      [3],
      "one decision, and one only, for the three replicas that were granted",
    );
  }

  private async decisions(): Promise<{ id: string; action: string; desiredReplicas: number }[]> {
    const { body } = await this.ask<{ items: { id: string; action: string; desiredReplicas: number }[] }>(
      "auto-scaling-engine",
      "/v1/decisions?workload=demo&limit=100",
    );
    return body.items;
  }

  async release(id: string): Promise<void> {
    const response = await fetch(
      `${this.urls["elastic-resource-manager"] ?? ""}/elastic-resource-manager/v1/allocations/${id}`,
      { method: "DELETE", headers: { authorization: `Bearer ${this.token}` } },
    );
    assert.ok(response.ok, await response.text());
  }

  /** A Job that asked to be held runs once the elastic resource manager has capacity for it, and carries the allocation. */
  async releasesAJob(image: string): Promise<void> {
    const name = "held";
    const job: AnyObject = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name,
        namespace: this.namespace,
        annotations: { [KUBERNETES_ANNOTATIONS.admission]: "elastic-resource-manager" },
      },
      spec: {
        suspend: true,
        template: {
          spec: {
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                name: "main",
                image,
                command: ["/usr/local/bin/node", "-e", "setTimeout(() => {}, 500)"],
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
              },
            ],
          },
        },
      },
    };
    await this.objects.apply(job);
    const done = await eventually(async () => {
      const found = await this.objects.get("batch/v1", "Job", name, this.namespace);
      assert.equal(found?.status?.succeeded, 1, JSON.stringify(found?.status));
      return found;
    }, 90_000);
    const id = done.metadata?.annotations?.[KUBERNETES_ANNOTATIONS.allocation];
    assert.ok(id, "it says which allocation it ran on");
    await eventually(async () => {
      const { body } = await this.ask<{ releasedAt?: string | null }>(
        "elastic-resource-manager",
        `/v1/allocations/${id}`,
      );
      assert.ok(body.releasedAt, "its capacity is given back when it has ended");
    }, 30_000);
    await this.objects.delete(job);
  }
}
