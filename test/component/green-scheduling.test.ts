import assert from "node:assert/strict";
import {
  type GreenSchedulingArgs,
  KubernetesWorkload,
  type KubernetesWorkloadArgs,
  KubernetesWorkloadKind,
  Workload,
  type WorkloadArgs,
} from "../../components";
import { greenAnnotations } from "../../components/workload/green";
import { parseAnnotations } from "../../runtime/sustainability/green-scheduler/jobs/annotations";
import type { WorkloadSpec } from "../../runtime/exports";
import { objectOf } from "../support/kubernetes-objects";
import { record } from "../support/recording-monitor";

const NIGHTLY: GreenSchedulingArgs = {
  deadline: "+28800",
  durationSeconds: 600,
  interruptible: true,
  checkpointSeconds: 5,
  regions: ["europe-west1", "europe-north1"],
  watts: 20,
};

const local = (args: Partial<WorkloadArgs>) =>
  record(() => {
    new Workload("nightly", {
      cluster: "local:/tmp/mno-test",
      command: ["/usr/bin/true"],
      requests: { cpuCores: 0.1, memoryBytes: 1e8 },
      kind: "job",
      ...args,
    });
  });

const kubernetes = (args: Partial<KubernetesWorkloadArgs>) =>
  record(() => {
    new KubernetesWorkload("nightly", {
      namespace: "shop",
      image: `registry.example/shop:1@sha256:${"ab".repeat(32)}`,
      requests: { cpuCores: 0.1, memoryBytes: 1e8 },
      kind: KubernetesWorkloadKind.Job,
      ...args,
    });
  });

describe("jobs handed to the green scheduler", () => {
  it("carry what the scheduler reads: every argument is an annotation that it knows", () => {
    const every: Required<{ [K in keyof GreenSchedulingArgs]: string | number | boolean | string[] }> = {
      deadline: "+28800",
      release: "+60",
      maxDelaySeconds: 3600,
      durationSeconds: 600,
      interruptible: true,
      checkpointSeconds: 5,
      startupSeconds: 2,
      minChunkSeconds: 60,
      regions: ["ES", "NO"],
      watts: 20,
      carbonBudgetGrams: 12.5,
      schedule: "0 1 * * *",
      timeZone: "Europe/Madrid",
      recurringKey: "nightly/report",
    };
    const at = Date.UTC(2026, 0, 1);
    const { declaration, faults } = parseAnnotations(greenAnnotations(every as never), at);
    assert.deepEqual(faults, []);
    const { deadline, durationSeconds, interruptible, regions, watts, carbonBudgetGrams, schedule } = declaration!;
    assert.deepEqual(
      { deadline, durationSeconds, interruptible, regions, watts, carbonBudgetGrams, schedule },
      {
        deadline: at + 28_800_000,
        durationSeconds: 600,
        interruptible: true,
        regions: ["ES", "NO"],
        watts: 20,
        carbonBudgetGrams: 12.5,
        schedule: { cron: "0 1 * * *", timeZone: "Europe/Madrid" },
      },
    );
  });

  it("are held on a local cluster until it releases them", async () => {
    const { resources } = await local({ green: NIGHTLY });
    const made = resources.find(({ type }) => type === "mno-local:index:Workload");
    const { annotations } = (made?.inputs as { spec: WorkloadSpec }).spec;
    assert.equal(annotations?.["machine-native-ops/admission"], "green-scheduler");
    assert.equal(annotations?.["machine-native-ops/green.regions"], "europe-west1,europe-north1");
  });

  it("are suspended on Kubernetes, each run of a schedule by itself", async () => {
    const job = objectOf(await kubernetes({ green: NIGHTLY }), "Job");
    assert.equal(job.spec.suspend, true);
    assert.equal(job.metadata.annotations?.["machine-native-ops/green.deadline"], "+28800");
    const nightly = { green: NIGHTLY, kind: KubernetesWorkloadKind.ScheduledJob, schedule: "0 1 * * *" };
    const cron = objectOf(await kubernetes(nightly), "CronJob");
    assert.equal(cron.spec.suspend, false);
    assert.equal(cron.spec.jobTemplate.spec.suspend, true);
    assert.equal(cron.spec.jobTemplate.metadata.annotations["machine-native-ops/admission"], "green-scheduler");
    assert.equal(cron.spec.jobTemplate.metadata.annotations["machine-native-ops/green.recurring-key"], "nightly");
    assert.equal(cron.metadata.annotations?.["machine-native-ops/admission"], undefined);
  });

  it("are refused with every fault at once", async () => {
    const wrong = { deadline: "tomorrow", durationSeconds: 0, checkpointSeconds: -1, timeZone: "UTC" };
    for (const make of [local, kubernetes]) {
      await assert.rejects(make({ green: wrong, admission: "elastic-resource-manager" }), (error: Error) => {
        for (const expected of [
          /admission is another engine's/,
          /green\.deadline is "tomorrow"; it must be like/,
          /green\.durationSeconds is 0; it must be above 0/,
          /green\.checkpointSeconds is -1/,
          /green\.timeZone is of green\.schedule/,
        ]) {
          assert.match(error.message, expected);
        }
        return true;
      });
    }
    await assert.rejects(local({ green: NIGHTLY, kind: "service" }), /green|admission|annotations/);
    await assert.rejects(kubernetes({ green: NIGHTLY, kind: KubernetesWorkloadKind.Service }), /green is for job/);
    await assert.rejects(kubernetes({ green: { ...NIGHTLY, schedule: "0 1 * * *" } }), /green\.schedule is of local/);
  });
});
