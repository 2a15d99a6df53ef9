import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MnoError } from "../../../runtime/exports";
import { openCluster } from "../../../runtime/kernel/cluster/open";
import { ROOT } from "../../../tools/paths";

describe("opening a Kubernetes cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-kubeconfig-"));
  after(() => rmSync(folder, { recursive: true }));

  const kubeconfig = (server: string): string => {
    const path = join(folder, "config");
    const config = {
      clusters: [{ name: "c", cluster: { server } }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "dev", context: { cluster: "c", user: "u" } }],
      "current-context": "dev",
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const refused = (url: string, why: RegExp): void => {
    assert.throws(
      () => openCluster(url),
      (error: MnoError) => error.code === "MNO_CLUSTER_URL_INVALID" && why.test(error.message),
    );
  };

  it("takes TLS only, and names contexts that there are", async () => {
    const path = kubeconfig("https://127.0.0.1:1");
    await openCluster(`kubernetes:shop?kubeconfig=${path}`).close();
    refused(`kubernetes:shop?kubeconfig=${path}&context=live`, /no context "live"; it has dev/);
    refused(`kubernetes:shop?kubeconfig=${join(folder, "absent")}`, /could not be read/);
    kubeconfig("http://127.0.0.1:1");
    refused(`kubernetes:shop?kubeconfig=${path}`, /which is not https/);
  });

  it("keeps credentials in URLs to itself", async () => {
    const silent = (error: MnoError): boolean => error.message.includes("//***@") && !error.stack?.includes("s3cret");
    assert.throws(() => openCluster("https://admin:s3cret@10.0.0.1:6443"), silent);
    assert.throws(() => openCluster(`kubernetes:shop?kubeconfig=${kubeconfig("http://u:s3cret@127.0.0.1:1")}`), silent);
    const cluster = openCluster(`kubernetes:shop?kubeconfig=${kubeconfig("https://u:s3cret@127.0.0.1:1")}`);
    await assert.rejects(cluster.get("web"), silent);
    await cluster.close();
  });

  it("says that nobody answers", async () => {
    const cluster = openCluster(`kubernetes:shop?kubeconfig=${kubeconfig("https://127.0.0.1:1")}`);
    for (const work of [() => cluster.get("web"), () => cluster.list(), () => cluster.nodes()]) {
      await assert.rejects(work(), (error: MnoError) => error.code === "MNO_CLUSTER_UNREACHABLE");
    }
    await cluster.close();
  });

  it("is what the client library is loaded for, and nothing else", () => {
    const loaded = (url: string): boolean => {
      const program = `
        require("./runtime/kernel/cluster/open").openCluster(${JSON.stringify(url)});
        process.stdout.write(String(Object.keys(require.cache).some((file) => file.includes("client-node"))));
        process.exit(0);`;
      const args = ["-r", "ts-node/register/transpile-only", "-e", program];
      return execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" }) === "true";
    };
    assert.equal(loaded("local:/nowhere"), false);
    assert.equal(loaded(`kubernetes:shop?kubeconfig=${kubeconfig("https://127.0.0.1:1")}`), true);
  });
});
