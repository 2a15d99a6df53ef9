import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  KubernetesNamespace,
  KubernetesWorkload,
  type KubernetesWorkloadArgs,
  KubernetesWorkloadKind,
  MeshKind,
  Scaler,
  ZoneSpread,
} from "../../components";
import { parseQuantity } from "../../policies/carbon/quantities";
import { OptOutSetting } from "../../components/workload/kubernetes/operation-types";
import { validateKubernetesWorkload } from "../../components/workload/kubernetes/validate";
import { judged, type KubernetesObject, kubernetesRegistrations, objectsOf } from "../support/kubernetes-objects";
import { mandatoryViolations } from "../support/policies";
import { plain, record, type Recording } from "../support/recording-monitor";

const IMAGE = `registry.example/app:1@sha256:${"ab".repeat(32)}`;
const SELECTOR = "app.kubernetes.io/name";

const requests = fc.record({
  cpuCores: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
  memoryBytes: fc.integer({ min: 1, max: 2 ** 28 }),
});
const autoscaling = fc
  .record({
    scaler: fc.constantFrom(...Object.values(Scaler)),
    minReplicas: fc.integer({ min: 1, max: 3 }),
    more: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ scaler, minReplicas, more }) => ({ scaler, minReplicas, maxReplicas: minReplicas + more }));

/** Anything that a user may give, and some of what he may not: the validator parts them. */
const anyArgs = fc.record(
  {
    namespace: fc.constant("prod"),
    image: fc.constant(IMAGE),
    requests,
    kind: fc.constantFrom(...Object.values(KubernetesWorkloadKind)),
    limits: fc.record({ cpuCores: fc.double({ min: 0.2, max: 4, noNaN: true }) }, { requiredKeys: [] }),
    replicas: fc.integer({ min: 0, max: 4 }),
    autoscaling,
    ports: fc.constantFrom([{ name: "http", port: 80, containerPort: 8080 }], [{ name: "grpc", port: 50051 }]),
    readiness: fc.constant({ tcp: true }),
    scratch: fc.constant([{ name: "tmp", mountPath: "/tmp", sizeBytes: 1e6 }]),
    storage: fc.constant([{ name: "data", mountPath: "/data", sizeBytes: 1e9 }]),
    sidecars: fc.array(fc.record({ name: fc.constant("helper"), image: fc.constant(IMAGE), requests }), {
      maxLength: 1,
    }),
    initContainers: fc.array(fc.record({ name: fc.constant("init"), image: fc.constant(IMAGE), requests }), {
      maxLength: 1,
    }),
    schedule: fc.constant("0 3 * * *"),
    suspended: fc.boolean(),
    permissions: fc.constant([{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }]),
    secretEnvironment: fc.constant({ API_TOKEN: "a-token-of-some-length" }),
    zoneSpread: fc.constantFrom(...Object.values(ZoneSpread)),
    mesh: fc.constantFrom(...Object.values(MeshKind)),
    runAsUser: fc.integer({ min: 1, max: 100_000 }),
    optOuts: fc
      .subarray(Object.values(OptOutSetting))
      .map((settings) => settings.map((setting) => ({ setting, reason: "for the test" }))),
    labels: fc.constantFrom<Record<string, string>>({ team: "shop" }, { [SELECTOR]: "impostor" }),
  },
  { requiredKeys: ["namespace", "image", "requests"] },
);

/** Without the arguments that the validator refuses: what remains is valid. */
const validArgs = anyArgs.map((args) => {
  let rest: Record<string, unknown> = { ...args };
  for (let round = 0; round < 3; round += 1) {
    const wrong = validateKubernetesWorkload("shop", rest as never).map(({ field }) => field.split(".")[0]!);
    // A fault of one opt-out is answered by giving none; readiness has no port to ask where there is none.
    rest = Object.fromEntries(Object.entries(rest).filter(([key]) => !wrong.includes(key)));
    if (wrong.includes("schedule") && args.kind === "scheduled-job") rest.schedule = "0 3 * * *";
  }
  return rest as unknown as KubernetesWorkloadArgs;
});

function podsOf(recording: Recording): { controller: KubernetesObject; template: KubernetesObject }[] {
  return ["Deployment", "StatefulSet", "Job", "CronJob"].flatMap((kind) =>
    objectsOf(recording, kind).map((controller) => ({
      controller,
      template: (kind === "CronJob" ? controller.spec.jobTemplate.spec : controller.spec).template as KubernetesObject,
    })),
  );
}

function optedOut(args: KubernetesWorkloadArgs, setting: string): boolean {
  return (args.optOuts ?? []).some((optOut) => optOut.setting === setting);
}

async function check(property: (args: KubernetesWorkloadArgs, recording: Recording) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(validArgs, async (args) => {
      assert.deepEqual(validateKubernetesWorkload("shop", args), []);
      property(
        args,
        await record(() => {
          const { namespaceName } = new KubernetesNamespace("prod", {});
          new KubernetesWorkload("shop", { ...args, namespace: namespaceName });
        }),
      );
    }),
    { numRuns: 20 },
  );
}

describe("KubernetesWorkload, whatever is asked for", function () {
  this.timeout(60_000);

  it("has one controller, whose pods every selector of its objects finds, and no label can take away", async () => {
    await check((_args, recording) => {
      const pods = podsOf(recording);
      assert.equal(pods.length, 1);
      const labels = pods[0]!.template.metadata.labels;
      const selectors = kubernetesRegistrations(recording)
        .map(({ inputs }) => plain(inputs) as KubernetesObject)
        .filter(({ metadata }) => !/^default-(deny|allow)$/.test(metadata.name ?? ""))
        .flatMap(({ kind, spec }) => {
          if (kind === "Service") return [spec.selector];
          return [spec?.selector?.matchLabels, spec?.podSelector?.matchLabels].filter(Boolean);
        }) as Record<string, string>[];
      for (const selector of selectors) {
        assert.deepEqual(selector, { [SELECTOR]: "shop" });
        assert.equal(labels[SELECTOR], "shop");
      }
      const spread = pods[0]!.template.spec.topologySpreadConstraints ?? [];
      for (const { labelSelector } of spread) assert.deepEqual(labelSelector.matchLabels, { [SELECTOR]: "shop" });
    });
  });

  it("never blocks a drain: at full health at least one pod may be evicted, and an unhealthy one always", async () => {
    await check((args, recording) => {
      for (const { spec } of objectsOf(recording, "PodDisruptionBudget")) {
        const replicas = args.autoscaling?.minReplicas ?? (args.replicas as number);
        const healthy = replicas;
        // Kubernetes: disruptions allowed = healthy - (expected - maxUnavailable), and none is to be evicted of none.
        assert.ok(replicas === 0 || healthy - (replicas - spec.maxUnavailable) >= 1);
        assert.equal(spec.minAvailable, undefined);
        assert.equal(spec.unhealthyPodEvictionPolicy, "AlwaysAllow");
      }
      const several = args.autoscaling
        ? args.autoscaling.maxReplicas > 1
        : ((args.replicas as number | undefined) ?? 1) > 1;
      const lasting = (args.kind ?? "service") === "service" || args.kind === "stateful";
      const expected = several && lasting && !optedOut(args, "podDisruptionBudget") ? 1 : 0;
      assert.equal(objectsOf(recording, "PodDisruptionBudget").length, expected);
    });
  });

  it("requests no more than it is limited to, and names both", async () => {
    await check((_args, recording) => {
      const { spec } = podsOf(recording)[0]!.template;
      for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        for (const key of ["memory", "ephemeral-storage"]) {
          assert.ok(parseQuantity(resources.requests[key])! <= parseQuantity(resources.limits[key])!, key);
        }
        if (resources.limits.cpu !== undefined) {
          assert.ok(parseQuantity(resources.requests.cpu)! <= parseQuantity(resources.limits.cpu)!);
        }
        assert.ok(parseQuantity(resources.requests.cpu)! > 0);
      }
    });
  });

  it("declares replicas exactly where no autoscaler owns them", async () => {
    await check((args, recording) => {
      for (const { controller } of podsOf(recording)) {
        const counted = controller.kind === "Deployment" || controller.kind === "StatefulSet";
        assert.equal("replicas" in controller.spec, counted && !args.autoscaling);
      }
    });
  });

  it("meets Pod Security restricted but for what was opted out of", async () => {
    await check((args, recording) => {
      const { spec } = podsOf(recording)[0]!.template;
      const pod = spec.securityContext;
      assert.equal(pod.runAsNonRoot, !optedOut(args, "runAsNonRoot"));
      if (!optedOut(args, "runAsNonRoot")) assert.ok(pod.runAsUser > 0);
      assert.deepEqual(pod.seccompProfile, { type: "RuntimeDefault" });
      for (const volume of spec.volumes ?? []) {
        assert.ok(
          ["configMap", "secret", "emptyDir"].some((kind) => kind in volume),
          JSON.stringify(volume),
        );
      }
      for (const { securityContext: own } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        assert.equal(own.allowPrivilegeEscalation, false);
        assert.equal(own.privileged, false);
        assert.deepEqual(own.capabilities, { drop: ["ALL"] });
        assert.equal(own.readOnlyRootFilesystem, !optedOut(args, "readOnlyRootFilesystem"));
      }
      for (const host of ["hostNetwork", "hostPID", "hostIPC"]) assert.ok(!(host in spec));
      assert.equal(spec.automountServiceAccountToken, args.permissions !== undefined);
    });
  });

  it("conforms to both policy packs", async () => {
    await check((_args, recording) => {
      const config = { "carbon-budget": { budgetGramsPerMonth: 1e6 } };
      assert.deepEqual(mandatoryViolations(judged(recording), config), []);
    });
  });
});
