import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { PAUSE_IMAGE } from "../../../tools/cluster/configuration";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { ROOT } from "../../../tools/paths";
import type { Run } from "../platform";
import { PulumiProject } from "../pulumi-project";
import type { AnyObject, Objects } from "./objects";

const STACK = "pulumi-failures";
const ON_STACK = ["--stack", STACK];

interface State {
  resources?: { outputs?: AnyObject }[];
  pending_operations?: { resource: { urn: string; inputs?: AnyObject } }[];
}

/** A stack of workloads that do nothing, in a namespace of its own, for the cluster to fail under. */
export class WorkloadStack {
  private readonly project: PulumiProject;

  private constructor(
    cluster: OwnCluster,
    private readonly objects: Objects,
    readonly namespace: string,
  ) {
    const folder = join(ROOT, "test", "cluster", STACK);
    this.project = new PulumiProject(folder, STACK, { KUBECONFIG: cluster.kubeconfig });
  }

  static async create(cluster: OwnCluster, objects: Objects, namespace: string): Promise<WorkloadStack> {
    const stack = new WorkloadStack(cluster, objects, namespace);
    await stack.project.init();
    return stack;
  }

  /** What the stack consists of from the next command on: KubernetesWorkload's arguments by name. */
  declare(workloads: Record<string, object>, settings: Record<string, string> = {}): void {
    const config = { namespace: this.namespace, image: PAUSE_IMAGE, workloads, ...settings };
    this.project.configure(
      Object.fromEntries(Object.entries(config).map(([key, value]) => [`${STACK}:${key}`, value])),
    );
  }

  preview(): Promise<Run> {
    return this.project.run("preview", ...this.project.settings);
  }

  up(): Promise<Run> {
    return this.project.run("up", "--yes", "--skip-preview", ...this.project.settings);
  }

  startUp(): ChildProcess {
    return this.project.start("up", "--yes", "--skip-preview", ...this.project.settings);
  }

  cancel(): Promise<Run> {
    return this.project.run("cancel", "--yes", ...ON_STACK);
  }

  refresh(...args: string[]): Promise<Run> {
    return this.project.run("refresh", "--yes", "--skip-preview", ...args, ...this.project.settings);
  }

  /** Brings it up, and asserts that another time would change nothing. */
  async converges(): Promise<string> {
    const { code, output } = await this.up();
    assert.equal(code, 0, output);
    const again = await this.project.run("preview", "--expect-no-changes", ...this.project.settings);
    assert.equal(again.code, 0, again.output);
    return output;
  }

  async state(): Promise<State> {
    const { text } = await this.project.export();
    return (JSON.parse(text) as { deployment: State }).deployment;
  }

  /** Files and secrets of our making in the namespace that the state knows nothing of. Their names are not ours to choose. */
  async orphans(): Promise<string[]> {
    const { resources = [] } = await this.state();
    const known = new Set(resources.map(({ outputs }) => outputs?.metadata?.uid));
    const all = await Promise.all(["ConfigMap", "Secret"].map((kind) => this.objects.list("v1", kind, this.namespace)));
    return all
      .flat()
      .filter(({ metadata }) => metadata?.labels?.[KUBERNETES_LABELS.partOf] !== undefined && !known.has(metadata.uid))
      .map(({ metadata }) => metadata?.name ?? "");
  }

  /** Takes all of it away, protected or not. */
  async remove(): Promise<void> {
    await this.project.run("state", "unprotect", "--all", "--yes", ...ON_STACK);
    await this.project.run("destroy", "--yes", "--skip-preview", ...this.project.settings);
    await this.objects.removeNamespace(this.namespace);
    this.project.remove();
  }
}
