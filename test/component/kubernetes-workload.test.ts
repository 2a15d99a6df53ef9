import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { KubernetesNamespace } from "../../components/compute/kubernetes-namespace";
import { MeshKind } from "../../components/mesh/kinds";
import { Scaler } from "../../components/workload/kubernetes/autoscaling-types";
import { AlertSeverity, OptOutSetting } from "../../components/workload/kubernetes/operation-types";
import { bytesQuantity, cpuQuantity } from "../../components/workload/kubernetes/quantities";
import {
  type KubernetesWorkloadArgs,
  KubernetesWorkloadKind,
  ZoneSpread,
} from "../../components/workload/kubernetes/types";
import { validateKubernetesWorkload } from "../../components/workload/kubernetes/validate";
import { KubernetesWorkload } from "../../components/workload/kubernetes/workload";
import { judged, kubernetesRegistrations, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { record, type Recording } from "../support/recording-monitor";
import { visibleText } from "../support/secrets";

const MIB = 2 ** 20;
const BASE: KubernetesWorkloadArgs = {
  namespace: "prod",
  image: `registry.example/shop:1.2.3@sha256:${"ab".repeat(32)}`,
  requests: { cpuCores: 0.1, memoryBytes: 128 * MIB },
};
const SERVICE: KubernetesWorkloadArgs = {
  ...BASE,
  replicas: 2,
  ports: [{ name: "http", port: 80, containerPort: 8080, appProtocol: "http" }],
  readiness: { path: "/readyz" },
};

function make(args: KubernetesWorkloadArgs, name = "shop"): Promise<Recording> {
  return record(() => {
    new KubernetesWorkload(name, args);
  });
}

function kinds(recording: Recording): string[] {
  return kubernetesRegistrations(recording)
    .map(({ inputs }) => String(inputs.kind))
    .sort();
}

describe("KubernetesWorkload", () => {
  it("makes of a service what it needs, and nothing that it does not", async () => {
    const recording = await make(SERVICE);
    assert.deepEqual(kinds(recording), [
      "Deployment",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Service",
      "ServiceAccount",
    ]);
    for (const { inputs } of kubernetesRegistrations(recording)) {
      const { name, namespace } = inputs.metadata as { name: string; namespace: string };
      assert.deepEqual([name, namespace], ["shop", "prod"], String(inputs.kind));
    }
  });

  it("gives its address, known before it exists", async () => {
    let seen: unknown;
    await record(() => {
      const { host, url, namespace, workloadName, serviceAccountName } = new KubernetesWorkload("shop", SERVICE);
      pulumi.all([host, url, namespace, workloadName, serviceAccountName]).apply((values) => (seen = values));
    });
    assert.deepEqual(seen, ["shop.prod.svc", "http://shop.prod.svc:80", "prod", "shop", "shop"]);
  });

  for (const kind of Object.values(KubernetesWorkloadKind)) {
    it(`meets both policy packs as ${kind}, in a namespace of ours`, async () => {
      const lasting = kind === KubernetesWorkloadKind.Service || kind === KubernetesWorkloadKind.Stateful;
      const recording = await record(() => {
        const { namespaceName } = new KubernetesNamespace("prod", {});
        new KubernetesWorkload("shop", {
          ...(lasting ? SERVICE : BASE),
          kind,
          namespace: namespaceName,
          secretEnvironment: { API_TOKEN: "s3cr3t-value-of-length" },
          sidecars: [{ name: "exporter", image: BASE.image, requests: BASE.requests }],
          ...(kind === KubernetesWorkloadKind.ScheduledJob ? { schedule: "0 3 * * *" } : {}),
          ...(kind === KubernetesWorkloadKind.Stateful
            ? { storage: [{ name: "data", mountPath: "/data", sizeBytes: 1e9 }] }
            : {}),
        });
      });
      assertConforms(judged(recording));
    });
  }

  describe("identity and rights", () => {
    it("mounts a token only when something is permitted, and permits exactly that", async () => {
      const without = await make(SERVICE);
      assert.equal(objectOf(without, "ServiceAccount").automountServiceAccountToken, false);
      assert.equal(objectOf(without, "Deployment").spec.template.spec.automountServiceAccountToken, false);

      const rule = { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get", "patch"] };
      const nodes = { apiGroups: [""], resources: ["nodes"], verbs: ["list"] };
      const recording = await make({ ...SERVICE, permissions: [rule], clusterPermissions: [nodes] });
      assert.equal(objectOf(recording, "ServiceAccount").automountServiceAccountToken, false);
      assert.equal(objectOf(recording, "Deployment").spec.template.spec.automountServiceAccountToken, true);
      assert.deepEqual(objectOf(recording, "Role").rules, [rule]);
      assert.deepEqual(objectOf(recording, "ClusterRole").rules, [nodes]);
      assert.equal(objectOf(recording, "ClusterRole").metadata.name, "prod-shop", "two namespaces would collide");
      assert.deepEqual(objectOf(recording, "ClusterRoleBinding").subjects, [
        { kind: "ServiceAccount", name: "shop", namespace: "prod" },
      ]);
      assert.equal(objectOf(recording, "RoleBinding").roleRef.name, "shop");
    });
  });

  describe("secrets and files", () => {
    const args: KubernetesWorkloadArgs = {
      ...SERVICE,
      secretEnvironment: { TOKEN: "canary-5d1f0c" },
      files: [
        { name: "config", mountPath: "/etc/shop", contents: { "shop.yaml": "a: 1" } },
        { name: "keys", mountPath: "/etc/keys", secretContents: { "tls.key": "canary-5d1f0c" } },
        { name: "ca", mountPath: "/etc/ca", secretName: "cluster-ca" },
      ],
    };

    it("keeps what is secret by its place secret everywhere, even when it was given plain", async () => {
      const recording = await make(args);
      assert.ok(!visibleText(recording).includes("canary-5d1f0c"));
      const data = objectsOf(recording, "Secret").flatMap(({ stringData }) => Object.values(stringData as object));
      assert.deepEqual(data, ["canary-5d1f0c", "canary-5d1f0c"]);
    });

    it("makes objects that never change, with a name from Pulumi, so that a change makes new ones and rolls", async () => {
      const recording = await make(args);
      const made = [...objectsOf(recording, "Secret"), ...objectsOf(recording, "ConfigMap")];
      assert.equal(made.length, 3);
      for (const object of made) {
        assert.equal(object.immutable, true);
        assert.equal(object.metadata.name, undefined, "a fixed name would be deleted before its successor exists");
      }
      const { volumes, containers } = objectOf(recording, "Deployment").spec.template.spec;
      assert.deepEqual(volumes[2], { name: "ca", secret: { secretName: "cluster-ca", defaultMode: 0o440 } });
      assert.deepEqual(
        containers[0].volumeMounts.map((mount: { mountPath: string }) => mount.mountPath),
        ["/etc/shop", "/etc/keys", "/etc/ca"],
      );
      assert.deepEqual(Object.keys(containers[0].envFrom[0]), ["secretRef"]);
    });

    it("keeps an unknown or secret value from hiding the rest of the pod", async () => {
      const recording = await make({ ...SERVICE, environment: { A: "1", B: pulumi.secret("canary-5d1f0c") } });
      const deployment = recording.resources.find(({ type }) => type.endsWith(":Deployment"));
      const { env, name } = (openParts(deployment?.inputs) as ReturnType<typeof objectOf>).spec.template.spec
        .containers[0];
      assert.equal(name, "shop");
      assert.deepEqual(env, [
        { name: "A", value: "1" },
        { name: "B", value: "***" },
      ]);
    });
  });

  describe("scale", () => {
    const bounds = { minReplicas: 2, maxReplicas: 8 };

    it("leaves the number of replicas to the autoscaler that owns it", async () => {
      const { replicas: _one, ...rest } = SERVICE;
      for (const scaler of Object.values(Scaler)) {
        const recording = await make({ ...rest, autoscaling: { scaler, ...bounds } });
        const deployment = objectOf(recording, "Deployment");
        assert.ok(!("replicas" in deployment.spec), scaler);
        assert.equal(deployment.metadata.labels["machine-native-ops/max-replicas"], "8");
        const owner = deployment.metadata.annotations?.["machine-native-ops/scaled-by"];
        assert.equal(owner, scaler === Scaler.MachineNativeOps ? "auto-scaling-engine" : undefined);
        assert.equal(objectsOf(recording, "HorizontalPodAutoscaler").length, scaler === Scaler.Hpa ? 1 : 0);
        assert.equal(objectsOf(recording, "ScaledObject").length, scaler === Scaler.Keda ? 1 : 0);
      }
    });

    it("aims at CPU unless it is told what to watch", async () => {
      const { replicas: _one, ...rest } = SERVICE;
      const hpa = await make({ ...rest, autoscaling: { scaler: Scaler.Hpa, ...bounds } });
      const { spec } = objectOf(hpa, "HorizontalPodAutoscaler");
      assert.deepEqual(spec.scaleTargetRef, { apiVersion: "apps/v1", kind: "Deployment", name: "shop" });
      assert.equal(spec.metrics[0].resource.target.averageUtilization, 70);
      const triggers = [
        { type: "prometheus", metadata: { query: "sum(queue)", threshold: "5" }, authentication: "prom" },
      ];
      const keda = await make({ ...rest, autoscaling: { scaler: Scaler.Keda, ...bounds, minReplicas: 0, triggers } });
      assert.deepEqual(objectOf(keda, "ScaledObject").spec.triggers, [
        { type: "prometheus", metadata: triggers[0]!.metadata, authenticationRef: { name: "prom" } },
      ]);
      assert.equal(
        objectOf(keda, "Service").metadata.annotations?.["pulumi.com/skipAwait"],
        "true",
        "Pulumi would wait for an endpoint that need not come",
      );
    });
  });

  describe("stateful", () => {
    const args: KubernetesWorkloadArgs = {
      ...SERVICE,
      kind: KubernetesWorkloadKind.Stateful,
      storage: [{ name: "data", mountPath: "/data", sizeBytes: 2 ** 30 }],
    };

    it("has disks that outlive it, and is never replaced silently", async () => {
      const recording = await make(args);
      const { spec } = objectOf(recording, "StatefulSet");
      assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
      assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "1Gi");
      assert.equal(recording.resources.find(({ type }) => type.endsWith(":StatefulSet"))?.protect, true);
      assert.deepEqual(recording.resources.filter(({ protect }) => protect).length, 1);
    });

    it("gives up both with protect: false", async () => {
      const recording = await make({ ...args, protect: false });
      assert.equal(objectOf(recording, "StatefulSet").spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Delete");
      assert.ok(recording.resources.every(({ protect }) => !protect));
    });

    it("has an address for clients, and one for each replica even before it is ready", async () => {
      const recording = await make(args);
      assert.equal(objectNamed(recording, "Service", "shop").spec.type, "ClusterIP");
      const { spec } = objectNamed(recording, "Service", "shop-headless");
      assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ["None", true]);
      assert.equal(objectOf(recording, "StatefulSet").spec.serviceName, "shop-headless");
    });
  });

  describe("jobs", () => {
    it("replaces a changed Job, whose template cannot change, and does not count evictions as failures", async () => {
      const recording = await make({ ...BASE, kind: KubernetesWorkloadKind.Job, backoffLimit: 2 });
      assert.deepEqual(kinds(recording), ["Job", "NetworkPolicy", "ServiceAccount"]);
      const { spec, metadata } = objectOf(recording, "Job");
      assert.equal(spec.backoffLimit, 2);
      assert.equal(spec.suspend, false);
      assert.equal(spec.template.spec.restartPolicy, "Never");
      assert.equal(spec.podFailurePolicy.rules[0].onPodConditions[0].type, "DisruptionTarget");
      assert.equal(metadata.annotations?.["pulumi.com/skipAwait"], undefined);
      const job = recording.resources.find(({ type }) => type.endsWith(":Job"));
      assert.ok(job);
      assert.ok(job.replaceOnChanges.includes("spec.template"));
      assert.deepEqual(job.ignoreChanges, []);
    });

    it("suspends a Job until an engine admits it, and leaves that to the engine", async () => {
      const recording = await make({
        ...BASE,
        kind: KubernetesWorkloadKind.Job,
        admission: "elastic-resource-manager",
      });
      const { spec, metadata } = objectOf(recording, "Job");
      assert.equal(spec.suspend, true);
      assert.equal(metadata.annotations?.["machine-native-ops/admission"], "elastic-resource-manager");
      assert.equal(metadata.annotations?.["pulumi.com/skipAwait"], "true");
      assert.deepEqual(recording.resources.find(({ type }) => type.endsWith(":Job"))?.ignoreChanges, ["spec.suspend"]);
    });

    it("runs a scheduled job once at a time, in a named time zone", async () => {
      const recording = await make({ ...BASE, kind: KubernetesWorkloadKind.ScheduledJob, schedule: "0 3 * * *" });
      const { spec } = objectOf(recording, "CronJob");
      assert.deepEqual([spec.concurrencyPolicy, spec.timeZone], ["Forbid", "Etc/UTC"]);
      assert.equal(spec.jobTemplate.spec.template.spec.containers[0].name, "shop");
    });
  });

  describe("containers", () => {
    it("runs sidecars as long as the main one: started before it, stopped after it", async () => {
      const recording = await make({
        ...SERVICE,
        scratch: [{ name: "tmp", mountPath: "/tmp", sizeBytes: 10 * MIB }],
        initContainers: [{ name: "migrate", image: BASE.image, requests: BASE.requests, args: ["up"] }],
        sidecars: [
          {
            name: "exporter",
            image: BASE.image,
            requests: BASE.requests,
            ports: [{ name: "metrics", port: 9090 }],
            mounts: [{ volume: "tmp", mountPath: "/shared" }],
            readiness: { tcp: true },
          },
        ],
        metrics: { port: "metrics" },
        liveness: { command: ["/bin/alive"] },
        fieldEnvironment: { POD_NAME: "metadata.name" },
        secretReferences: [{ variable: "PASSWORD", secretName: "db", key: "password" }],
      });
      const pod = objectOf(recording, "Deployment").spec.template.spec;
      assert.deepEqual(
        pod.initContainers.map(({ name, restartPolicy }: Record<string, string>) => [name, restartPolicy]),
        [
          ["migrate", undefined],
          ["exporter", "Always"],
        ],
      );
      assert.deepEqual(pod.initContainers[1].readinessProbe.tcpSocket, { port: "metrics" });
      assert.deepEqual(pod.containers[0].livenessProbe.exec.command, ["/bin/alive"]);
      assert.deepEqual(pod.containers[0].env, [
        { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      ]);
      assert.equal(pod.containers[0].resources.limits["ephemeral-storage"], bytesQuantity(2 ** 30 + 10 * MIB));
      assert.deepEqual(objectOf(recording, "Service").spec.ports.length, 1, "a sidecar's port is not the Service's");
      assert.deepEqual(objectOf(recording, "PodMonitor").spec.podMetricsEndpoints, [
        { port: "metrics", path: "/metrics" },
      ]);
    });

    it("keeps serving while nodes still send, and has the full grace period after that", async () => {
      const pod = objectOf(await make({ ...SERVICE, gracePeriodSeconds: 20 }), "Deployment").spec.template.spec;
      assert.equal(pod.containers[0].lifecycle.preStop.sleep.seconds, 5);
      assert.equal(pod.terminationGracePeriodSeconds, 25);
    });

    it("limits the CPU only where asked, and memory to the request", async () => {
      const plainLimits = objectOf(await make(SERVICE), "Deployment").spec.template.spec.containers[0].resources;
      assert.deepEqual(plainLimits.limits, { memory: "128Mi", "ephemeral-storage": "1Gi" });
      assert.deepEqual(plainLimits.requests, { cpu: "100m", memory: "128Mi", "ephemeral-storage": "64Mi" });
      const limits = { cpuCores: 2, memoryBytes: 256 * MIB, ephemeralStorageBytes: 512 * MIB };
      const given = objectOf(await make({ ...SERVICE, limits }), "Deployment").spec.template.spec.containers[0]
        .resources;
      assert.deepEqual(given.limits, { cpu: "2", memory: "256Mi", "ephemeral-storage": "512Mi" });
    });
  });

  it("spreads over zones without holding a replica back, unless that is asked for", async () => {
    const zoneOf = async (args: KubernetesWorkloadArgs): Promise<Record<string, unknown>> =>
      objectOf(await make(args), "Deployment").spec.template.spec.topologySpreadConstraints[0];
    assert.equal((await zoneOf(SERVICE)).whenUnsatisfiable, "ScheduleAnyway");
    const required = await zoneOf({ ...SERVICE, zoneSpread: ZoneSpread.Required });
    assert.deepEqual([required.whenUnsatisfiable, required.nodeTaintsPolicy], ["DoNotSchedule", "Honor"]);
    const single = objectOf(await make({ ...SERVICE, replicas: 1 }), "Deployment").spec.template.spec;
    assert.equal(single.topologySpreadConstraints, undefined);
  });

  it("says what is alarming", async () => {
    const alert = {
      name: "ShopDown",
      expression: "up == 0",
      severity: AlertSeverity.Critical,
      summary: "The shop is down.",
    };
    const recording = await make({ ...SERVICE, alerts: [{ ...alert, runbookUrl: "https://runbooks.example/shop" }] });
    assert.deepEqual(objectOf(recording, "PrometheusRule").spec.groups[0].rules[0], {
      alert: "ShopDown",
      expr: "up == 0",
      for: "300s",
      labels: { severity: "critical", workload: "shop" },
      annotations: { summary: "The shop is down.", runbook_url: "https://runbooks.example/shop" },
    });
  });

  it("joins the mesh by itself, whatever the namespace says", async () => {
    const template = async (mesh: MeshKind): Promise<ReturnType<typeof objectOf>> =>
      objectOf(await make({ ...SERVICE, mesh }), "Deployment").spec.template;
    assert.equal((await template(MeshKind.IstioAmbient)).metadata.labels["istio.io/dataplane-mode"], "ambient");
    assert.equal((await template(MeshKind.IstioSidecar)).metadata.labels["sidecar.istio.io/inject"], "true");
    assert.equal((await template(MeshKind.Linkerd)).metadata.annotations?.["linkerd.io/inject"], "enabled");
  });

  it("gives a default up only with its reason, which stands on the workload", async () => {
    const reason = "the vendor's image writes to /opt";
    const optOuts = Object.values(OptOutSetting).map((setting) => ({ setting, reason }));
    const recording = await make({ ...SERVICE, optOuts });
    assert.deepEqual(kinds(recording), ["Deployment", "Service", "ServiceAccount"]);
    const { metadata, spec } = objectOf(recording, "Deployment");
    for (const { setting } of optOuts) {
      assert.equal(metadata.annotations?.[`machine-native-ops/opt-out.${setting}`], reason);
    }
    assert.equal(spec.template.spec.securityContext.runAsNonRoot, false);
    assert.equal(spec.template.spec.securityContext.runAsUser, undefined);
    assert.equal(spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem, false);
    assert.equal(spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation, false);
    assert.equal(spec.template.spec.topologySpreadConstraints, undefined);
  });

  it("refuses bad arguments with a code, naming each", async () => {
    await assert.rejects(make({ ...SERVICE, replicas: -1, priorityClassName: "x" }, "Shop"), (error: Error) =>
      /MNO_COMPONENT_ARGS_INVALID.*name is "Shop".*replicas is -1/s.test(error.message),
    );
  });
});

describe("validateKubernetesWorkload", () => {
  it("finds nothing wrong with what is valid, nor with what is still to come", () => {
    assert.deepEqual(validateKubernetesWorkload("shop", SERVICE), []);
    const later = pulumi.output(Promise.resolve(-1));
    assert.deepEqual(
      validateKubernetesWorkload("shop", { ...SERVICE, replicas: later, environment: pulumi.output({}) }),
      [],
    );
  });

  const container = { name: "helper", image: BASE.image, requests: BASE.requests };
  const alert = { name: "Down", expression: "x", severity: AlertSeverity.Info, summary: "x" };
  const reason = "because";
  const wrong: [string, Partial<KubernetesWorkloadArgs>, string][] = [
    ["no image", { image: "" }, "image"],
    ["no CPU", { requests: { cpuCores: 0, memoryBytes: MIB } }, "requests.cpuCores"],
    ["a limit below the request", { limits: { memoryBytes: MIB } }, "limits.memoryBytes"],
    ["half a replica", { replicas: 1.5 }, "replicas"],
    [
      "replicas beside an autoscaler",
      { autoscaling: { scaler: Scaler.Hpa, minReplicas: 1, maxReplicas: 2 } },
      "replicas",
    ],
    [
      "an HPA that would sleep",
      { replicas: undefined, autoscaling: { scaler: Scaler.Hpa, minReplicas: 0, maxReplicas: 2 } },
      "autoscaling.minReplicas",
    ],
    [
      "bounds that cross",
      { replicas: undefined, autoscaling: { scaler: Scaler.Hpa, minReplicas: 3, maxReplicas: 2 } },
      "autoscaling.maxReplicas",
    ],
    [
      "triggers without KEDA",
      { replicas: undefined, autoscaling: { scaler: Scaler.Hpa, minReplicas: 1, maxReplicas: 2, triggers: [] } },
      "autoscaling.triggers",
    ],
    [
      "a target that the engine does not read",
      {
        replicas: undefined,
        autoscaling: { scaler: Scaler.MachineNativeOps, minReplicas: 1, maxReplicas: 2, cpuPercent: 50 },
      },
      "autoscaling.cpuPercent",
    ],
    ["disks of what has none", { storage: [{ name: "data", sizeBytes: 1 }] }, "storage"],
    ["a schedule of a service", { schedule: "0 3 * * *" }, "schedule"],
    ["suspension of a service", { suspended: true }, "suspended"],
    ["a scheduled job without a schedule", { kind: "scheduled-job", replicas: undefined }, "schedule"],
    ["a schedule of four fields", { kind: "scheduled-job", replicas: undefined, schedule: "0 3 * *" }, "schedule"],
    [
      "admission of a scheduled job",
      { kind: "scheduled-job", replicas: undefined, schedule: "@daily", admission: "x" },
      "admission",
    ],
    ["two ports of one number", { ports: [...SERVICE.ports!, { name: "b", port: 81, containerPort: 8080 }] }, "ports"],
    [
      "two Service ports of one number",
      { ports: [...SERVICE.ports!, { name: "b", port: 80, containerPort: 8081 }] },
      "ports",
    ],
    ["a probe of a port that is not there", { liveness: { port: "grpc", path: "/" } }, "liveness.port"],
    ["a probe of two ways", { liveness: { path: "/", tcp: true } }, "liveness"],
    ["a probe of no way", { startup: { port: "http" } }, "startup"],
    ["a probe path without a slash", { readiness: { path: "readyz" } }, "readiness.path"],
    ["a sidecar named as the workload", { sidecars: [{ ...container, name: "shop" }] }, "containers"],
    [
      "a mount of no volume",
      { sidecars: [{ ...container, mounts: [{ volume: "x", mountPath: "/x" }] }] },
      "sidecars[0].mounts",
    ],
    [
      "a probed init container",
      { initContainers: [{ ...container, liveness: { command: ["/x"] } }] },
      "initContainers[0].readiness",
    ],
    ["two volumes of one name", { scratch: [{ name: "a" }, { name: "a" }] }, "volumes"],
    [
      "two volumes in one folder",
      {
        scratch: [
          { name: "a", mountPath: "/a" },
          { name: "b", mountPath: "/a" },
        ],
      },
      "volumes",
    ],
    ["a relative folder", { scratch: [{ name: "a", mountPath: "a" }] }, "volumes.a.mountPath"],
    ["files from two sources", { files: [{ name: "a", contents: {}, secretName: "b" }] }, "files.a"],
    [
      "keys of files that are written here",
      { files: [{ name: "a", contents: { b: "" }, keys: ["b"] }] },
      "files.a.keys",
    ],
    ["no keys of a Secret", { files: [{ name: "a", secretName: "b", keys: [] }] }, "files.a.keys"],
    ["files from nowhere", { files: [{ name: "a" }] }, "files.a"],
    ["a file name with a slash", { files: [{ name: "a", contents: { "a/b": "" } }] }, "files.a"],
    ["a variable that is none", { environment: { "A-B": "x" } }, "environment"],
    ["a variable given twice", { environment: { A: "x" }, secretEnvironment: { A: "x" } }, "environment"],
    [
      "a permission to everything",
      { permissions: [{ apiGroups: ["*"], resources: ["pods"], verbs: ["get"] }] },
      "permissions",
    ],
    ["a permission to nothing", { permissions: [{ apiGroups: [""], resources: [], verbs: ["get"] }] }, "permissions"],
    ["metrics at a port that is not there", { metrics: { port: "metrics" } }, "metrics.port"],
    ["two alerts of one name", { alerts: [alert, alert] }, "alerts"],
    ["root", { runAsUser: 0 }, "runAsUser"],
    ["a negative grace period", { gracePeriodSeconds: -1 }, "gracePeriodSeconds"],
    [
      "an opt-out without a reason",
      { optOuts: [{ setting: OptOutSetting.RunAsNonRoot, reason: " " }] },
      "optOuts.runAsNonRoot",
    ],
    [
      "an opt-out twice",
      {
        optOuts: [
          { setting: OptOutSetting.NetworkPolicy, reason },
          { setting: OptOutSetting.NetworkPolicy, reason },
        ],
      },
      "optOuts",
    ],
    [
      "an opt-out without effect",
      { replicas: 1, optOuts: [{ setting: OptOutSetting.PodDisruptionBudget, reason }] },
      "optOuts.podDisruptionBudget",
    ],
    [
      "an opt-out that contradicts another argument",
      { zoneSpread: ZoneSpread.Required, optOuts: [{ setting: OptOutSetting.TopologySpread, reason }] },
      "optOuts.topologySpread",
    ],
  ];
  for (const [what, change, field] of wrong) {
    it(`names ${field} for ${what}`, () => {
      const faults = validateKubernetesWorkload("shop", { ...SERVICE, ...change });
      assert.deepEqual([...new Set(faults.map((fault) => fault.field))], [field], JSON.stringify(faults));
    });
  }

  it("leaves Kubernetes room for its suffixes", () => {
    assert.deepEqual(validateKubernetesWorkload("a".repeat(52), SERVICE), []);
    assert.equal(validateKubernetesWorkload("a".repeat(53), SERVICE)[0]?.field, "name");
  });
});

describe("quantities", () => {
  it("are written as the API server writes them", () => {
    assert.deepEqual([0.25, 1, 1.5, 0.0001, 0.1 + 0.2].map(cpuQuantity), ["250m", "1", "1500m", "1m", "300m"]);
    assert.deepEqual([2 ** 30, 128 * MIB, 1000, 1023.5, 0].map(bytesQuantity), ["1Gi", "128Mi", "1000", "1Ki", "0"]);
  });
});

/** What is left when everything marked secret is taken out. */
function openParts(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(openParts);
  if ("4dabf18193072939515e22adb298388d" in value) return "***";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, openParts(inner)]));
}
