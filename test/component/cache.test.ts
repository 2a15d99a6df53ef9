import assert from "node:assert/strict";
import { Cache, type CacheArgs, CacheEviction, CachePersistence } from "../../components";
import { cacheAlerts } from "../../components/cache/alerts";
import { secretFiles } from "../../components/cache/config";
import { layout } from "../../components/cache/pod";
import { startScript } from "../../components/cache/start";
import { validateCache } from "../../components/cache/validate";
import { KubernetesWorkload } from "../../components/workload/kubernetes/workload";
import type { MnoError } from "../../runtime/exports";
import { parseCacheUrl } from "../../runtime/kernel/cache/url";
import { judged, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record } from "../support/recording-monitor";
import { visibleText } from "../support/secrets";

const DIGEST = `@sha256:${"0".repeat(64)}`;
const CANARY = "canary-password-in-the-clear";
const GIB = 1024 ** 3;
const MINIMAL: CacheArgs = { namespace: "data", tls: { issuer: { name: "internal" } } };
const FULL: CacheArgs = {
  ...MINIMAL,
  image: `valkey/valkey:9.1.1${DIGEST}`,
  persistence: CachePersistence.AppendOnly,
  requests: { cpuCores: 1, memoryBytes: GIB },
  memoryFraction: 0.5,
  storageBytes: 4 * GIB,
  eviction: CacheEviction.VolatileTtl,
  password: CANARY,
  metrics: { image: `exporter:1${DIGEST}` },
  labels: { team: "data" },
};

describe("Cache", () => {
  it("makes three pods of a server and a sentinel, spread, with a budget for drains", async () => {
    const recording = await record(() => new Cache("cache", MINIMAL));
    const { spec } = objectOf(recording, "StatefulSet");
    assert.equal(spec.replicas, 3);
    assert.deepEqual(
      spec.template.spec.topologySpreadConstraints.map((each: { topologyKey: string }) => each.topologyKey),
      ["topology.kubernetes.io/zone", "kubernetes.io/hostname"],
    );
    assert.deepEqual(
      spec.template.spec.initContainers.map(({ name }: { name: string }) => name),
      ["sentinel"],
    );
    assert.equal(objectOf(recording, "PodDisruptionBudget").spec.maxUnavailable, 1);
    assert.equal(spec.volumeClaimTemplates, undefined, "nothing is kept by default");
    assert.equal(recording.resources.find(({ type }) => type.endsWith(":Cache"))!.protect, false);
  });

  it("gives clients hosts, a sentinel URL that the kernel reads, and Secrets to refer to", async () => {
    let cache: Cache | undefined;
    const recording = await record(() => (cache = new Cache("cache", { ...MINIMAL, password: CANARY })));
    const outputs = [...recording.outputs.entries()].find(([urn]) => urn.endsWith(":Cache::cache"))![1];
    const { hosts, url, credentialsSecretName, certificateSecretName } = plain(outputs) as Record<string, string>;
    assert.deepEqual(
      hosts,
      [0, 1, 2].map((index) => `cache-${index}.cache-headless.data.svc`),
    );
    assert.deepEqual(parseCacheUrl(url!), {
      sentinel: {
        sentinels: [...hosts].map((host) => ({ host, port: 26379 })),
        primaryName: "mno",
        encrypted: true,
        username: "mno",
        password: CANARY,
      },
    });
    assert.equal(objectNamed(recording, "Secret", credentialsSecretName!).stringData.url, url);
    assert.equal(certificateSecretName, "cache-tls");
    assert.ok(cache!.connections);
    const { spec } = objectOf(recording, "Certificate");
    assert.deepEqual(spec.dnsNames, ["*.cache-headless.data.svc", "cache-headless.data.svc", "localhost"]);
  });

  it("shows no secret in state, given or made", async () => {
    const recording = await record(() => new Cache("cache", FULL));
    const visible = visibleText(recording);
    for (const secret of [CANARY, "random-xxx"]) assert.ok(!visible.includes(secret), secret);
    assert.ok(JSON.stringify(recording.resources.map(({ inputs }) => inputs)).includes(CANARY));
  });

  it("conforms to both policy packs", async () => {
    const recording = await record(() => new Cache("cache", FULL));
    assertConforms([...judged(recording), DENIED]);
  });

  it("puts labels on everything, and monitors what it is asked to", async () => {
    const recording = await record(() => new Cache("cache", FULL));
    for (const { inputs, type } of recording.resources.filter((resource) => resource.type.startsWith("kubernetes:"))) {
      const { metadata } = plain(inputs) as { metadata: { labels: Record<string, string> } };
      assert.equal(metadata.labels["team"], "data", type);
    }
    const alerts = objectOf(recording, "PrometheusRule").spec.groups[0].rules;
    assert.deepEqual(
      alerts.map(({ alert }: { alert: string }) => alert),
      cacheAlerts("cache", 3).map(({ name }) => name),
    );
    assert.equal(objectOf(recording, "PodMonitor").spec.podMetricsEndpoints[0].port, "metrics");
    assert.equal(
      objectOf(recording, "StatefulSet").spec.volumeClaimTemplates[0].spec.resources.requests.storage,
      "4Gi",
    );
  });

  it("lets a workload in by one sentence, to servers and sentinels, not to the exporter", async () => {
    const recording = await record(() => {
      const cache = new Cache("cache", FULL);
      const erm = new KubernetesWorkload("erm", {
        namespace: "mno",
        image: `erm${DIGEST}`,
        requests: { cpuCores: 0.1, memoryBytes: 2 ** 26 },
      });
      erm.connections.allowTo(cache);
    });
    const ports = (name: string, side: "ingress" | "egress"): number[] =>
      objectNamed(recording, "NetworkPolicy", name).spec[side][0].ports.map(({ port }: { port: number }) => port);
    assert.deepEqual(ports("cache-from-erm", "ingress"), [6379, 26379]);
    assert.deepEqual(ports("erm-to-cache", "egress"), [6379, 26379]);
    assert.deepEqual(ports("cache-from-cache", "ingress"), [6379, 26379]);
  });

  it("says why, where TLS is off", async () => {
    const offBecause = "the ambient mesh encrypts all of this namespace";
    const recording = await record(() => new Cache("cache", { ...MINIMAL, tls: { offBecause } }));
    assert.equal(
      objectOf(recording, "StatefulSet").metadata.annotations!["machine-native-ops/opt-out.tls"],
      offBecause,
    );
    assert.equal(objectsOf(recording, "Certificate").length, 0);
    const { stringData } = objectNamed(recording, "Secret", "cache-credentials");
    assert.match(stringData.url, /^redis\+sentinel:/);
  });

  it("writes configurations that keep their promises", () => {
    const passwords = { application: "a", replication: "b", sentinel: "c", exporter: "d" };
    const settings = {
      persistence: CachePersistence.None,
      eviction: CacheEviction.AllKeysLru,
      maxMemoryBytes: 100,
      minReplicasToWrite: 1,
    };
    const files = secretFiles(layout(true), passwords, settings);
    for (const line of [
      "port 0",
      "tls-port 6379",
      "min-replicas-to-write 1",
      'save ""',
      "appendonly no",
      "maxmemory 100",
    ]) {
      assert.ok(files["server.conf"]!.split("\n").includes(line), line);
    }
    assert.match(files["users.acl"]!, /^user default off resetpass -@all$/m);
    assert.match(secretFiles(layout(false), passwords, settings)["server.conf"]!, /^port 6379$/m);
    assert.doesNotMatch(secretFiles(layout(false), passwords, settings)["server.conf"]!, /tls/);
    assert.match(startScript(["one.x", "two.x"], layout(true)), /^hosts="one\.x two\.x"$/m);
  });

  it("refuses what is wrong, all at once, without repeating a password", () => {
    const wrong: CacheArgs = {
      namespace: "data",
      tls: { offBecause: "no" },
      replicas: 4,
      memoryFraction: 1,
      minReplicasToWrite: 4,
      persistence: "forever" as CachePersistence,
      eviction: "random" as CacheEviction,
      requests: { cpuCores: 1, memoryBytes: 1 },
      password: "short s3cret",
    };
    assert.throws(
      () => new Cache("Not a name", wrong),
      (error: MnoError) => {
        assert.equal(error.code, "MNO_COMPONENT_ARGS_INVALID");
        assert.deepEqual(error.faults.map(({ field }) => field).sort(), [
          ...["eviction", "memoryFraction", "minReplicasToWrite", "name", "password", "persistence", "replicas"],
          ...["requests.memoryBytes", "storageBytes", "tls.offBecause"],
        ]);
        assert.ok(!error.message.includes("s3cret"));
        return true;
      },
    );
    const persistent = {
      ...MINIMAL,
      persistence: CachePersistence.Snapshot,
      requests: { cpuCores: 1, memoryBytes: GIB },
    };
    const fields = (args: CacheArgs): string[] => validateCache("cache", args).map(({ field }) => field);
    assert.deepEqual(fields({ ...persistent, storageBytes: GIB }), ["storageBytes"]);
    assert.deepEqual(fields({ ...persistent, storageBytes: 2 * GIB }), []);
    assert.deepEqual(fields({ ...MINIMAL, storageBytes: GIB }), ["storageBytes"]);
    assert.deepEqual(fields({ ...MINIMAL, tls: {} }), ["tls"]);
    assert.deepEqual(fields({ ...MINIMAL, tls: { secretName: "a", issuer: { name: "b" } } }), ["tls"]);
  });
});

/** The namespace's own, which whoever makes the namespace declares. */
const DENIED = {
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "default-deny",
  props: { metadata: { namespace: "data" }, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};
