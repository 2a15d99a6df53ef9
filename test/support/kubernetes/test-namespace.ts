import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterUp, openCluster } from "../../../tools/cluster/cluster";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { NONROOT } from "../../../tools/image/base";
import { hostFile } from "../../../tools/image/content";
import { makeImage } from "../../../tools/image/image";
import { NODE_PATH, nodeLayer } from "../../../tools/image/runtime-image";
import { writeContent } from "../../../tools/image/write";
import { ROOT } from "../../../tools/paths";

const PROGRAMS = join(ROOT, "test/support/workloads");
/** In the image: where this machine has them may be below a folder that pods mount over, such as /tmp. */
const WORKLOADS = "/workloads";

/** The programs of test/support/workloads as an image in the node; resolves to its name. */
async function importWorkloads(cluster: OwnCluster): Promise<string> {
  const { tree } = nodeLayer();
  for (const file of readdirSync(PROGRAMS)) tree.addFile(`${WORKLOADS}/${file}`, hostFile(join(PROGRAMS, file)));
  const { archive, reference } = makeImage({
    reference: "localhost/machine-native-ops-test/workloads:installed",
    created: "1970-01-01T00:00:00Z",
    layers: [{ name: "programs", title: "Node.js and the tests' workloads", tree }],
    user: NONROOT,
    entrypoint: [NODE_PATH],
    command: [],
    workingDirectory: "/",
    environment: { HOST: "0.0.0.0" }, // a pod has an address of its own
    ports: [],
    labels: {},
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
    return [NODE_PATH, `${WORKLOADS}/${program}.js`];
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
