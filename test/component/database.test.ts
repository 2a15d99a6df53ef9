import assert from "node:assert/strict";
import { Database, type DatabaseArgs, DataDurability, MeshKind, PoolMode } from "../../components";
import { validateDatabase } from "../../components/storage/validate";
import { KubernetesWorkload } from "../../components/workload/kubernetes/workload";
import { ZoneSpread } from "../../components/workload/kubernetes/types";
import type { MnoError } from "../../runtime/exports";
import { judged, type KubernetesObject, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record } from "../support/recording-monitor";

const GIB = 1024 ** 3;
const STORE = { destinationPath: "s3://backups/mno", cidrs: ["203.0.113.0/24"] };
const MINIMAL: DatabaseArgs = { namespace: "data", storageBytes: 100 * GIB, backup: { store: STORE } };
const FULL: DatabaseArgs = {
  ...MINIMAL,
  instances: 5,
  zoneSpread: ZoneSpread.Required,
  durability: DataDurability.Preferred,
  image: "ghcr.io/cloudnative-pg/postgresql:18",
  requests: { cpuCores: 2, memoryBytes: 4 * GIB },
  walStorageBytes: 10 * GIB,
  storageClassName: "fast",
  parameters: { max_connections: "300" },
  pooler: { mode: PoolMode.Transaction, instances: 3 },
  backup: {
    store: { ...STORE, endpointUrl: "https://minio.example.com:9000", credentialsSecretName: "minio" },
    schedule: "30 1 * * 7",
    retentionDays: 60,
  },
  serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/backups" },
  metrics: true,
  priorityClassName: "data",
  labels: { team: "data" },
};
const REPLICATION = { primary: "east", peer: "east", peerStore: { destinationPath: "gs://east/mno" } };

const loadModels = () => import("@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1");

const made = (args: DatabaseArgs, name = "db") => record(() => new Database(name, args));

describe("Database", () => {
  /** CloudNativePG's own schemas: what fits them is schema-checked, not judged by an API server. */
  let models: Awaited<ReturnType<typeof loadModels>>;
  before(async () => {
    models = await loadModels();
  });

  for (const [what, args] of Object.entries({
    minimal: MINIMAL,
    full: FULL,
    restored: { ...MINIMAL, restore: { store: STORE, serverName: "old", targetTime: "2026-11-23T10:00:00Z" } },
    "a replica": { ...MINIMAL, replication: REPLICATION },
    alone: { namespace: "data", storageBytes: GIB, instances: 1, noBackupBecause: "filled anew by every test run" },
  } satisfies Record<string, DatabaseArgs>)) {
    it(`makes objects that fit CloudNativePG's schemas: ${what}`, async () => {
      const recording = await made(args);
      for (const kind of ["Cluster", "ScheduledBackup", "Pooler"] as const) {
        for (const object of objectsOf(recording, kind)) new models[kind](object as never).validate();
      }
      assert.equal(objectsOf(recording, "Cluster").length, 1);
    });
  }

  for (const [scheme, expected] of Object.entries({
    gs: ["169.254.169.252/32 987,988", "169.254.169.254/32 80"],
    s3: ["169.254.170.23/32 80"],
  })) {
    it(`reaches the server of its identity only where no Secret is given: ${scheme}`, async () => {
      const linkLocal = async (credentialsSecretName?: string): Promise<string[]> => {
        const store = {
          ...STORE,
          destinationPath: `${scheme}://backups`,
          ...(credentialsSecretName && { credentialsSecretName }),
        };
        return objectsOf(await made({ ...MINIMAL, backup: { store } }), "NetworkPolicy")
          .flatMap(({ spec }) => spec.egress ?? [])
          .filter(({ to }) => to?.[0]?.ipBlock?.cidr.startsWith("169.254.1") && to.length === 1)
          .map(({ to, ports }) => `${to[0].ipBlock.cidr} ${ports.map((each: { port: number }) => each.port).join(",")}`)
          .sort();
      };
      assert.deepEqual(await linkLocal(), expected);
      assert.deepEqual(await linkLocal("keys"), []);
    });
  }

  it("would be told by the schemas of what does not fit", async () => {
    const cluster = objectOf(await made(MINIMAL), "Cluster");
    cluster.spec.affinity.enablePodAntiAffinity = "yes";
    assert.throws(() => new models.Cluster(cluster as never).validate(), /enablePodAntiAffinity/);
  });

  it("is three servers over zones that lose no commit in a failover, and protected", async () => {
    const recording = await made(MINIMAL);
    const { spec } = objectOf(recording, "Cluster");
    assert.equal(spec.instances, 3);
    assert.deepEqual(spec.affinity, {
      enablePodAntiAffinity: true,
      topologyKey: "topology.kubernetes.io/zone",
      podAntiAffinityType: "preferred",
    });
    assert.deepEqual(spec.postgresql.synchronous, {
      method: "any",
      number: 1,
      dataDurability: "required",
      failoverQuorum: true,
    });
    assert.deepEqual([spec.storage.size, spec.walStorage.size], ["100Gi", "25Gi"]);
    assert.equal(spec.enableSuperuserAccess, false);
    const cluster = recording.resources.find(({ type }) => type.endsWith("/v1:Cluster"));
    assert.equal(cluster?.protect, true);
    const open = await made({ ...MINIMAL, protect: false });
    assert.equal(open.resources.find(({ type }) => type.endsWith("/v1:Cluster"))?.protect, false);
  });

  it("backs up by the plugin, never by what CloudNativePG has deprecated", async () => {
    const recording = await made(FULL);
    const { spec } = objectOf(recording, "Cluster");
    assert.deepEqual(spec.plugins, [
      {
        name: "barman-cloud.cloudnative-pg.io",
        isWALArchiver: true,
        parameters: { barmanObjectName: "db-backups", serverName: "db" },
      },
    ]);
    assert.equal(spec.backup, undefined);
    assert.doesNotMatch(JSON.stringify(spec), /barmanObjectStore|enablePodMonitor/);
    assert.equal(objectOf(recording, "ScheduledBackup").spec.schedule, "0 30 1 * * 0");
    assert.equal(objectOf(recording, "ScheduledBackup").spec.method, "plugin");
    assert.deepEqual(objectOf(recording, "ObjectStore").spec, {
      retentionPolicy: "60d",
      instanceSidecarConfiguration: {
        resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "512Mi" } },
      },
      configuration: {
        destinationPath: "s3://backups/mno",
        endpointURL: "https://minio.example.com:9000",
        s3Credentials: {
          accessKeyId: { name: "minio", key: "ACCESS_KEY_ID" },
          secretAccessKey: { name: "minio", key: "ACCESS_SECRET_KEY" },
        },
        wal: { compression: "gzip", maxParallel: 4 },
        data: { compression: "gzip", jobs: 2 },
      },
    });
  });

  it("restores as a new database with an archive of its own", async () => {
    const restore = { store: STORE, serverName: "old", targetTime: "2026-11-23T10:00:00Z" };
    const { spec } = objectOf(await made({ ...MINIMAL, restore }), "Cluster");
    assert.deepEqual(spec.bootstrap.recovery, {
      source: "origin",
      database: "mno",
      owner: "mno",
      recoveryTarget: { targetTime: "2026-11-23T10:00:00Z" },
    });
    assert.deepEqual(spec.externalClusters[0].plugin.parameters, { barmanObjectName: "db-origin", serverName: "old" });
    assert.equal(spec.plugins[0].parameters.serverName, "db");
    const faults = validateDatabase("db", { ...MINIMAL, restore: { ...restore, serverName: "db" } });
    assert.deepEqual(
      faults.map(({ field }) => field),
      ["restore.serverName"],
    );
  });

  it("follows a primary in another region, and takes over by one argument", async () => {
    const follower = objectOf(await made({ ...MINIMAL, replication: REPLICATION }, "west"), "Cluster").spec;
    assert.deepEqual(follower.replica, { self: "west", primary: "east", source: "east" });
    assert.equal(follower.bootstrap.recovery.source, "east");
    assert.deepEqual(
      follower.externalClusters.map(({ name }: { name: string }) => name),
      ["west", "east"],
    );
    const promoted = { ...REPLICATION, primary: "west", promotionToken: "token" };
    const leader = objectOf(await made({ ...MINIMAL, replication: promoted }, "west"), "Cluster").spec;
    assert.deepEqual(leader.replica, { self: "west", primary: "west", source: "east", promotionToken: "token" });
  });

  it("tells where its URL is, and never the URL", async () => {
    const recording = await made(FULL);
    const outputs = plain([...recording.outputs.entries()].find(([urn]) => urn.endsWith(":Database::db"))![1]);
    assert.deepEqual(outputs, {
      host: "db-rw.data.svc",
      readOnlyHost: "db-ro.data.svc",
      poolerHost: "db-pooler.data.svc",
      secretName: "db-app",
      urlSecret: { secretName: "db-app", key: "uri" },
    });
    assert.equal(objectsOf(recording, "Secret").length, 0, "the operator makes the only Secret");
  });

  it("conforms to both policy packs, with labels on everything", async () => {
    const recording = await made(FULL);
    assertConforms(judged(recording));
    for (const { inputs, type } of recording.resources.filter((resource) => resource.type.startsWith("kubernetes:"))) {
      const { metadata } = plain(inputs) as { metadata: { labels: Record<string, string> } };
      assert.equal(metadata.labels["team"], "data", type);
    }
    const { spec } = objectOf(recording, "Cluster");
    assert.deepEqual(spec.inheritedMetadata.labels, { team: "data" });
  });

  it("denies all but itself, its operator, its store and who is allowed", async () => {
    const recording = await record(() => {
      const database = new Database("db", FULL);
      const erm = new KubernetesWorkload("erm", {
        namespace: "mno",
        image: `erm@sha256:${"0".repeat(64)}`,
        requests: { cpuCores: 0.1, memoryBytes: 2 ** 26 },
      });
      erm.connections.allowTo(database);
    });
    const policy = (name: string): KubernetesObject["spec"] => objectNamed(recording, "NetworkPolicy", name).spec;
    const tcp = (...ports: number[]): object[] => ports.map((port) => ({ protocol: "TCP", port }));
    assert.deepEqual(policy("db").policyTypes, ["Ingress", "Egress"]);
    assert.deepEqual(policy("db-from-erm").podSelector.matchLabels, { "cnpg.io/cluster": "db" });
    assert.deepEqual(policy("db-from-erm").ingress[0].ports, tcp(5432));
    assert.deepEqual(policy("db-from-namespace-cnpg-system-postgres-status").ingress[0].ports, tcp(5432, 8000));
    assert.deepEqual(policy("db-to-203.0.113.0-24-9000").egress[0].ports, tcp(9000));
    assert.deepEqual(policy("db-to-api-server").egress[0].ports, tcp(443, 6443));
    const template = objectOf(recording, "Pooler").spec.template;
    assert.equal(template.metadata.labels["cnpg.io/cluster"], "db", "the policies hold for the pooler too");
  });

  it("alarms when a backup is missing, by its own schedule", async () => {
    const alert = async (schedule: string): Promise<string> => {
      const recording = await made({ ...FULL, backup: { store: STORE, schedule } });
      const { rules } = objectOf(recording, "PrometheusRule").spec.groups[0];
      return rules.find((rule: { alert: string }) => rule.alert === "DatabaseBackupTooOld").expr as string;
    };
    assert.match(await alert("0 2 * * *"), / > 129600$/);
    assert.match(await alert("0 2 * * 0"), / > 907200$/);
  });

  it("refuses a pooler in a mesh, whose identity the servers do not let in", () => {
    const faults = validateDatabase("db", { ...MINIMAL, pooler: {}, mesh: MeshKind.IstioAmbient });
    assert.deepEqual(
      faults.map(({ field }) => field),
      ["pooler"],
    );
  });

  it("refuses what is wrong, all at once", () => {
    assert.throws(
      () =>
        new Database("db", {
          namespace: "data",
          instances: 1,
          durability: DataDurability.Required,
          storageBytes: 1,
          walStorageBytes: 1,
          database: "postgres",
          requests: { cpuCores: 1, memoryBytes: 1 },
          pooler: { instances: 0, mode: "statement" as PoolMode },
          backup: {
            store: { destinationPath: "/tmp", endpointUrl: "http://x", cidrs: ["x"] },
            schedule: "daily",
            retentionDays: 0,
          },
          noBackupBecause: "no",
          restore: { store: STORE, serverName: "db", targetTime: "yesterday" },
          replication: { ...REPLICATION, peer: "db" },
        }),
      (error: MnoError) => {
        assert.equal(error.code, "MNO_COMPONENT_ARGS_INVALID");
        assert.deepEqual(
          error.faults.map(({ field }) => field),
          [
            ...["pooler.mode", "durability", "storageBytes", "walStorageBytes", "database", "requests.memoryBytes"],
            ...["pooler.instances", "backup", "noBackupBecause", "backup.store.destinationPath"],
            ...["backup.store.endpointUrl", "backup.store.cidrs", "backup.schedule", "backup.retentionDays"],
            ...["restore.serverName", "restore.targetTime", "replication", "replication.peer", "replication.primary"],
          ],
        );
        return true;
      },
    );
    const { backup: _, ...without } = MINIMAL;
    assert.deepEqual(
      validateDatabase("db", without).map(({ field }) => field),
      ["backup"],
    );
  });
});
