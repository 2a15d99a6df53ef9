import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterUp, openCluster } from "../../../tools/cluster/cluster";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { imageFromPrograms } from "../../../tools/image/debian";
import { writeContent } from "../../../tools/image/write";
import { ROOT } from "../../../tools/paths";

const WORKLOADS = join(ROOT, "test/support/workloads");
const NODE = realpathSync(join(ROOT, "node_modules/node/bin/node"));

/** The programs of test/support/workloads as an image in the node; resolves to its name. */
async function importWorkloads(cluster: OwnCluster): Promise<string> {
  const { archive, reference } = imageFromPrograms({
    name: "workloads",
    programs: [NODE],
    files: [WORKLOADS],
    environment: { HOST: "0.0.0.0" }, // a pod has an address of its own
  });
  const folder = mkdtempSync(join(tmpdir(), "mno-image-"));
  try {
    writeContent(join(folder, "image.tar"), archive);
    await cluster.importImage(join(folder, "image.tar"));
    return reference;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Imported once for all suites of the process. */
let image: Promise<string> | undefined;

/** A namespace of a real cluster for one suite: brought up where it is not, and left up for the suites that follow. */
export class TestNamespace {
  private constructor(
    readonly cluster: OwnCluster,
    readonly name: string,
    /** Image with the programs of test/support/workloads. */
    readonly image: string,
  ) {}

  static async create(prefix: string): Promise<TestNamespace> {
    const cluster = (await openCluster()) ?? (await clusterUp());
    image ??= importWorkloads(cluster);
    const name = `${prefix}-${randomBytes(3).toString("hex")}`;
    await cluster.kubectl(["create", "namespace", name]);
    await cluster.kubectl(["label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"]);
    return new TestNamespace(cluster, name, await image);
  }

  get url(): string {
    return `kubernetes:${this.name}?kubeconfig=${this.cluster.kubeconfig}&image=${this.image}`;
  }

  command(program: "service" | "job"): string[] {
    return [NODE, join(WORKLOADS, `${program}.js`)];
  }

  kubectl(...args: string[]): Promise<string> {
    return this.cluster.kubectl(["--namespace", this.name, ...args]);
  }

  /** Process numbers, on this machine, of the pod's containers. */
  processes(pod: string): number[] {
    const mark = `\0MNO_REPLICA=${pod}\0`;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => `\0${read(`/proc/${pid}/environ`)}`.includes(mark))
      .map(Number);
  }

  async delete(): Promise<void> {
    await this.cluster.kubectl(["delete", "namespace", this.name, "--wait=false"]);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
