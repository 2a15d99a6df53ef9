import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Observability, type ObservabilityArgs } from "../../components";
import { clusterUp, openCluster } from "../../tools/cluster/cluster";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { collectCrds } from "../../tools/crds/collect";
import { kubernetesRegistrations } from "../support/kubernetes-objects";
import { plain, record } from "../support/recording-monitor";

/* eslint-disable @typescript-eslint/no-explicit-any -- objects of any kind */

const SETS = ["prometheus-operator", "eck", "cert-manager"];
const NAMESPACE = "observability";
const NODES = "watch-nodes";
const NAMESPACES = [NAMESPACE, NODES];

const INSTALLED: ObservabilityArgs = {
  namespace: NAMESPACE,
  metrics: { storageClassName: "fast", alertmanagerSecretName: "routes" },
  traces: {
    exportTo: { endpoint: "tempo.tracing:4317", caSecretName: "ca", authorizationSecretName: "login" },
    tls: { issuer: { name: "platform" } },
    tailSampling: { percent: 5 },
    clusterName: "blue",
  },
  logs: { storageClassName: "fast", memoryMapping: true },
  dashboards: {},
  alerts: { runbooksUrl: "https://example.org/runbooks" },
  labels: { team: "platform" },
};
const EXISTING: ObservabilityArgs = {
  namespace: NAMESPACE,
  metrics: { existing: { namespace: "monitoring", selectedBy: { release: "kps" } } },
  traces: {
    exportTo: { endpoint: "tempo:4317", plaintextBecause: "the mesh encrypts it" },
    tls: { secretName: "tls" },
  },
  logs: {
    existing: { url: "https://es:9200", username: "mno", password: "a-password", caCertificate: "PEM" },
    operatorExists: true,
  },
  alerts: { runbooksUrl: "https://example.org/runbooks" },
};

/** What the component makes itself; what charts render is not among it. */
async function objectsOf(args: ObservabilityArgs): Promise<any[]> {
  const recording = await record(() => new Observability("watch", args));
  return kubernetesRegistrations(recording)
    .map(({ inputs }) => plain(inputs) as any)
    .filter(({ kind, metadata }) => kind !== undefined && metadata?.name !== undefined);
}

describe("observability objects before a real API server", function () {
  this.timeout(180_000);
  let cluster: OwnCluster;
  let folder = "";
  let added: string[] = [];

  const names = async (kind: string): Promise<string[]> =>
    (await cluster.kubectl(["get", kind, "--output", "name"])).split("\n").filter((name) => name !== "");
  const judge = (objects: object[]): Promise<string> => {
    const file = join(folder, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    return cluster.kubectl(["apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", file]);
  };

  before(async () => {
    cluster = (await openCluster()) ?? (await clusterUp());
    const { directory } = await collectCrds(() => undefined);
    folder = mkdtempSync(join(tmpdir(), "mno-observability-"));
    const existing = new Set([...(await names("namespaces")), ...(await names("crds"))]);
    for (const set of SETS) {
      await cluster.kubectl(["apply", "--server-side", "--force-conflicts", "--filename", join(directory, set)]);
    }
    await cluster.kubectl(["wait", "--for=condition=Established", "crds", "--all", "--timeout=60s"]);
    for (const namespace of NAMESPACES) {
      if (!existing.has(`namespace/${namespace}`)) await cluster.kubectl(["create", "namespace", namespace]);
    }
    added = [...(await names("namespaces")), ...(await names("crds"))].filter((name) => !existing.has(name));
    // What the namespace of everything but the nodes' readers must be content with.
    const level = "pod-security.kubernetes.io/enforce=restricted";
    await cluster.kubectl(["label", "--overwrite", "namespace", NAMESPACE, level]);
  });

  after(async () => {
    if (added.length > 0) await cluster.kubectl(["delete", "--wait=false", ...added]);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [what, args] of [
    ["is installed", INSTALLED],
    ["points at what exists", EXISTING],
  ] as const) {
    it(`takes every object where all ${what}, by the vendors' schemas and CEL rules`, async () => {
      const objects = await objectsOf(args);
      const answer = await judge(objects);
      const accepted = answer.split("\n").filter((line) => line.endsWith("serverside-applied (server dry run)"));
      assert.equal(accepted.length, objects.length, answer);
      assert.ok(objects.length >= 20, `${String(objects.length)} objects`);
    });
  }

  it("admits the collectors' pods under Pod Security restricted, and Filebeat's in its own namespace only", async () => {
    const objects = await objectsOf(INSTALLED);
    const podOf = (name: string, namespace: string, { metadata, spec }: any): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name, namespace },
      // What the API server fills in for pods of controllers only when they exist.
      spec: { ...spec, serviceAccountName: "default" },
    });
    const collectors = objects.filter(({ kind }) => ["DaemonSet", "Deployment"].includes(kind));
    assert.equal(collectors.length, 2);
    for (const { metadata, spec } of collectors) {
      assert.match(await judge([podOf(metadata.name, NAMESPACE, spec.template)]), /serverside-applied/);
    }
    const beat = objects.find(({ kind }) => kind === "Beat");
    const template = structuredClone(beat.spec.daemonSet.podTemplate);
    template.spec.containers[0].image = "docker.elastic.co/beats/filebeat:9.4.3"; // ECK's part
    assert.match(await judge([podOf("filebeat", NODES, template)]), /serverside-applied/);
    await assert.rejects(
      judge([podOf("filebeat", NAMESPACE, template)]),
      /violates PodSecurity "restricted.*hostPath/s,
    );
  });

  it("admits Elasticsearch's and Kibana's pods under Pod Security restricted", async () => {
    const objects = await objectsOf(INSTALLED);
    const templates = [
      objects.find(({ kind }) => kind === "Elasticsearch").spec.nodeSets[0].podTemplate,
      objects.find(({ kind }) => kind === "Kibana").spec.podTemplate,
    ];
    for (const { spec } of templates) {
      const containers = spec.containers.map((container: object) => ({ ...container, image: "elastic" }));
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "elastic", namespace: NAMESPACE },
        spec: { ...spec, containers },
      };
      assert.match(await judge([pod]), /serverside-applied/);
    }
  });

  it("refuses what is wrong: the rules are at work", async () => {
    const objects = await objectsOf(INSTALLED);
    const changed = (kind: string, change: (spec: any) => void): object => {
      const copy = structuredClone(objects.find((object) => object.kind === kind));
      change(copy.spec);
      return copy;
    };
    const wrong: [object, RegExp][] = [
      [changed("Elasticsearch", (spec) => (spec.volumeClaimDeletePolicy = "Never")), /Unsupported value: "Never"/],
      [changed("Elasticsearch", (spec) => (spec.nodeSets = [])), /nodeSets/],
      [changed("Beat", (spec) => (spec.daemonset = {})), /daemonset/],
      [changed("PrometheusRule", (spec) => (spec.groups[0].rules[0].for = "soon")), /spec.groups\[0\].rules\[0\].for/],
    ];
    for (const [object, message] of wrong) await assert.rejects(judge([object]), message);
  });
});
