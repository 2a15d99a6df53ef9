import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { AgentTarget, KubernetesAgent, type KubernetesAgentArgs, KubernetesNamespace } from "../../components";
import { agentWorkload, validateKubernetesAgent } from "../../components/workload/kubernetes/agent-workload";
import { keysOf } from "../../components/workload/inputs";
import { AGENT_PERMISSIONS, ENGINE_NAMES } from "../../runtime/exports";
import { KERNEL_CONFIGURATION } from "../../runtime/kernel/config";
import { judged, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { record, type Recording } from "../support/recording-monitor";
import { visibleText } from "../support/secrets";

const BASE: KubernetesAgentArgs = { namespace: "mno", image: `registry.example/mno:1@sha256:${"ab".repeat(32)}` };
const EMBEDDED: KubernetesAgentArgs = { ...BASE, storage: { sizeBytes: 2 ** 30 } };
const EXTERNAL: KubernetesAgentArgs = {
  ...BASE,
  target: AgentTarget.AutoScalingEngine,
  databaseUrl: "postgres://mno:canary-5d1f0c@db/mno",
  busUrl: "nats://bus:4222",
};

function make(args: KubernetesAgentArgs): Promise<Recording> {
  return record(() => {
    new KubernetesAgent("erm", args);
  });
}

describe("KubernetesAgent", () => {
  it("keeps embedded state on a disk, with one replica", async () => {
    const { spec } = objectOf(await make(EMBEDDED), "StatefulSet");
    assert.equal(spec.replicas, 1);
    assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "1Gi");
    const [container] = spec.template.spec.containers;
    const folder = container.env.find(({ name }: { name: string }) => name === "MNO_STATE_DIR").value;
    const mounted = container.volumeMounts.find(({ name }: { name: string }) => name === "state").mountPath;
    assert.equal(mounted, folder);
  });

  it("loses it with the pod only where that was said to be right", async () => {
    const recording = await make({ ...BASE, ephemeralState: "a demonstration" });
    const { metadata, spec } = objectOf(recording, "Deployment");
    assert.equal(metadata.annotations?.["machine-native-ops/ephemeral-state"], "a demonstration");
    assert.equal(spec.replicas, 1);
    assert.ok(spec.template.spec.volumes.some(({ name }: { name: string }) => name === "state"));
  });

  it("runs one engine in two replicas where all state is elsewhere", async () => {
    const recording = await make(EXTERNAL);
    const { spec } = objectOf(recording, "Deployment");
    assert.equal(spec.replicas, 2);
    assert.deepEqual(spec.template.spec.containers[0].args, ["--target", "auto-scaling-engine"]);
    assert.equal(objectsOf(recording, "PodDisruptionBudget").length, 1);
  });

  it("serves over TLS whom its own authority signed, and is asked and scraped so", async () => {
    const recording = await make({ ...EXTERNAL, tls: { secretName: "erm-tls" }, monitoringNamespace: "monitoring" });
    const [container] = objectOf(recording, "Deployment").spec.template.spec.containers;
    const value = (name: string): string =>
      container.env.find((each: { name: string }) => each.name === name)?.value ?? "";
    const mounted = (file: string): string[] =>
      objectOf(recording, "Deployment").spec.template.spec.volumes.flatMap(
        (volume: { name: string; secret?: { secretName: string; items: { key: string }[] } }) =>
          container.volumeMounts
            .filter((mount: { name: string }) => mount.name === volume.name)
            .flatMap(({ mountPath }: { mountPath: string }) =>
              (volume.secret?.items ?? [])
                .filter(({ key }) => `${mountPath}/${key}` === file)
                .map(({ key }) => `${volume.secret?.secretName ?? ""}/${key}`),
            ),
      );
    assert.deepEqual(mounted(value("MNO_HTTP_TLS_CERTIFICATE_FILE")), ["erm-tls/tls.crt"]);
    assert.deepEqual(mounted(value("MNO_HTTP_TLS_KEY_FILE")), ["erm-tls/tls.key"]);
    assert.deepEqual(mounted(value("NODE_EXTRA_CA_CERTS")), ["erm-tls/ca.crt"]);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      assert.equal(container[probe].httpGet.scheme, "HTTPS", probe);
    }
    assert.equal(objectOf(recording, "Service").spec.ports[0].appProtocol, "https");
    const [endpoint] = objectOf(recording, "PodMonitor").spec.podMetricsEndpoints;
    assert.deepEqual(
      [endpoint.scheme, endpoint.tlsConfig],
      ["https", { serverName: "erm.mno.svc", ca: { secret: { name: "erm-tls", key: "ca.crt" } } }],
    );
  });

  it("may do at the API what its engines need, and nothing else", async () => {
    const strip = (list: readonly { reason: string }[]): object[] => list.map(({ reason: _reason, ...rule }) => rule);
    const one = await make(EXTERNAL);
    const engine = AGENT_PERMISSIONS["auto-scaling-engine"];
    assert.deepEqual(objectOf(one, "Role").rules, strip(engine.namespaced));
    assert.equal(objectsOf(one, "ClusterRole").length, engine.clusterWide.length > 0 ? 1 : 0);
    const all = await make(EMBEDDED);
    const every = ENGINE_NAMES.map((name) => AGENT_PERMISSIONS[name]);
    assert.deepEqual(objectOf(all, "Role").rules, strip(every.flatMap(({ namespaced }) => namespaced)));
    assert.deepEqual(objectOf(all, "ClusterRole").rules, strip(every.flatMap(({ clusterWide }) => clusterWide)));
  });

  it("holds its rights in the namespace that it acts upon, under a name that no other agent's takes", async () => {
    const recording = await make({ ...EXTERNAL, clusterUrl: "kubernetes:shop?image=x" });
    assert.deepEqual(
      [objectOf(recording, "Role").metadata.namespace, objectOf(recording, "Role").metadata.name],
      ["shop", "mno-erm"],
    );
    assert.deepEqual(objectOf(recording, "RoleBinding").subjects[0].namespace, "mno");
    const { env } = objectOf(recording, "Deployment").spec.template.spec.containers[0];
    assert.ok(env.some(({ value }: { value: string }) => value === "kubernetes:shop?image=x"));
  });

  it("reaches the API server, and says where Prometheus comes from only when there is one", async () => {
    const recording = await make({ ...EXTERNAL, apiServerCidrs: ["10.0.0.0/28"] });
    const { spec } = objectNamed(recording, "NetworkPolicy", "erm-to-api-server");
    assert.deepEqual(spec.egress[0].to, [{ ipBlock: { cidr: "10.0.0.0/28" } }]);
    assert.equal(objectsOf(recording, "PodMonitor").length, 0);
    const watched = await make({ ...EXTERNAL, monitoringNamespace: "observability" });
    assert.deepEqual(objectOf(watched, "PodMonitor").spec.podMetricsEndpoints, [{ port: "http", path: "/metrics" }]);
    assert.ok(objectNamed(watched, "NetworkPolicy", "erm-from-namespace-observability-http"));
  });

  it("listens for the whole cluster, so that writes need a token: the one given, or one that it makes", async () => {
    let token: string | undefined;
    let secret = false;
    const recording = await record(() => {
      const { apiToken } = new KubernetesAgent("erm", { ...EMBEDDED, apiToken: "canary-5d1f0c-token" });
      apiToken.apply((value) => (token = value));
      void pulumi.isSecret(apiToken).then((is) => (secret = is));
    });
    assert.equal(token, "canary-5d1f0c-token");
    assert.ok(secret);
    assert.equal(objectOf(recording, "Secret").stringData.MNO_API_TOKEN, token);
    const made = await make(EMBEDDED);
    assert.ok(made.resources.some(({ type }) => type === "random:index/randomPassword:RandomPassword"));
  });

  it("keeps URLs and tokens out of plain state, however they were given", async () => {
    const recording = await make({ ...EXTERNAL, apiToken: "canary-5d1f0c-token" });
    assert.ok(!visibleText(recording).includes("canary-5d1f0c"));
    assert.equal(objectOf(recording, "Secret").stringData.MNO_DATABASE_URL, EXTERNAL.databaseUrl);
  });

  it("sets only variables that the runtime knows", () => {
    const { environment, secretEnvironment } = agentWorkload(
      { ...EXTERNAL, cacheUrl: "redis://c", otlpEndpoint: "http://o" },
      "t",
    );
    const known = Object.keys(KERNEL_CONFIGURATION.properties);
    for (const name of [environment, secretEnvironment].flatMap(keysOf)) assert.ok(known.includes(name), name);
  });

  it("meets both policy packs, embedded and external", async () => {
    for (const args of [EMBEDDED, EXTERNAL]) {
      const recording = await record(() => {
        const { namespaceName } = new KubernetesNamespace("mno", {});
        new KubernetesAgent("erm", { ...args, namespace: namespaceName });
      });
      assertConforms(judged(recording));
    }
  });
});

describe("validateKubernetesAgent", () => {
  it("finds nothing wrong with what is valid", () => {
    const referred = ["MNO_DATABASE_URL", "MNO_BUS_URL"].map((variable) => ({ variable, secretName: "s", key: "uri" }));
    const { databaseUrl: _one, busUrl: _two, ...rest } = EXTERNAL;
    for (const args of [EMBEDDED, EXTERNAL, { ...rest, replicas: 3, secretReferences: referred }]) {
      assert.deepEqual(validateKubernetesAgent(args), []);
    }
  });

  const wrong: [string, KubernetesAgentArgs, string][] = [
    ["embedded state without a place", BASE, "storage"],
    ["two places for state", { ...EMBEDDED, ephemeralState: "x" }, "storage"],
    ["a place for no state", { ...EXTERNAL, storage: { sizeBytes: 1 } }, "storage"],
    ["no reason to lose state", { ...BASE, ephemeralState: " " }, "ephemeralState"],
    ["an engine alone with its events", { ...EMBEDDED, target: AgentTarget.AutoScalingEngine }, "target"],
    ["an engine that is none", { ...EXTERNAL, target: "supervisor" as AgentTarget }, "target"],
    ["two replicas of embedded state", { ...EMBEDDED, replicas: 2 }, "replicas"],
    ["a cluster that is this machine", { ...EMBEDDED, clusterUrl: "local:/x" }, "clusterUrl"],
    ["a short token", { ...EMBEDDED, apiToken: "short" }, "apiToken"],
    ["a variable with an argument", { ...EMBEDDED, configuration: { MNO_BUS_URL: "nats://x" } }, "configuration"],
    ["an address that is no range", { ...EMBEDDED, apiServerCidrs: ["10.0.0.1"] }, "apiServerCidrs"],
    ["no address at all", { ...EMBEDDED, apiServerCidrs: [] }, "apiServerCidrs"],
    ["protection of nothing", { ...EXTERNAL, protect: false }, "protect"],
  ];
  for (const [what, args, field] of wrong) {
    it(`names ${field} for ${what}`, () => {
      assert.deepEqual(
        validateKubernetesAgent(args).map((fault) => fault.field),
        [field],
      );
    });
  }
});
