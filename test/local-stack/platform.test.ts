import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_NAMES } from "../../runtime/exports";
import { identify } from "../../runtime/kernel/process-identity";
import { createReceiver, type Receiver } from "../../tools/otlp-view/receiver";
import { eventually, finished, Platform } from "../support/platform";

interface Problem {
  status: number;
  code: string;
  detail: string;
  faults?: { field: string }[];
  decisionId?: string;
}

interface Status {
  phase: string;
  desiredReplicas: number;
  readyReplicas: number;
  replicas: { pid?: number; restarts: number; phase: string }[];
}

interface GreenJob {
  name: string;
  state: string;
  releaseAt: string;
  deadline: string;
  decisionId: string;
  plan: { slots: { from: string }[]; latestStart: string } | null;
}

interface Energy {
  groups: { key: string | null; energyKwh: number; gramsCo2e: number }[];
  totals: { energyKwh: number; gramsCo2e: number }[];
  basis: { signal: string; source: string }[];
}

interface Savings {
  demonstrations: { missedDeadlines: number }[];
}

const MIB = 2 ** 20;

/** The quick start through the real Pulumi engine, used, broken and healed as an operator would. Tests build on each other. */
describe("the local stack", function () {
  this.timeout(180_000);
  this.bail(true);
  const platform = new Platform();
  let traces: Receiver;

  const erm = (path: string): string => `${platform.api}/elastic-resource-manager${path}`;
  const ase = (path: string): string => `${platform.api}/auto-scaling-engine${path}`;
  const demo = async (): Promise<Status> => (await platform.supervisor("/v1/workloads/demo")) as Status;
  const get = async (path: string): Promise<unknown> => (await fetch(`${platform.api}${path}`)).json();
  const demoJob = async (): Promise<GreenJob | undefined> => {
    const { items } = (await get("/green-scheduler/v1/jobs")) as { items: GreenJob[] };
    return items.find(({ name, plan }) => name === "demo-job" && plan !== null);
  };
  const post = async (url: string, body: unknown): Promise<{ status: number; type: string; body: unknown }> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, type: response.headers.get("content-type") ?? "", body: await response.json() };
  };
  const allocationCount = async (): Promise<number> => {
    const answer = (await (await fetch(erm("/v1/allocations?limit=100"))).json()) as { items: unknown[] };
    return answer.items.length;
  };

  before(async () => {
    traces = await createReceiver({ port: 0 });
    await platform.configure({ otlpEndpoint: traces.url });
  });

  after(async () => {
    await platform.npm("stop");
    await traces.close();
    platform.remove();
  });

  it("comes up with one line, and says what is up", async () => {
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    for (const expected of [
      platform.api,
      platform.gateway,
      `${platform.api}/metrics`,
      platform.decisions,
      `${platform.api}/console/carbon`,
      `${platform.api}/console/security`,
      "npm run demo:load",
      "npm stop",
    ]) {
      assert.ok(output.includes(expected), `the summary does not name ${expected}:\n${output}`);
    }
    assert.equal((await fetch(`${platform.gateway}/`)).status, 401, "nobody said who asks");
    assert.equal((await fetch(`${platform.demo}/`)).status, 200);
    assert.equal((await fetch(`${platform.balancer}/`)).status, 200, "through the balancer");
    assert.equal((await fetch(`${platform.api}/readyz`)).status, 200);
  });

  it("describes its API, and lists its engines", async () => {
    const document = (await (await fetch(`${platform.api}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    assert.ok("/elastic-resource-manager/v1/allocations" in document.paths);
    assert.ok(
      "/auto-scaling-engine/v1/scalers" in document.paths || "/auto-scaling-engine/v1/scalers/" in document.paths,
    );
    const index = (await (await fetch(`${platform.api}/`)).json()) as { engines: { name: string; state: string }[] };
    assert.deepEqual(
      index.engines.map(({ name, state }) => `${name} ${state}`),
      ENGINE_NAMES.map((name) => `${name} running`),
    );
  });

  it("holds the demo job until power is clean, and says why and until when", async () => {
    const job = await eventually("a plan of the demo job", 20, async () => (await demoJob()) ?? undefined);
    assert.equal(job.state, "waiting");
    assert.ok(Date.parse(job.plan!.slots[0]!.from) >= Date.parse(job.releaseAt));
    assert.ok(Date.parse(job.plan!.latestStart) < Date.parse(job.deadline));
    const decision = (await get(`/green-scheduler/v1/decisions/${job.decisionId}`)) as {
      intensity: { region: string; source: string }[];
      reason: string;
    };
    assert.match(decision.intensity[0]!.source, /^SYNTHETIC/, "a demonstration is never taken for a real grid");
    assert.ok(decision.reason.length > 0);
    const { replicas } = (await platform.supervisor("/v1/workloads/demo-job")) as Status;
    assert.deepEqual(replicas, []);
  });

  it("measures this machine: the parts of its energy are its processes', and sum to the whole", async () => {
    const energy = await eventually("energy of both workloads", 60, async () => {
      const answer = (await get("/carbon-monitor/v1/energy?by=workload")) as Energy;
      const keys = answer.groups.map(({ key }) => key);
      return keys.includes("demo") && keys.includes("platform") ? answer : undefined;
    });
    const sum = (what: "energyKwh" | "gramsCo2e"): number =>
      energy.groups.reduce((total, group) => total + Math.round(group[what] * 1e9), 0);
    assert.equal(sum("energyKwh"), Math.round(energy.totals[0]!.energyKwh * 1e9));
    assert.equal(sum("gramsCo2e"), Math.round(energy.totals[0]!.gramsCo2e * 1e9));
    assert.ok(energy.groups.every(({ energyKwh }) => energyKwh > 0));
    assert.equal(energy.basis[0]?.signal, "average");
    assert.ok(energy.basis[0]?.source, "every figure names its source");
  });

  it("shows intensity, plan and savings on one page", async () => {
    const page = await fetch(`${platform.api}/console/carbon`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    const text = await page.text();
    for (const panel of ["Intensity and plan", "Saved and missed", "Power and emissions now"]) {
      assert.ok(text.includes(panel), panel);
    }
    // What the page asks for.
    for (const path of ["/green-scheduler/v1/outlook", "/green-scheduler/v1/savings", "/green-scheduler/v1/jobs"]) {
      assert.equal((await fetch(`${platform.api}${path}`)).status, 200, path);
    }
  });

  it("refuses what is over capacity with a coded 409, and records nothing", async () => {
    const before = await allocationCount();
    const answer = await post(erm("/v1/allocations"), {
      tenant: "web",
      replicas: 1,
      requests: { cpuCores: 1000, memoryBytes: MIB },
    });
    const problem = answer.body as Problem;
    assert.equal(answer.status, 409);
    assert.match(answer.type, /^application\/problem\+json/);
    assert.equal(problem.code, "MNO_ALLOCATION_OVER_CAPACITY");
    assert.equal(await allocationCount(), before);
    const decision = await fetch(erm(`/v1/decisions/${problem.decisionId ?? ""}`));
    assert.equal(decision.status, 200, "a refusal can be asked why");
  });

  it("refuses what is malformed, naming the field", async () => {
    const wrong = await post(erm("/v1/allocations"), {
      tenant: "web",
      replicas: 1,
      requests: { cpuCores: "many", memoryBytes: MIB },
    });
    assert.equal(wrong.status, 422);
    assert.equal((wrong.body as Problem).code, "MNO_REQUEST_INVALID");
    assert.ok(
      (wrong.body as Problem).faults?.some((fault) => fault.field.includes("requests/cpuCores")),
      JSON.stringify(wrong.body),
    );
    const broken = await post(erm("/v1/allocations"), "{");
    assert.equal(broken.status, 400);
    assert.equal((broken.body as Problem).code, "MNO_REQUEST_MALFORMED");
    assert.equal((await fetch(`${platform.api}/no-such-engine/`)).status, 404);
  });

  it("runs the resource flow in one trace: request, allocation, event, evaluation, scaling", async () => {
    const answer = await post(erm("/v1/allocations"), {
      tenant: "web",
      workload: "demo",
      replicas: 3,
      requests: { cpuCores: 0.1, memoryBytes: 64 * MIB },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const { id, decisionId } = answer.body as { id: string; decisionId: string };
    assert.equal((await fetch(erm(`/v1/decisions/${decisionId}`))).status, 200);
    await eventually("three replicas of the demo service", 30, async () =>
      (await demo()).readyReplicas === 3 ? true : undefined,
    );

    const names = await eventually("one trace of the whole flow", 30, async () => {
      const byTrace = Map.groupBy(traces.spans(), (span) => span.traceId);
      for (const spans of byTrace.values()) {
        const found = spans.map((span) => span.name);
        const wanted = [
          /^POST .*allocations/,
          /^allocate/,
          /^publish mno\.scalability\.resource\.allocated/,
          /^consume mno\.scalability\.resource\.allocated/,
          /^evaluate demo/,
          /^scale demo/,
        ];
        if (wanted.every((pattern) => found.some((name) => pattern.test(name)))) return found;
      }
      return undefined;
    });
    assert.ok(names.length >= 6);

    const decisions = (await (await fetch(ase("/v1/decisions?workload=demo&limit=20"))).json()) as {
      items: { id: string; trigger: string; action: string; reasons: string[] }[];
    };
    const scaled = decisions.items.find(
      (decision) => decision.trigger === "resource.allocated" && decision.action === "scaled",
    );
    assert.ok(scaled, JSON.stringify(decisions.items.slice(0, 3)));
    const explained = (await (await fetch(ase(`/v1/decisions/${scaled.id}`))).json()) as {
      reasons: string[];
      inputs: unknown;
    };
    assert.ok(explained.reasons.length > 0 && explained.inputs !== undefined);

    assert.equal((await fetch(erm(`/v1/allocations/${id}`), { method: "DELETE" })).status, 204);
    await eventually("one replica again", 60, async () => ((await demo()).replicas.length === 1 ? true : undefined));
  });

  it("shows all of it in the metrics", async () => {
    const text = await (await fetch(`${platform.api}/metrics`)).text();
    for (const pattern of [
      /^mno_erm_allocations_total\{.*outcome="allocated".*\} [1-9]/m,
      /^mno_erm_allocations_total\{.*outcome="refused".*\} [1-9]/m,
      /^mno_http_requests_total\{.*code="422".*\} [1-9]/m,
      /^mno_autoscaling_decisions_total\{.*action="scaled".*\} [1-9]/m,
      /^mno_system_memory_bytes\{state="total"\} \d/m,
      /^mno_system_network_bytes/m,
      /^mno_system_disk_bytes/m,
      /^process_cpu_seconds_total/m,
    ]) {
      assert.match(text, pattern);
    }
  });

  it("starts the demo job by its plan, within its deadline, and accounts for what that saved", async function () {
    this.timeout(480_000);
    const { demonstrations } = await eventually("a run of the demo job", 420, async () => {
      const answer = (await get("/green-scheduler/v1/savings")) as Savings;
      return answer.demonstrations.length > 0 ? answer : undefined;
    });
    assert.equal(demonstrations[0]!.missedDeadlines, 0);
    const job = await demoJob();
    assert.ok(job, "it comes again by its schedule");
  });

  it("changes nothing at a second start", async () => {
    const before = [
      ...(await platform.pidsOf("platform")),
      ...(await platform.pidsOf("demo")),
      platform.supervisorAddress().pid,
    ];
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    assert.ok(!/\d+ (created|updated|deleted|replaced)|[+~-] \d+ /.test(output.replace(/\d+ unchanged/g, "")), output);
    assert.deepEqual(
      [...(await platform.pidsOf("platform")), ...(await platform.pidsOf("demo")), platform.supervisorAddress().pid],
      before,
    );
  });

  it("lets one command in at a time; the second says who holds the lock", async () => {
    const first = platform.spawn("start");
    const running = finished(first);
    await eventually("the first start's lock", 20, async () =>
      existsSync(join(platform.state, "lock")) ? true : undefined,
    );
    const { code, output } = await platform.npm("start");
    assert.equal(code, 1);
    assert.match(output, /MNO_STATE_LOCKED: npm start \(process \d+, since .*\) holds/);
    assert.equal((await running).code, 0);
  });

  it("heals a replica, the agents' process and the supervisor that were killed", async () => {
    const [replica = 0] = await platform.pidsOf("demo");
    process.kill(replica, "SIGKILL");
    await eventually("a new replica", 20, async () => {
      const { readyReplicas } = await demo();
      const [now] = await platform.pidsOf("demo");
      return readyReplicas === 1 && now !== undefined && now !== replica ? true : undefined;
    });

    const before = await allocationCount();
    const kept = await post(erm("/v1/allocations"), {
      tenant: "kept",
      replicas: 1,
      requests: { cpuCores: 0.01, memoryBytes: MIB },
    });
    assert.equal(kept.status, 201);
    const [agent = 0] = await platform.pidsOf("platform");
    process.kill(agent, "SIGKILL");
    await eventually("the agents again, with the allocation", 40, async () =>
      (await allocationCount()) === before + 1 ? true : undefined,
    );

    const orphans = [...(await platform.pidsOf("demo")), ...(await platform.pidsOf("platform"))];
    process.kill(platform.supervisorAddress().pid, "SIGKILL");
    const drift = await platform.npm(
      "run",
      "-s",
      "pulumi",
      "--",
      "refresh",
      "--preview-only",
      "--expect-no-changes",
      "--yes",
    );
    assert.notEqual(drift.code, 0, `refresh does not see that the supervisor is gone:\n${drift.output}`);
    const healed = await platform.npm("start");
    assert.equal(healed.code, 0, healed.output);
    for (const pid of orphans)
      assert.ok(identify(pid) === undefined, `process ${String(pid)} of the killed supervisor still runs`);
    assert.equal(await allocationCount(), before + 1, "an allocation was lost or doubled");
  });

  it("sees a workload that was deleted by hand, and brings it back", async () => {
    const { url, token } = platform.supervisorAddress();
    const gone = await fetch(`${url}/v1/workloads/demo`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(gone.status, 204);
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    assert.equal((await fetch(`${platform.demo}/`)).status, 200);
  });

  it("takes a workload into another state by import, without touching it", async () => {
    const before = await platform.pidsOf("demo");
    const urns = await platform.npm("run", "-s", "pulumi", "--", "stack", "export");
    const state = JSON.parse(urns.output.slice(urns.output.indexOf("{"))) as {
      deployment: { resources: { urn: string; type: string; id?: string }[] };
    };
    const resource = state.deployment.resources.find(
      (r) => r.type === "mno-local:index:Workload" && r.urn.endsWith("::demo"),
    );
    assert.ok(resource?.id);
    const imported = await platform.npm(
      ...["run", "-s", "pulumi", "--", "import", "mno-local:index:Workload", "adopted", resource.id],
      ...["--yes", "--protect=false", "--generate-code=false"],
    );
    assert.equal(imported.code, 0, imported.output);
    assert.deepEqual(await platform.pidsOf("demo"), before);
    const forgotten = await platform.npm(
      "run",
      "-s",
      "pulumi",
      "--",
      "state",
      "delete",
      "--yes",
      "urn:pulumi:local::machine-native-ops::mno-local:index:Workload::adopted",
    );
    assert.equal(forgotten.code, 0, forgotten.output);
  });

  it("survives Ctrl-C at any point", async () => {
    for (const milliseconds of [300, 1500, 3000, 5000]) {
      const child = platform.spawn("start");
      const run = finished(child);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
      await run;
      assert.ok(!existsSync(join(platform.state, "lock")), "the lock stayed behind");
    }
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    assert.equal((await fetch(`${platform.api}/readyz`)).status, 200);
  });

  it("goes down without a trace outside the state folder", async () => {
    const pids = [
      platform.supervisorAddress().pid,
      ...(await platform.pidsOf("demo")),
      ...(await platform.pidsOf("platform")),
    ];
    const { code, output } = await platform.npm("stop");
    assert.equal(code, 0, output);
    for (const pid of pids) assert.ok(identify(pid) === undefined, `process ${String(pid)} still runs`);
    for (const url of [platform.api, platform.gateway]) await assert.rejects(fetch(url), `${url} still answers`);
    assert.ok(!readdirSync(join(platform.state, "cluster")).includes("supervisor.json"));
    const again = await platform.npm("stop");
    assert.equal(again.code, 0, again.output);
  });

  it("comes up again with what it knew", async () => {
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    assert.ok((await allocationCount()) >= 1);
  });
});
