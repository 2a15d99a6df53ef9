import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PulumiProject } from "../support/pulumi-project";

interface View {
  spec: { name: string; kind: string; environment: Record<string, string> };
  phase: string;
  readyReplicas: number;
  replicas: { pid?: number; phase: string }[];
}

/** What Pulumi does to a workload: create, no change, update, replace, failure, delete. Tests build on each other. */
describe("a workload's life through the engine", function () {
  this.timeout(120_000);
  this.bail(true);
  const project = new PulumiProject(join(__dirname, "lifecycle"), "lifecycle");
  const canary = "canary-77b1f2a9";

  const set = async (key: string, value: string, ...flags: string[]): Promise<void> => {
    const { code, output } = await project.run("config", "set", key, value, ...flags, ...project.settings);
    assert.equal(code, 0, output);
  };
  const up = async (...flags: string[]): Promise<string> => {
    const { code, output } = await project.run(
      "up",
      "--yes",
      "--skip-preview",
      "--diff",
      ...flags,
      ...project.settings,
    );
    assert.equal(code, 0, output);
    return output;
  };
  const workloads = async (): Promise<View[]> => {
    const address = JSON.parse(readFileSync(join(project.state, "cluster", "supervisor.json"), "utf8")) as {
      url: string;
      token: string;
    };
    const response = await fetch(`${address.url}/v1/workloads`, {
      headers: { authorization: `Bearer ${address.token}` },
    });
    return ((await response.json()) as { workloads: View[] }).workloads;
  };

  before(async () => {
    await project.init();
    await set("name", "first");
    await set("program", "service.js");
    await set("secret", canary, "--secret");
  });

  after(async () => {
    await project.run("destroy", "--yes", "--skip-preview", ...project.settings);
    project.remove();
  });

  it("is created, ready, with its secret in the process and nowhere in the open", async () => {
    const output = await up();
    const [first] = await workloads();
    assert.equal(first?.phase, "ready");
    assert.ok(!output.includes(canary));
    assert.ok(!(await project.export()).text.includes(canary), "the state holds the secret in plain text");
    assert.ok(!JSON.stringify(await workloads()).includes(canary));
    const environment = readFileSync(`/proc/${String(first?.replicas[0]?.pid)}/environ`, "utf8");
    assert.ok(environment.includes(`PASSPHRASE=${canary}`));
  });

  it("does not change when nothing changed", async () => {
    const before = await workloads();
    await up("--expect-no-changes");
    assert.deepEqual((await workloads())[0]?.replicas[0]?.pid, before[0]?.replicas[0]?.pid);
  });

  it("is rolled when its environment changes, and scaled when its replicas do", async () => {
    const [before] = await workloads();
    await set("greeting", "good evening");
    await set("replicas", "2");
    await up();
    const [after] = await workloads();
    assert.equal(after?.spec.environment.GREETING, "good evening");
    assert.equal(after?.readyReplicas, 2);
    assert.ok(
      !after?.replicas.some((replica) => replica.pid === before?.replicas[0]?.pid && replica.phase === "ready"),
    );
  });

  it("is replaced when its kind changes: the old one is gone before the new one comes", async () => {
    await set("program", "job.js");
    await set("kind", "job");
    const output = await up();
    assert.match(output, /replaced|\+-/);
    const [job, ...others] = await workloads();
    assert.equal(others.length, 0);
    assert.equal(job?.spec.kind, "job");
  });

  it("fails with reasons and the end of its log, and leaves nothing behind, when it cannot run", async () => {
    await set("kind", "service");
    await set("name", "broken");
    await set("program", "no-such-program.js");
    const { code, output } = await project.run("up", "--yes", "--skip-preview", ...project.settings);
    assert.notEqual(code, 0);
    assert.match(output, /MNO_WORKLOAD_NOT_READY/);
    assert.match(output, /Cannot find module .*no-such-program\.js/);
    assert.ok(!(await workloads()).some((view) => view.spec.name === "broken"), "the failed workload still runs");
  });

  it("is healed by up when it became unhealthy", async () => {
    await set("name", "first");
    await set("program", "service.js");
    await set("replicas", "1");
    await up();
    const refreshed = await project.run("refresh", "--yes", ...project.settings);
    assert.equal(refreshed.code, 0, refreshed.output);
    assert.equal((await workloads()).find((view) => view.spec.name === "first")?.phase, "ready");
  });

  it("goes when the program no longer has it, and the cluster goes with the stack", async () => {
    const { code, output } = await project.run("config", "rm", "name", ...project.settings);
    assert.equal(code, 0, output);
    await up();
    assert.deepEqual(await workloads(), []);
    const destroyed = await project.run("destroy", "--yes", "--skip-preview", ...project.settings);
    assert.equal(destroyed.code, 0, destroyed.output);
    assert.ok(!existsSync(join(project.state, "cluster", "supervisor.json")));
  });
});
