import { execFile, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { MnoError } from "../../runtime/exports";
import type { ProcessIdentity } from "../../runtime/kernel/process-identity";
import type { Report } from "../toolchain/go-build";
import { ApiServer, credentials } from "./api";
import { argv, componentNames, type ComponentName, type Programs } from "./components";
import { PAUSE_IMAGE } from "./configuration";
import { writeFiles } from "./files";
import { dnsService, kwokPermissions, permissions, simulatedNode, type Applied } from "./objects";
import { NODE, planNetwork, serverUrl, type ClusterPlan } from "./plan";
import { probes, type Probe } from "./probes";
import { Sandbox } from "./sandbox";
import { writeStaticImage } from "./static-image";
import { Supervisor } from "./supervisor";

const run = promisify(execFile);

/** How long a program may take to become ready on a busy machine. */
const READY_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 100;
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

export interface ImportedImage {
  /** With its tag, as containerd has it. */
  name: string;
  /** Of the manifest: `<repository>@<digest>` works in a pod, too. */
  digest: string;
}

/** A cluster of ours: its plan, its processes and, where pods are real, its namespaces. */
export class OwnCluster {
  private readonly sandbox: Sandbox | undefined;

  constructor(
    readonly directory: string,
    readonly plan: ClusterPlan,
    private readonly programs: Programs,
  ) {
    const network = planNetwork(plan);
    this.sandbox = network && new Sandbox(directory, network);
  }

  get kubeconfig(): string {
    return join(this.directory, "kubeconfig");
  }

  /** Brings up whatever is not up. */
  async up(report: Report): Promise<void> {
    await writeFiles(this.plan, this.directory, this.programs.kwok);
    await this.sandbox?.create(this.programs.pause ?? "");
    // The node's runtime needs nobody: it starts while etcd and the API server do.
    const runtime = this.sandbox ? this.prepareRuntime(report) : Promise.resolve();
    const control = this.startControlPlane(report);
    const failures = (await Promise.allSettled([runtime, control])).filter(({ status }) => status === "rejected");
    for (const failure of failures) throw (failure as PromiseRejectedResult).reason;
    const rest = componentNames(this.plan).filter((name) => !["etcd", "kube-apiserver", "containerd"].includes(name));
    await Promise.all(rest.map((name) => this.startAndReport(name, report)));
  }

  /** Ends everything and leaves nothing behind. */
  async down(): Promise<void> {
    await this.crash();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Starts a program that was stopped, and waits until it is ready. Errors: MNO_CLUSTER_COMPONENT_FAILED. */
  async start(name: ComponentName): Promise<void> {
    const supervisor = this.supervisor();
    await supervisor.start(name, argv(name, this.plan, this.directory, this.programs));
    const deadline = Date.now() + READY_MILLISECONDS;
    const probe = this.probe(name);
    for (;;) {
      const lacking = await probe();
      if (lacking === undefined) return;
      if (!supervisor.alive(name)) throw supervisor.failure(name, "ended");
      if (Date.now() > deadline) throw supervisor.failure(name, `is not ready: ${lacking}`);
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** Stops a program; with SIGKILL as a crash would. */
  stop(name: ComponentName, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    return this.supervisor().stop(name, signal);
  }

  async restart(name: ComponentName): Promise<void> {
    await this.stop(name);
    await this.start(name);
  }

  /** Every program, and its process where one lives. */
  processes(): { name: ComponentName; process: ProcessIdentity | undefined }[] {
    const supervisor = this.supervisor();
    return componentNames(this.plan).map((name) => ({ name, process: supervisor.alive(name) }));
  }

  /** Ends all programs at once, as a power cut would; `up` starts them again. */
  async crash(): Promise<void> {
    if (this.sandbox) await this.sandbox.end();
    else await Promise.all(componentNames(this.plan).map((name) => this.stop(name, "SIGKILL")));
  }

  /** Loads a docker-archive into the node. Errors: MNO_CLUSTER_REQUIREMENTS_MISSING where pods are simulated. */
  async importImage(archive: string): Promise<ImportedImage[]> {
    const output = await this.ctr(["images", "import", "-"], archive);
    const images = [...output.matchAll(/^unpacking (\S+) \((sha256:[0-9a-f]{64})\)/gm)].map(([, name, digest]) => ({
      name: name ?? "",
      digest: digest ?? "",
    }));
    for (const { name, digest } of images) {
      await this.ctr(["images", "tag", "--force", name, `${name.replace(/:[^:/]*$/, "")}@${digest}`]);
    }
    return images;
  }

  /** Runs kubectl as the cluster's administrator; answers what it prints. Errors: with what it says on stderr. */
  async kubectl(args: readonly string[]): Promise<string> {
    const options = { env: { ...process.env, KUBECONFIG: this.kubeconfig }, maxBuffer: MAX_OUTPUT_BYTES };
    const { stdout } = await run(this.programs.kube, ["kubectl", ...args], options);
    return stdout;
  }

  private async startControlPlane(report: Report): Promise<void> {
    await this.startAndReport("etcd", report);
    await this.startAndReport("kube-apiserver", report);
    const network = planNetwork(this.plan);
    const objects = network
      ? [...permissions(), ...dnsService(network)]
      : [...permissions(), ...kwokPermissions(), simulatedNode(NODE)];
    await this.apply(objects);
  }

  private async prepareRuntime(report: Report): Promise<void> {
    await this.startAndReport("containerd", report);
    const archive = join(this.directory, "pause.tar");
    writeStaticImage(PAUSE_IMAGE, this.programs.pause ?? "", archive);
    await this.importImage(archive);
    rmSync(archive);
  }

  private async apply(objects: readonly Applied[]): Promise<void> {
    const api = new ApiServer(serverUrl(this.plan), credentials(join(this.directory, "pki"), "admin"));
    for (const { path, object } of objects) await api.apply(path, object);
  }

  private async startAndReport(name: ComponentName, report: Report): Promise<void> {
    const startedAt = Date.now();
    const wasAlive = this.supervisor().alive(name) !== undefined;
    await this.start(name);
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    report(wasAlive ? `${name}: was up already` : `${name}: ready after ${seconds} s`);
  }

  private supervisor(): Supervisor {
    return new Supervisor(this.directory, this.sandbox?.holder() ? this.sandbox.enter : []);
  }

  private probe(name: ComponentName): Probe {
    const isContainerdReady = (): Promise<string | undefined> =>
      this.ctr(["version"]).then(
        () => undefined,
        (error: unknown) => (error as Error).message,
      );
    return probes(this.plan, join(this.directory, "pki"), isContainerdReady)[name];
  }

  private ctr(args: readonly string[], input?: string): Promise<string> {
    if (!this.sandbox) {
      throw new MnoError(
        "MNO_CLUSTER_REQUIREMENTS_MISSING",
        `There is no container runtime: pods are ${this.plan.why}`,
      );
    }
    const [program = "", ...rest] = [...this.sandbox.enter, "ctr", "--namespace", "k8s.io", ...args];
    return output(program, rest, input);
  }
}

/** What a program prints, given a file on its standard input. */
function output(program: string, args: readonly string[], input: string | undefined): Promise<string> {
  const stdin = input === undefined ? undefined : openSync(input, "r");
  return new Promise<string>((resolve, reject) => {
    const child = spawn(program, args, { stdio: [stdin ?? "ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new Error(`${args.slice(args.indexOf("ctr")).join(" ")} ended with ${signal ?? String(code)}: ${stderr}`),
        );
    });
  }).finally(() => {
    if (stdin !== undefined) closeSync(stdin);
  });
}
