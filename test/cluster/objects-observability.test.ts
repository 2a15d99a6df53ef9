import assert from "node:assert/strict";
import { join } from "node:path";
import { Observability, type ObservabilityArgs } from "../../components";
import { clusterUp, openCluster } from "../../tools/cluster/cluster";
import { collectCrds } from "../../tools/crds/collect";
import { kubernetesRegistrations } from "../support/kubernetes-objects";
import { plain, record } from "../support/recording-monitor";
import { SchemaJudge } from "../support/schema-judge";

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
  let judge: SchemaJudge;

  before(async () => {
    const cluster = (await openCluster()) ?? (await clusterUp());
    const { directory } = await collectCrds(() => undefined);
    judge = new SchemaJudge(cluster);
    await judge.open(
      SETS.map((set) => join(directory, set)),
      NAMESPACES,
    );
    // What the namespace of everything but the nodes' readers must be content with.
    const level = "pod-security.kubernetes.io/enforce=restricted";
    await cluster.kubectl(["label", "--overwrite", "namespace", NAMESPACE, level]);
  });
  after(function () {
    this.timeout(720_000);
    return judge.close();
  });

  for (const [what, args] of [
    ["is installed", INSTALLED],
    ["points at what exists", EXISTING],
  ] as const) {
    it(`takes every object where all ${what}, by the vendors' schemas and CEL rules`, async () => {
      const objects = await objectsOf(args);
      const answer = await judge.judge(objects);
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
      assert.match(await judge.judge([podOf(metadata.name, NAMESPACE, spec.template)]), /serverside-applied/);
    }
    const beat = objects.find(({ kind }) => kind === "Beat");
    const template = structuredClone(beat.spec.daemonSet.podTemplate);
    template.spec.containers[0].image = "docker.elastic.co/beats/filebeat:9.4.3"; // ECK's part
    assert.match(await judge.judge([podOf("filebeat", NODES, template)]), /serverside-applied/);
    await assert.rejects(
      judge.judge([podOf("filebeat", NAMESPACE, template)]),
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
      assert.match(await judge.judge([pod]), /serverside-applied/);
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
    for (const [object, message] of wrong) await assert.rejects(judge.judge([object]), message);
  });
});
