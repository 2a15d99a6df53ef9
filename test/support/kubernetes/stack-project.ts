import { collectCrds } from "../../../tools/crds/collect";
import { ROOT } from "../../../tools/paths";
import { ensureKubernetesProvider } from "../../../tools/toolchain/kubernetes";
import type { Run } from "../platform";
import { PulumiProject } from "../pulumi-project";
import { RandomProvider } from "./random-provider";

/** Where the reachability tables take their names from: the default. */
export const DEFAULT_NAMESPACE = "machine-native-ops";

/** The `kubernetes` stack where no pod needs to run: its images are at no registry. */
export class StackProject {
  private constructor(
    readonly project: PulumiProject,
    private readonly random: RandomProvider,
    private readonly defaults: Record<string, unknown>,
  ) {}

  /** `folder` holds Pulumi.yaml; no cluster can be reached without a kubeconfig. */
  static async create({ folder = ROOT, kubeconfig = "/dev/null" } = {}): Promise<StackProject> {
    await ensureKubernetesProvider(() => undefined);
    const { directory } = await collectCrds(() => undefined);
    const random = await RandomProvider.start();
    const project = new PulumiProject(folder, "kubernetes", {
      KUBECONFIG: kubeconfig,
      PULUMI_DEBUG_PROVIDERS: random.address,
      // The state is written once, at the end, and not after each of the definitions, which are large.
      PULUMI_EXPERIMENTAL: "true",
      PULUMI_SKIP_CHECKPOINTS: "true",
    });
    await project.init();
    return new StackProject(project, random, {
      namespace: DEFAULT_NAMESPACE,
      images: { runtime: `registry.invalid/machine-native-ops@sha256:${"0".repeat(64)}` },
      crdDirectory: directory,
      operators: "definitions",
      noBackupBecause: "It lives as long as a test does.",
      demo: true,
    });
  }

  /** Settings from now on, over the tests' defaults; `render` is the folder that manifests go to instead of a cluster. */
  configure(settings: Record<string, unknown>, render?: string): void {
    const own = Object.entries({ ...this.defaults, ...settings }).map(([key, value]) => [
      `machine-native-ops:${key}`,
      value,
    ]);
    this.project.configure({
      ...(render !== undefined && { "kubernetes:renderYamlToDirectory": render }),
      ...(Object.fromEntries(own) as Record<string, unknown>),
    });
  }

  async up(): Promise<string> {
    const { code, output } = await this.project.run("up", "--yes", "--skip-preview", ...this.project.settings);
    if (code !== 0) throw new Error(output);
    return output;
  }

  /** The whole plan as JSON, of the program in another folder where one is named. */
  preview(folder: string): Promise<Run> {
    return this.project.run("preview", "--json", "--show-sames", "--cwd", folder, ...this.project.settings);
  }

  async close(): Promise<void> {
    await this.random.close();
    this.project.remove();
  }
}
