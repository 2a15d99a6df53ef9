import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OwnCluster } from "../../tools/cluster/own-cluster";

/** The API server as a judge of objects that are never made: definitions and namespaces for them, and both gone at the end. */
export class SchemaJudge {
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-objects-"));
  /** What was there before, by `kind/name`. */
  private existing = new Set<string>();

  constructor(private readonly cluster: OwnCluster) {}

  /** `definitions` are folders of CustomResourceDefinitions. */
  async open(definitions: readonly string[], namespaces: readonly string[]): Promise<void> {
    this.existing = new Set(await this.present());
    for (const folder of definitions) {
      await this.cluster.kubectl(["apply", "--server-side", "--force-conflicts", "--filename", folder]);
    }
    for (const folder of definitions) {
      await this.cluster.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "--filename", folder]);
    }
    for (const namespace of namespaces) {
      if (!this.existing.has(`namespace/${namespace}`)) await this.cluster.kubectl(["create", "namespace", namespace]);
    }
  }

  /** What the API server says of them: a line for each that it would take. Rejects with its words where it refuses one. */
  judge(objects: readonly object[]): Promise<string> {
    const file = join(this.folder, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    return this.cluster.kubectl([
      ...["apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename"],
      file,
    ]);
  }

  /**
   * Waits until all is gone, also after an `open` that came half way: the next suite brings definitions of its own. A busy
   * API server takes minutes over dozens of large definitions, each of which changes its whole OpenAPI document.
   */
  async close(): Promise<void> {
    const added = (await this.present()).filter((name) => !this.existing.has(name));
    if (added.length > 0) await this.cluster.kubectl(["delete", "--timeout=600s", ...added]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async present(): Promise<string[]> {
    const listed = await this.cluster.kubectl(["get", "namespaces,crds", "--output", "name"]);
    return listed.split("\n").filter((name) => name !== "");
  }
}
