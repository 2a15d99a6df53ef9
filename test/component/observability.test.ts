import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { Observability, type ObservabilityArgs } from "../../components";
import { MnoError } from "../../runtime/exports";
import { assertConforms } from "../support/policies";
import { plain, record, type Recording, type Registration } from "../support/recording-monitor";

const NAMESPACE = "observability";
const TRACES = {
  exportTo: { endpoint: "tempo.tracing.svc:4317", caSecretName: "tempo-ca", authorizationSecretName: "tempo-login" },
  tls: { issuer: { name: "platform" } },
} satisfies ObservabilityArgs["traces"];
const EVERYTHING: ObservabilityArgs = {
  namespace: NAMESPACE,
  metrics: { alertmanagerSecretName: "alertmanager-routes" },
  traces: { ...TRACES, tailSampling: {}, clusterName: "blue" },
  logs: {},
  dashboards: {},
  alerts: { runbooksUrl: "https://example.org/runbooks/" },
  labels: { team: "platform" },
};

/** The default denial that the namespace brings along, as ZT-005 wants it of every namespace. */
const NAMESPACE_DENIAL = {
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "denied",
  props: { metadata: { namespace: NAMESPACE }, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};

/* eslint-disable @typescript-eslint/no-explicit-any -- recorded objects are judged member by member */
type Recorded = Omit<Registration, "inputs"> & { inputs: any };

async function make(args: ObservabilityArgs): Promise<{ recording: Recording; all: Recorded[]; made: Observability }> {
  let made: Observability | undefined;
  const recording = await record(() => {
    made = new Observability("watch", args);
  });
  assert.ok(made);
  return {
    recording,
    made,
    all: recording.resources.map((resource) => ({ ...resource, inputs: plain(resource.inputs) })),
  };
}

const named = (all: Recorded[], kind: string, name: string): Recorded => {
  const found = all.find((resource) => resource.type.endsWith(`:${kind}`) && resource.name === name);
  assert.ok(found, `no ${kind} ${name} among ${all.map((r) => `${r.type} ${r.name}`).join(", ")}`);
  return found;
};

function outputsOf({ resources, outputs }: Recording): unknown {
  const self = resources.find(({ type }) => type === "machine-native-ops:index:Observability");
  return plain(outputs.get(self?.urn ?? ""));
}

function collectorOf(all: Recorded[], name: string): any {
  return parse(named(all, "ConfigMap", name).inputs.data["collector.yaml"]);
}

async function refused(args: ObservabilityArgs): Promise<string[]> {
  const caught: unknown[] = [];
  await record(() => {
    try {
      new Observability("watch", args);
    } catch (error) {
      caught.push(error);
    }
  });
  const [error] = caught;
  assert.ok(error instanceof MnoError, "the arguments are taken");
  assert.equal(error.code, "MNO_COMPONENT_ARGS_INVALID");
  return error.faults.map(({ field }) => field);
}

describe("Observability", () => {
  it("conforms to both policy packs with everything on, beside its namespace's default denial", async () => {
    const { all } = await make(EVERYTHING);
    assertConforms([
      ...all.map(({ type, name, inputs, urn }) => ({ type, name, props: inputs, urn })),
      NAMESPACE_DENIAL,
    ]);
  });

  it("puts the user's labels on every object", async () => {
    const { all } = await make(EVERYTHING);
    const objects = all.filter(({ inputs }) => inputs.metadata !== undefined);
    assert.ok(objects.length > 30);
    for (const { urn, inputs } of objects) {
      assert.equal(inputs.metadata.labels.team, "platform", urn);
      assert.equal(inputs.metadata.labels["app.kubernetes.io/part-of"], "machine-native-ops", urn);
    }
    assert.deepEqual(named(all, "Chart", "watch-metrics").inputs.values.commonLabels, { team: "platform" });
  });

  it("makes only what was asked for", async () => {
    const { all } = await make({ namespace: NAMESPACE, dashboards: { folder: "Ours" } });
    const made = all.filter(({ custom }) => custom).map(({ name }) => name);
    assert.deepEqual(made.sort(), [
      "watch-dashboard-platform",
      "watch-dashboard-scalability",
      "watch-dashboard-security",
      "watch-dashboard-sustainability",
    ]);
    assert.equal(all.at(-1)?.inputs.metadata.annotations.grafana_folder, "Ours");
  });

  it("points at what exists instead of installing it", async () => {
    const { all, recording } = await make({
      namespace: NAMESPACE,
      metrics: {
        existing: { namespace: "monitoring", url: "http://prom.monitoring.svc:9090", selectedBy: { release: "kps" } },
      },
      traces: { existingEndpoint: "http://otel.tracing.svc:4318" },
      logs: {
        existing: {
          url: "https://es.example.org:9243",
          username: "mno",
          password: pulumi.secret("a-password-of-length"),
        },
        operatorExists: true,
      },
      alerts: { runbooksUrl: "https://example.org/runbooks" },
    });
    assert.deepEqual(
      all.filter(({ type }) => type.endsWith(":Chart")),
      [],
    );
    const kinds = all.map(({ inputs }) => inputs.kind);
    assert.ok(!kinds.includes("Elasticsearch") && !kinds.includes("Kibana"));
    assert.equal(named(all, "PrometheusRule", "watch-alerts").inputs.metadata.labels.release, "kps");
    assert.deepEqual(named(all, "Beat", "watch-filebeat").inputs.spec.elasticsearchRef, {
      secretName: "watch-elasticsearch",
    });
    const secret = recording.resources.find(({ type }) => type === "kubernetes:core/v1:Secret");
    assert.ok(!JSON.stringify({ ...secret?.inputs, stringData: 0, data: 0 }).includes("a-password-of-length"));
    assert.deepEqual(outputsOf(recording), {
      otlpEndpoint: "http://otel.tracing.svc:4318",
      prometheusUrl: "http://prom.monitoring.svc:9090",
      metricsNamespace: "monitoring",
      elasticsearchUrl: "https://es.example.org:9243",
    });
  });

  it("tells where what it installed answers", async () => {
    const { recording } = await make(EVERYTHING);
    assert.deepEqual(outputsOf(recording), {
      otlpEndpoint: "http://watch-otel-agent.observability.svc:4318",
      prometheusUrl: "http://watch-prometheus.observability.svc:9090",
      metricsNamespace: NAMESPACE,
      elasticsearchUrl: "https://watch-es-http.observability.svc:9200",
    });
  });

  it("keeps what needs the node's folders in a namespace of its own that denies traffic, and says why", async () => {
    const { all } = await make(EVERYTHING);
    const { metadata } = named(all, "Namespace", "watch-nodes").inputs;
    assert.equal(metadata.labels["pod-security.kubernetes.io/enforce"], "privileged");
    assert.match(metadata.annotations["machine-native-ops/opt-out.podSecurity"], /folders of their node/);
    const denial = named(all, "NetworkPolicy", "watch-nodes-default-deny").inputs;
    assert.equal(denial.metadata.namespace, "watch-nodes");
    assert.equal(named(all, "Beat", "watch-filebeat").inputs.metadata.namespace, "watch-nodes");
    const withHostPath = all.filter(
      (r) => JSON.stringify(r.inputs).includes('"hostPath"') && r.inputs.kind !== undefined,
    );
    assert.deepEqual(
      withHostPath.map(({ name }) => name),
      ["watch-filebeat"],
    );
  });

  it("protects what holds data unless told otherwise, and nothing that is only computed", async () => {
    const { all } = await make(EVERYTHING);
    assert.deepEqual(
      all.filter(({ protect }) => protect).map(({ name }) => name),
      ["watch-elasticsearch"],
    );
    assert.equal(
      named(all, "Elasticsearch", "watch-elasticsearch").inputs.spec.volumeClaimDeletePolicy,
      "DeleteOnScaledownOnly",
    );
    const values = named(all, "Chart", "watch-metrics").inputs.values;
    assert.equal(values.prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");

    const open = await make({ ...EVERYTHING, metrics: { protect: false }, logs: { protect: false } });
    assert.deepEqual(
      open.all.filter(({ protect }) => protect),
      [],
    );
    const opened = named(open.all, "Chart", "watch-metrics").inputs.values;
    assert.equal(opened.prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Delete");
  });

  it("keeps Grafana's password secret and out of the chart", async () => {
    const { recording, all } = await make(EVERYTHING);
    const secret = recording.resources.find(({ name }) => name === "watch-grafana-admin");
    assert.match(JSON.stringify(secret?.inputs.stringData), /4dabf18193072939515e22adb298388d/, "marked as secret");
    const { admin } = named(all, "Chart", "watch-metrics").inputs.values.grafana;
    assert.equal(admin.existingSecret, "watch-grafana-admin");
  });

  it("lays the user's values over its own, and takes another chart without the vendor's repository", async () => {
    const { all } = await make({
      namespace: NAMESPACE,
      metrics: { chart: { chart: "./charts/kps", valuesYaml: "prometheus: {prometheusSpec: {retention: 3d}}" } },
    });
    const { inputs } = named(all, "Chart", "watch-metrics");
    assert.equal(inputs.chart, "./charts/kps");
    assert.equal(inputs.version, undefined);
    assert.equal(inputs.repositoryOpts, undefined);
    assert.equal(inputs.values.prometheus.prometheusSpec.retention, "3d");
    assert.equal(inputs.values.prometheus.prometheusSpec.replicas, 2);
  });

  it("lets agents choose a gateway by trace only where traces are sampled", async () => {
    const sampled = await make(EVERYTHING);
    const agent = collectorOf(sampled.all, "watch-otel-agent");
    assert.equal(agent.exporters.loadbalancing.routing_key, "traceID");
    assert.equal(
      agent.exporters.loadbalancing.resolver.dns.hostname,
      "watch-otel-gateway.observability.svc.cluster.local",
    );
    const whole = await make({ namespace: NAMESPACE, traces: TRACES });
    assert.equal(collectorOf(whole.all, "watch-otel-agent").exporters.otlp_grpc.balancer_name, "round_robin");
    assert.equal(named(whole.all, "Service", "watch-otel-gateway").inputs.spec.clusterIP, "None");
    assert.equal(named(whole.all, "Service", "watch-otel-agent").inputs.spec.internalTrafficPolicy, "Local");
  });

  it("leaves the number of gateways to their autoscaler", async () => {
    const { all } = await make(EVERYTHING);
    assert.equal(named(all, "Deployment", "watch-otel-gateway").inputs.spec.replicas, undefined);
    const { minReplicas, maxReplicas } = named(all, "HorizontalPodAutoscaler", "watch-otel-gateway").inputs.spec;
    assert.deepEqual({ minReplicas, maxReplicas }, { minReplicas: 2, maxReplicas: 5 });
  });

  it("says in the object why traffic is not encrypted", async () => {
    const tls = { offBecause: "the ambient mesh encrypts all traffic" };
    const { all } = await make({ namespace: NAMESPACE, traces: { ...TRACES, tls } });
    const { annotations } = named(all, "Deployment", "watch-otel-gateway").inputs.metadata;
    assert.equal(annotations["machine-native-ops/opt-out.tls"], tls.offBecause);
    assert.equal(collectorOf(all, "watch-otel-gateway").receivers.otlp.protocols.grpc.tls, undefined);
  });

  it("names every fault at once", async () => {
    assert.deepEqual(await refused({ namespace: NAMESPACE }), ["metrics, traces, logs, dashboards, alerts"]);
    const faults = await refused({
      namespace: NAMESPACE,
      metrics: { replicas: 0, retentionDays: 0.5, storageBytes: 1, chart: { valuesYaml: "- a list" } },
      traces: {
        exportTo: { endpoint: "http://tempo", plaintextBecause: "no", caSecretName: "ca" },
        minGateways: 3,
        maxGateways: 2,
        tailSampling: { percent: 101 },
      },
      logs: { nodes: 2, memoryBytes: 1, operatorExists: true, operatorChart: {} },
      alerts: { runbooksUrl: "docs/runbooks" },
    });
    assert.deepEqual(faults.sort(), [
      "alerts.runbooksUrl",
      "logs.memoryBytes",
      "logs.nodes",
      "logs.operatorChart",
      "metrics.chart.valuesYaml",
      "metrics.replicas",
      "metrics.retentionDays",
      "metrics.storageBytes",
      "traces.exportTo.caSecretName",
      "traces.exportTo.endpoint",
      "traces.exportTo.plaintextBecause",
      "traces.maxGateways",
      "traces.tailSampling.percent",
      "traces.tls",
    ]);
    const beside = await refused({
      namespace: NAMESPACE,
      metrics: { existing: { namespace: "monitoring" }, replicas: 2 },
      traces: { existingEndpoint: "otel:4318", minGateways: 2 },
      logs: { existing: { url: "http://es", username: "u", password: "p" }, nodes: 3 },
    });
    assert.deepEqual(beside.sort(), [
      "logs.existing.url",
      "logs.nodes",
      "metrics.replicas",
      "traces.existingEndpoint",
      "traces.minGateways",
    ]);
  });

  it("judges what is known only later when it is known", async () => {
    const later = pulumi.output(Promise.resolve("tempo:4317"));
    const { all } = await make({
      namespace: pulumi.output(NAMESPACE),
      traces: { ...TRACES, exportTo: { endpoint: later } },
    });
    assert.equal(collectorOf(all, "watch-otel-gateway").exporters.otlp_grpc.endpoint, "tempo:4317");
  });
});
