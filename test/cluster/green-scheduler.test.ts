import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS, REGION_LABEL } from "../../runtime/exports";
import { ManualClock } from "../../runtime/kernel/clock";
import type { Cluster } from "../../runtime/kernel/cluster/cluster";
import { openCluster } from "../../runtime/kernel/cluster/open";
import type { Intensity, IntensityPoint, IntensitySeries } from "../../runtime/kernel/intensity/intensity";
import type { AgentContext, AgentDefinition } from "../../runtime/kernel/lifecycle/agent";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { greenScheduler } from "../../runtime/sustainability/green-scheduler/agent";
import { TestNamespace } from "../support/kubernetes/test-namespace";
import { eventually } from "../support/supervisor";
import { type FakeCluster, silent, TestAgent } from "../unit/auto-scaling-engine/fakes";

const SECOND = 1000;

/** 400 g/kWh, but 50 in the stretches that are said to be clean; a point lasts a second. */
class Stretches implements Intensity {
  clean: readonly (readonly [from: number, to: number])[] = [];
  version = 0;

  async regions() {
    return [];
  }

  async now(region: string) {
    const now = Date.now();
    const { points, ...origin } = await this.history(region, now, now + 1);
    return { ...origin, point: points[0]! };
  }

  async history(region: string, from: number, to: number): Promise<IntensitySeries> {
    const points: IntensityPoint[] = [];
    for (let at = Math.floor(from / SECOND) * SECOND; at < to; at += SECOND) {
      const isClean = this.clean.some(([begin, end]) => begin <= at && at < end);
      points.push({ from: at, to: at + SECOND, gramsPerKwh: isClean ? 50 : 400, estimated: false });
    }
    const origin = { signal: "average", source: "test feed", asOf: from, method: "synthetic", stale: false } as const;
    return { ...origin, why: "", region, points };
  }

  async forecast(region: string, from: number, to: number) {
    const history = await this.history(region, from, to);
    return { ...history, generatedAt: this.version, errorShare: null, by: "feed" };
  }
}

/** The scheduler over a real API server, at the time that it really is: pods take theirs. */
class ClusterAgent extends TestAgent {
  override readonly clock = new (class extends ManualClock {
    override now(): number {
      return Date.now();
    }
  })();
  override readonly cluster: FakeCluster;

  constructor(
    database: Database,
    readonly real: Cluster,
    readonly intensity: Intensity,
  ) {
    super(database);
    this.cluster = real as unknown as FakeCluster;
  }

  async begin(settings: Record<string, string>): Promise<void> {
    const definition: AgentDefinition<never> = {
      ...greenScheduler,
      start: (context: AgentContext<never>) => greenScheduler.start({ ...context, intensity: this.intensity }),
    };
    await this.start(definition, settings);
  }

  /** Rounds until `check` holds. */
  async rounds<T>(check: () => T | Promise<T>, milliseconds = 60_000): Promise<T> {
    return eventually(async () => {
      await this.loop("schedule");
      return check();
    }, milliseconds);
  }
}

interface Job {
  state: string;
  decisionId: string;
  plan: { region: string; outcome: string; slots: { from: string; to: string }[] } | null;
  runs: { from: string; to: string | null; region: string }[];
  account: { region: string; energyKwh: number; gramsCo2e: number; baselineGramsCo2e: number } | null;
}

interface KubernetesJob {
  metadata: { annotations: Record<string, string> };
  spec: { suspend: boolean; template: { spec: { nodeSelector?: Record<string, string> } } };
  status: { succeeded?: number };
}

describe("green scheduler on Kubernetes", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-green-"));
  let namespace: TestNamespace;
  let cluster: Cluster;
  let database: Database;
  let agent: ClusterAgent;
  let intensity: Stretches;
  let region: string;

  before(async () => {
    namespace = await TestNamespace.create("green");
    cluster = openCluster(namespace.url);
    const label = (await cluster.nodes())[0]?.labels[REGION_LABEL];
    assert.ok(label, "the test cluster's node says where it is");
    region = label;
    database = await openDatabase("pglite:memory", { log: silent });
  });
  beforeEach(async () => {
    intensity = new Stretches();
    agent = new ClusterAgent(database, cluster, intensity);
    // The region that is configured is not the nodes': theirs holds.
    await agent.begin({
      MNO_CARBON_REGION: "elsewhere",
      MNO_GS_STEP_SECONDS: "1",
      MNO_GS_ROUND_SECONDS: "0.5",
      MNO_GS_FEED_TIMEOUT_SECONDS: "1",
    });
  });
  afterEach(async () => {
    await agent.stop();
  });
  after(async () => {
    await cluster.close();
    await namespace.delete();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const job = async (name: string): Promise<Job> => (await agent.call("GET", `/v1/jobs/${name}`)).body as Job;
  const stored = async (name: string): Promise<KubernetesJob> =>
    JSON.parse(await namespace.kubectl("get", "job", name, "--output", "json")) as KubernetesJob;

  /** What somebody would write who knows Kubernetes and three annotations. */
  function jobSpec(milliseconds: number): object {
    const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true };
    const container = {
      name: "work",
      image: namespace.image,
      imagePullPolicy: "Never",
      command: namespace.command("job"),
      env: [{ name: "DURATION_MS", value: String(milliseconds) }],
      resources: { requests: { cpu: "50m", memory: "32Mi" } },
      securityContext: security,
    };
    return {
      suspend: true,
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
          terminationGracePeriodSeconds: 1,
          containers: [container],
        },
      },
    };
  }
  const annotated = (settings: Partial<Record<keyof typeof GREEN_ANNOTATIONS, string>>): Record<string, string> => ({
    [KUBERNETES_ANNOTATIONS.admission]: "green-scheduler",
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [GREEN_ANNOTATIONS[key as "deadline"], value]),
    ),
  });
  async function apply(object: object): Promise<void> {
    const file = join(folder, "object.yaml");
    writeFileSync(file, stringify(object));
    await namespace.kubectl("apply", "--filename", file);
  }
  const applyJob = (name: string, milliseconds: number, settings: Parameters<typeof annotated>[0]): Promise<void> =>
    apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, annotations: annotated(settings) },
      spec: jobSpec(milliseconds),
    });

  it("holds a suspended Job until its clean stretch, keeps it in its region, and accounts for it", async () => {
    const begin = Math.ceil(Date.now() / SECOND) * SECOND + 15 * SECOND;
    intensity.clean = [[begin, begin + 60 * SECOND]];
    await applyJob("report", 1000, { deadline: "+90", duration: "2", watts: "1000000", regions: `${region},nowhere` });
    const planned = await agent.rounds(async () => {
      const one = await job("report");
      assert.equal(one.plan?.outcome, "shifted");
      return one;
    });
    assert.equal(planned.plan?.region, region);
    const slot = Date.parse(planned.plan.slots[0]!.from);
    assert.ok(slot >= begin && slot < begin + 60 * SECOND, planned.plan.slots[0]!.from);
    assert.equal((await stored("report")).spec.suspend, true);
    assert.equal(await namespace.kubectl("get", "pods", "--output", "name"), "");

    const over = await agent.rounds(async () => {
      const one = await job("report");
      assert.notEqual(one.account, null);
      return one;
    }, 90_000);
    assert.equal(over.state, "succeeded");
    assert.ok(Date.parse(over.runs[0]!.from) >= slot - SECOND, "it began in its slot: Kubernetes tells whole seconds");
    const { account } = over;
    assert.ok(account!.energyKwh > 0 && account!.gramsCo2e < account!.baselineGramsCo2e / 4, JSON.stringify(account));
    assert.equal(account!.region, region);
    const released = await stored("report");
    assert.deepEqual(
      [released.spec.suspend, released.spec.template.spec.nodeSelector, released.status.succeeded],
      [false, { [REGION_LABEL]: region }, 1],
    );
    assert.equal(released.metadata.annotations[GREEN_ANNOTATIONS.decision], planned.decisionId);
    const { body } = await agent.call("GET", `/v1/decisions/${planned.decisionId}`);
    assert.equal((body as { kind: string }).kind, "plan");
  });

  it("suspends an interruptible Job at the end of its slot, and resumes it in the next one", async () => {
    const begin = Math.ceil(Date.now() / SECOND) * SECOND;
    intensity.clean = [
      [begin, begin + 12 * SECOND],
      [begin + 30 * SECOND, begin + 90 * SECOND],
    ];
    await applyJob("long", 20_000, { deadline: "+120", duration: "24", interruptible: "true", regions: region });
    await agent.rounds(async () => assert.equal((await job("long")).state, "running"));
    await agent.rounds(async () => assert.equal((await job("long")).state, "paused"), 40_000);
    assert.equal((await stored("long")).spec.suspend, true);
    await agent.rounds(async () => assert.equal((await job("long")).state, "running"), 60_000);
    await agent.rounds(async () => assert.equal((await job("long")).state, "succeeded"), 90_000);
    const { runs } = await job("long");
    assert.equal(runs.length, 2);
    assert.ok(runs.every((run) => run.region === region));
  });

  it("lets a Job run at once whose annotations are wrong, and says on it why", async () => {
    await applyJob("typo", 1, { deadline: "tomorrow" });
    await agent.rounds(async () => assert.equal((await stored("typo")).spec.suspend, false));
    const { annotations } = (await stored("typo")).metadata;
    assert.match(annotations[GREEN_ANNOTATIONS.fault]!, /green\.deadline must be an RFC 3339 time/);
    assert.ok(annotations[GREEN_ANNOTATIONS.decision]);
  });

  it("plans each run of a CronJob whose template is suspended, and learns from all of them", async () => {
    const settings = { deadline: "+30", maxDelay: "0", duration: "9", recurringKey: "nightly" };
    await apply({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "nightly" },
      spec: {
        schedule: "0 3 1 1 *",
        concurrencyPolicy: "Forbid",
        jobTemplate: { metadata: { annotations: annotated(settings) }, spec: jobSpec(1000) },
      },
    });
    for (const name of ["nightly-1", "nightly-2"]) {
      await namespace.kubectl("create", "job", name, "--from=cronjob/nightly");
      assert.equal((await stored(name)).spec.suspend, true);
      await agent.rounds(async () => assert.notEqual((await job(name)).account, null));
      assert.equal((await job(name)).state, "succeeded");
    }
    const [row] = await database.query<{ runs: number }>(
      "SELECT count(*)::int AS runs FROM gs_run_times WHERE key = 'nightly'",
    );
    assert.equal(row?.runs, 2);
  });

  it("gives a Job with a schedule of its own a fault: on Kubernetes that is a CronJob's", async () => {
    await applyJob("cron", 1, { deadline: "+3600", schedule: "0 3 * * *" });
    await agent.rounds(async () => assert.equal((await stored("cron")).spec.suspend, false));
    assert.match(
      (await stored("cron")).metadata.annotations[GREEN_ANNOTATIONS.fault]!,
      /a CronJob makes one for each run/,
    );
  });
});
