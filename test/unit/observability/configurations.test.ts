import assert from "node:assert/strict";
import { filebeatConfig, lifecyclePolicy } from "../../../components/observability/logs/filebeat-config";
import { metricsValues, type MetricsSettings } from "../../../components/observability/metrics/chart-values";
import { agentConfig, type Config, gatewayConfig } from "../../../components/observability/traces/collector-config";
import { overlay } from "../../../components/observability/values";
import { createLogger } from "../../../runtime/kernel/telemetry/logs";

/* eslint-disable @typescript-eslint/no-explicit-any -- configurations are judged member by member */

const SAMPLING = { decisionWaitSeconds: 10, slowerThanMilliseconds: 500, percent: 5 };
const GATEWAY = { endpoint: "tempo:4317", plaintext: false, targetCa: true, authorization: true, tls: true };
const COLLECTORS: Record<string, Config> = {
  agent: agentConfig({ gatewayHost: "gateway.obs", byTrace: false, tls: true }),
  "agent by trace": agentConfig({ gatewayHost: "gateway.obs", byTrace: true, tls: true }),
  "agent in plain text": agentConfig({ gatewayHost: "gateway.obs", byTrace: false, tls: false }),
  gateway: gatewayConfig(GATEWAY),
  "gateway that samples": gatewayConfig({ ...GATEWAY, sampling: SAMPLING }),
  "gateway in plain text": gatewayConfig({
    ...GATEWAY,
    plaintext: true,
    targetCa: false,
    authorization: false,
    tls: false,
  }),
};

describe("collector configuration", () => {
  for (const [name, config] of Object.entries(COLLECTORS)) {
    describe(name, () => {
      const { service, ...parts } = config as any;

      it("limits memory before anything else, in every pipeline", () => {
        const pipelines: any[] = Object.values(service.pipelines);
        assert.ok(pipelines.length > 0);
        for (const { processors } of pipelines) assert.equal(processors[0], "memory_limiter");
        const { limit_percentage: limit, spike_limit_percentage: spike } = parts.processors.memory_limiter;
        assert.ok(spike < limit && limit < 100, "the soft limit is above zero and the hard one below the pod's");
      });

      it("defines what its pipelines name, and names what it defines", () => {
        const pipelines: any[] = Object.values(service.pipelines);
        for (const kind of ["receivers", "processors", "exporters"]) {
          assert.deepEqual(new Set(pipelines.flatMap((p) => p[kind])), new Set(Object.keys(parts[kind])), kind);
        }
        assert.deepEqual(service.extensions, Object.keys(parts.extensions));
      });

      it("batches, queues and tries again in the exporter, and nowhere before it", () => {
        assert.ok(!("batch" in parts.processors));
        for (const exporter of Object.values<any>(parts.exporters)) {
          assert.equal(exporter.retry_on_failure.enabled, true);
          assert.equal(exporter.sending_queue.enabled, true);
          const { batch, queue_size: size, sizer } = exporter.sending_queue;
          assert.equal(sizer, "items");
          assert.ok(batch.min_size <= batch.max_size && batch.max_size <= size);
        }
      });

      it("listens at the pod's own address only", () => {
        const text = JSON.stringify(config);
        assert.ok(!text.includes("0.0.0.0"));
        assert.match(parts.receivers.otlp.protocols.grpc.endpoint, /^\$\{env:POD_IP\}:4317$/);
      });
    });
  }

  it("has both sides of the way to the gateway show a certificate", () => {
    const agent = COLLECTORS.agent as any;
    const { tls } = agent.exporters.otlp_grpc;
    assert.deepEqual(
      [tls.cert_file, tls.ca_file, tls.min_version],
      ["/etc/otel/tls/tls.crt", "/etc/otel/tls/ca.crt", "1.3"],
    );
    assert.equal(tls.server_name_override, "gateway.obs");
    const server = (COLLECTORS.gateway as any).receivers.otlp.protocols.grpc.tls;
    assert.equal(server.client_ca_file, "/etc/otel/tls/ca.crt");
    assert.equal(
      (COLLECTORS["agent by trace"] as any).exporters.loadbalancing.protocol.otlp.tls.cert_file,
      tls.cert_file,
    );
  });

  it("turns verification off nowhere, and encryption only where told", () => {
    for (const [name, config] of Object.entries(COLLECTORS)) {
      const text = JSON.stringify(config);
      assert.ok(!text.includes("insecure_skip_verify"), name);
      assert.equal(text.includes('"insecure":true'), name.includes("plain text"), name);
    }
  });

  it("names secrets and never holds them", () => {
    assert.equal((COLLECTORS.gateway as any).exporters.otlp_grpc.headers.authorization, "${env:OTLP_AUTHORIZATION}");
  });

  it("keeps every trace with an error or too slow, and a share of the others", () => {
    const { policies, decision_wait: wait } = (COLLECTORS["gateway that samples"] as any).processors.tail_sampling;
    assert.equal(wait, "10s");
    assert.deepEqual(
      policies.map((policy: any) => policy.type),
      ["status_code", "latency", "probabilistic"],
    );
    assert.equal(policies[1].latency.threshold_ms, 500);
    assert.equal(policies[2].probabilistic.sampling_percentage, 5);
  });
});

describe("Filebeat configuration", () => {
  const provider = (filebeatConfig() as any).filebeat.autodiscover.providers[0];
  const [ours] = provider.templates[0].config;

  it("reads lines of our pods as the JSON that the runtime writes", () => {
    const { ndjson } = ours.parsers[1];
    let line = "";
    createLogger("mno-test", "INFO", { write: (text) => (line += text) }).info({ target: "all" }, "it answers");
    assert.equal(line.split("\n").length, 2, "one line for each entry, or the parser would see halves");
    const entry = JSON.parse(line) as Record<string, unknown>;
    for (const key of ["@timestamp", "log.level", "message", "ecs.version"])
      assert.ok(key in entry, `no ${key} in ${line}`);
    // Keys with dots are members only when expanded, at the root, over Filebeat's own.
    assert.deepEqual([ndjson.target, ndjson.expand_keys, ndjson.overwrite_keys], ["", true, true]);
  });

  it("chooses our pods by the label that components put on them", () => {
    assert.deepEqual(provider.templates[0].condition.equals, {
      "kubernetes.labels.app_kubernetes_io/part-of": "machine-native-ops",
    });
  });

  it("takes the container's framing off first, and keeps lines of others as text", () => {
    assert.deepEqual(
      ours.parsers.map((parser: object) => Object.keys(parser)[0]),
      ["container", "ndjson"],
    );
    assert.deepEqual(provider.hints.default_config.parsers, [{ container: {} }]);
  });

  it("tells files by their contents, because rotation renames them", () => {
    for (const input of [ours, provider.hints.default_config]) {
      assert.equal(input.type, "filestream");
      assert.deepEqual(input.file_identity, { fingerprint: {} });
      assert.deepEqual(input.prospector.scanner, { symlinks: true, fingerprint: { enabled: true } });
      assert.match(input.id, /\$\{data\.kubernetes\.container\.id\}/);
    }
  });

  it("deletes what is older than asked", () => {
    assert.equal((lifecyclePolicy(12) as any).policy.phases.delete.min_age, "12d");
  });
});

describe("values of kube-prometheus-stack", () => {
  const settings: MetricsSettings = {
    name: "watch",
    nodesNamespace: "watch-nodes",
    labels: {},
    replicas: 2,
    retentionDays: 15,
    storageBytes: 100 * 1024 ** 3,
    grafanaSecretName: "watch-admin",
    protect: true,
  };
  const values = metricsValues(settings) as any;

  it("scrapes and judges what any namespace declares", () => {
    const spec = values.prometheus.prometheusSpec;
    for (const kind of ["serviceMonitor", "podMonitor", "rule", "probe", "scrapeConfig"]) {
      assert.equal(spec[`${kind}SelectorNilUsesHelmValues`], false, kind);
    }
  });

  it("survives the loss of one of each, and never blocks maintenance of a single one", () => {
    assert.equal(values.prometheus.prometheusSpec.replicas, 2);
    assert.deepEqual(values.prometheus.podDisruptionBudget, { enabled: true, minAvailable: 1 });
    assert.deepEqual(values.alertmanager.podDisruptionBudget, { enabled: true, minAvailable: 2 });
    assert.deepEqual((metricsValues({ ...settings, replicas: 1 }) as any).prometheus.podDisruptionBudget, {
      enabled: false,
    });
  });

  it("keeps a tenth of the disk free", () => {
    assert.equal(values.prometheus.prometheusSpec.retentionSize, `${String(90 * 1024)}MB`);
  });

  it("pins every image that it names", () => {
    const images: any[] = [];
    JSON.stringify(values, (key, value: unknown) => {
      if (key === "image") images.push(value);
      return value;
    });
    assert.equal(images.length, 8);
    for (const image of images) assert.match(image.sha ?? image.digest, /^(sha256:)?[0-9a-f]{64}$/);
  });

  it("leaves node exporter out of the node's namespaces", () => {
    const exporter = values["prometheus-node-exporter"];
    assert.deepEqual(
      [exporter.hostNetwork, exporter.hostPID, exporter.namespaceOverride],
      [false, false, "watch-nodes"],
    );
  });

  it("needs no hook, no generated password and no definitions of its own", () => {
    assert.equal(values.crds.enabled, false);
    assert.equal(values.prometheusOperator.admissionWebhooks.enabled, false);
    assert.equal(values.grafana.admin.existingSecret, "watch-admin");
    const { grafanaSecretName: _none, ...without } = settings;
    assert.deepEqual((metricsValues(without) as any).grafana, { enabled: false });
  });
});

describe("overlay of chart values", () => {
  it("merges maps and replaces everything else, as Helm does", () => {
    const ours = { a: { b: 1, c: [1, 2] }, d: "x" };
    assert.deepEqual(overlay(ours, "a: {c: [3]}\ne: true"), { a: { b: 1, c: [3] }, d: "x", e: true });
    assert.deepEqual(overlay(ours, undefined), ours);
    assert.deepEqual(overlay(ours, "d: {f: 1}"), { a: { b: 1, c: [1, 2] }, d: { f: 1 } });
    assert.deepEqual(overlay(ours, ""), ours);
    assert.deepEqual(ours, { a: { b: 1, c: [1, 2] }, d: "x" }, "and changes nothing in place");
  });

  it("refuses what is no map", () => {
    for (const yaml of ["- 1", "text", "a: [", "1"])
      assert.throws(() => overlay({}, yaml), { code: "MNO_COMPONENT_ARGS_INVALID" });
  });
});
