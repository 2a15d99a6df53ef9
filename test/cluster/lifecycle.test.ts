import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../runtime/kernel/process-identity";
import { clusterDown, clusterUp } from "../../tools/cluster/cluster";
import { networkOf } from "../../tools/cluster/network";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { checkRequirements, THIS_SYSTEM } from "../../tools/cluster/requirements";
import { ensureClusterPrograms } from "../../tools/toolchain/kubernetes";

/** KWOK is built only where it is used, as here; a cold build takes some minutes. */
const BUILD_MILLISECONDS = 30 * 60_000;

const { blockers, packages } = checkRequirements(THIS_SYSTEM);

/** All that a cluster could leave on the host, line by line. */
function traces(): Set<string> {
  const print = (program: string, ...args: string[]): string[] => {
    // Packet counts, dates and interface numbers change by themselves.
    const text = execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return text.split("\n").map((line) => `${program}: ${line.replace(/^#.*|\[\d+:\d+\]|packets \d+ bytes \d+/g, "")}`);
  };
  const folders = ["/run", "/run/netns", "/var/lib", "/var/log", "/opt", "/etc/cni"].filter((path) => existsSync(path));
  return new Set([
    ...print("ip", "-brief", "link"),
    ...print("ip", "-brief", "address"),
    ...print("ip", "route", "show", "table", "all"),
    ...print("ip", "netns"),
    ...print("nft", "list", "ruleset"),
    ...print("iptables-save"),
    ...print("mount"),
    ...folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))),
    ...globSync("/sys/fs/cgroup/{*,*/*}/"),
  ]);
}

/** Processes whose command line names the folder, or that run in one of the cluster's namespaces. */
function processesOf(text: string): string[] {
  return execFileSync("ps", ["-ww", "-eo", "args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(text));
}

if (blockers.length === 0 && packages.length === 0) {
  describe("the life of a cluster with real pods", () => {
    let folder: string;
    let directory: string;
    let cluster: OwnCluster;
    let untouched: Set<string>;

    before(async () => {
      untouched = traces();
      folder = mkdtempSync(join(tmpdir(), "mno-cluster-"));
      directory = join(folder, "kubernetes");
      cluster = await clusterUp({ directory, pods: "real" });
    });
    after(async () => {
      await clusterDown(directory);
      rmSync(folder, { recursive: true, force: true });
    });

    const pids = (): (number | undefined)[] => cluster.processes().map((each) => each.process?.pid);

    it("comes up with every program, and a second `up` changes none", async () => {
      const first = pids();
      assert.ok(first.every((pid) => pid !== undefined));
      await clusterUp({ directory });
      assert.deepEqual(pids(), first);
    });

    it("starts again what was killed, and keeps what it knew", async () => {
      await cluster.kubectl(["create", "configmap", "kept", "--from-literal=key=value"]);
      await cluster.stop("etcd", "SIGKILL");
      await cluster.stop("kube-apiserver", "SIGKILL");
      await clusterUp({ directory });
      const value = await cluster.kubectl(["get", "configmap", "kept", "--output=jsonpath={.data.key}"]);
      assert.equal(value, "value");
    });

    it("comes up again after all of it was killed at once, as by a restart of the machine", async () => {
      const programs = cluster.processes().map((each) => each.process);
      await cluster.crash();
      assert.ok(programs.every((program) => program && !isAlive(program)));
      await clusterUp({ directory });
      assert.ok(pids().every((pid) => pid !== undefined));
    });

    it("refuses to become another kind of cluster", async () => {
      await assert.rejects(clusterUp({ directory, pods: "kwok" }), { code: "MNO_CONFIG_INVALID" });
    });

    it("goes down without a trace", async () => {
      const { link } = networkOf(cluster.plan.octet ?? 0);
      assert.ok([...traces()].some((line) => line.includes(link)));
      assert.ok(processesOf(directory).length > 8);
      assert.equal(await clusterDown(directory), true);
      assert.deepEqual(processesOf(directory), []);
      // A cluster of somebody else may come and go meanwhile.
      const isOthers = (line: string): boolean => /\bmno-\d+/.test(line) && !line.includes(link);
      const left = [...traces()].filter((line) => !untouched.has(line) && !isOthers(line));
      assert.deepEqual(left, []);
      assert.deepEqual(readdirSync(folder), []);
      assert.equal(await clusterDown(directory), false);
    });
  });
}

describe("the life of a cluster with simulated pods", () => {
  let folder: string;
  let directory: string;

  before(async function () {
    this.timeout(BUILD_MILLISECONDS);
    await ensureClusterPrograms(["etcd", "kube", "kwok"], (line) => process.stdout.write(`    ${line}\n`));
    folder = mkdtempSync(join(tmpdir(), "mno-cluster-"));
    directory = join(folder, "kubernetes");
  });
  after(async () => {
    await clusterDown(directory);
    rmSync(folder, { recursive: true, force: true });
  });

  it("runs a Deployment and a Job on paper, imports no image, and goes down without a trace", async () => {
    const cluster = await clusterUp({ directory, pods: "kwok" });
    assert.match(cluster.plan.why, /^simulated by KWOK because /);
    await cluster.kubectl(["create", "deployment", "web", "--image=example.invalid/web:1", "--replicas=3"]);
    await cluster.kubectl(["create", "job", "work", "--image=example.invalid/work:1"]);
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
    await cluster.kubectl(["wait", "--for=condition=complete", "job/work", "--timeout=60s"]);
    await assert.rejects(cluster.importImage("image.tar"), { code: "MNO_CLUSTER_REQUIREMENTS_MISSING" });

    assert.equal(await clusterDown(directory), true);
    assert.deepEqual(processesOf(directory), []);
    assert.deepEqual(readdirSync(folder), []);
  });
});
