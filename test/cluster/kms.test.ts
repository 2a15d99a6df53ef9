import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterDown, clusterUp } from "../../tools/cluster/cluster";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { ensureClusterPrograms } from "../../tools/toolchain/kubernetes";
import { eventually, freePort, ROOT } from "../support/platform";

const CANARY = "canary-of-etcd-71c3";
const BUILD_MILLISECONDS = 40 * 60_000;

/** A real API server whose etcd is encrypted under a key of ours, which a process of the runtime keeps. Tests build on each other. */
describe("etcd under a post-quantum key", function () {
  this.timeout(180_000);
  this.bail(true);
  const folder = mkdtempSync(join(tmpdir(), "mno-kms-"));
  const directory = join(folder, "kubernetes");
  const socket = join(folder, "kms", "plugin.sock");
  let service: ChildProcess;
  let cluster: OwnCluster;
  let url: string;

  const start = async (): Promise<void> => {
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}`;
    service = spawn(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", join(ROOT, "runtime/main.ts"), "--target", "quantum-cryptography"],
      {
        cwd: ROOT,
        stdio: ["ignore", "ignore", "inherit"],
        env: {
          ...process.env,
          MNO_STATE_DIR: join(folder, "state"),
          MNO_HTTP_PORT: port,
          MNO_QC_KMS_SOCKET: socket,
          MNO_LOG_LEVEL: "ERROR",
        },
      },
    );
    await eventually("the key service", 60, async () =>
      (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200 ? true : undefined,
    );
  };
  const stop = async (): Promise<void> => {
    if (service.exitCode !== null || !service.kill("SIGTERM")) return;
    await new Promise((resolve) => service.once("exit", resolve));
  };
  /** All that etcd has written: its database and its write-ahead log. */
  const stored = (): Buffer => {
    const files = readdirSync(join(directory, "etcd"), { recursive: true, withFileTypes: true });
    return Buffer.concat(
      files.filter((file) => file.isFile()).map(({ parentPath, name }) => readFileSync(join(parentPath, name))),
    );
  };
  const secret = (name: string): Promise<string> =>
    cluster.kubectl(["get", "secret", name, "--output", "jsonpath={.data.value}"]);
  const kek = async (): Promise<{ id: string; currentVersion: number; suite: string }> =>
    (await (await fetch(`${url}/quantum-cryptography/v1/keys/kubernetes-etcd`)).json()) as never;

  before(async function () {
    this.timeout(BUILD_MILLISECONDS);
    await ensureClusterPrograms(["etcd", "kube", "kwok"], (line) => process.stdout.write(`    ${line}\n`));
    await start();
    cluster = await clusterUp({ directory, pods: "kwok", kmsSocket: socket });
  });
  after(async () => {
    await clusterDown(directory);
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("keeps a Secret that etcd cannot be read out of", async () => {
    await cluster.kubectl(["create", "secret", "generic", "first", `--from-literal=value=${CANARY}`]);
    assert.equal(Buffer.from(await secret("first"), "base64").toString(), CANARY);
    const bytes = stored();
    assert.ok(bytes.includes("k8s:enc:kms:v2:machine-native-ops:"));
    assert.ok(!bytes.includes(CANARY));
    assert.match((await kek()).suite, /^(X-Wing|ML-KEM-)/);
  });

  it("is healthy by the API server's own word, and says so when the plugin is away", async () => {
    /** The line of `/healthz` that tells of the plugin. */
    const health = async (): Promise<string> => {
      const answer = await cluster.kubectl(["get", "--raw", "/healthz?verbose"]).catch((error: Error) => error.message);
      return /^\[[+-]\]kms-providers?\S*/m.exec(answer)?.[0] ?? answer;
    };
    assert.match(await health(), /^\[\+\]kms-provider/);
    await stop();
    await eventually("the API server's complaint", 60, async () =>
      (await health()).startsWith("[+]") ? undefined : true,
    );
    await start();
    await eventually("health", 60, async () => ((await health()).startsWith("[+]kms") ? true : undefined));
    assert.equal(Buffer.from(await secret("first"), "base64").toString(), CANARY);
  });

  it("reads everything after both have started anew", async () => {
    await stop();
    await start();
    await cluster.restart("kube-apiserver");
    assert.equal(Buffer.from(await secret("first"), "base64").toString(), CANARY);
  });

  it("encrypts under a new version after a rotation, and still reads what is under the old one", async () => {
    const { currentVersion } = await kek();
    const rotated = await fetch(`${url}/quantum-cryptography/v1/keys/kubernetes-etcd/rotate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.ok(rotated.ok, await rotated.text());
    assert.equal((await kek()).currentVersion, currentVersion + 1);
    // The API server asks for the key's id once a minute, or when it starts.
    await cluster.restart("kube-apiserver");
    await cluster.kubectl(["create", "secret", "generic", "second", `--from-literal=value=${CANARY}-two`]);
    assert.equal(Buffer.from(await secret("second"), "base64").toString(), `${CANARY}-two`);
    assert.equal(Buffer.from(await secret("first"), "base64").toString(), CANARY);
    const { id } = await kek();
    const bytes = stored();
    for (const version of [currentVersion, currentVersion + 1]) {
      assert.ok(bytes.includes(`${id}/${String(version)}`), `nothing is under version ${String(version)}`);
    }
    assert.ok(!bytes.includes(CANARY));
  });
});
