import { join } from "node:path";
import { collectCrds } from "../../../tools/crds/collect";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { ROOT } from "../../../tools/paths";
import { ensureKubernetesProvider } from "../../../tools/toolchain/kubernetes";
import type { Run } from "../platform";
import { PulumiProject } from "../pulumi-project";
import { importImages, type TestImages } from "./images";
import { RandomProvider } from "./random-provider";
import { STAND_IN_STORAGE_CLASS } from "./stand-ins";

/** Given in the clear by these tests alone; a user sets it with --secret. */
const API_TOKEN = "token-of-the-cluster-tests";
/** Both packs, each with the stack's configuration of it. */
const PACKS = ["zero-trust", "carbon"].flatMap((pack) => [
  "--policy-pack",
  join(ROOT, "policies", pack),
  "--policy-pack-config",
  join(ROOT, "stacks", "policies", `${pack}.kubernetes.json`),
]);

/** The `kubernetes` stack of the project, as a user has it, on a test cluster. */
export class PlatformStack {
  /** Bearer token of the engines' APIs. */
  readonly apiToken = API_TOKEN;

  private constructor(
    readonly project: PulumiProject,
    readonly images: TestImages,
    private readonly random: RandomProvider,
    private readonly defaults: Record<string, unknown>,
  ) {}

  /** `environment` is for the CLI, over what tests run it with. */
  static async create(
    cluster: OwnCluster,
    namespace: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<PlatformStack> {
    await ensureKubernetesProvider(() => undefined);
    const images = await importImages(cluster);
    const { directory } = await collectCrds(() => undefined);
    const random = await RandomProvider.start();
    const project = new PulumiProject(ROOT, "kubernetes", {
      KUBECONFIG: cluster.kubeconfig,
      PULUMI_DEBUG_PROVIDERS: random.address,
      // The state is written once, not after each of hundreds of steps: nobody cuts these updates short.
      PULUMI_EXPERIMENTAL: "true",
      PULUMI_SKIP_CHECKPOINTS: "true",
      ...environment,
    });
    await project.init();
    return new PlatformStack(project, images, random, {
      namespace,
      images: { runtime: images.runtime, nats: images.nats, valkey: images.valkey },
      storageClassName: STAND_IN_STORAGE_CLASS,
      crdDirectory: directory,
      operators: "definitions",
      noBackupBecause: "It lives as long as a test does.",
      protect: false,
      demo: true,
      footprint: "trial",
      apiToken: API_TOKEN,
    });
  }

  /** Settings of the stack from now on, over the tests' defaults. */
  configure(settings: Record<string, unknown>): void {
    const config = Object.fromEntries(
      Object.entries({ ...this.defaults, ...settings }).map(([key, value]) => [`machine-native-ops:${key}`, value]),
    );
    this.project.configure(config);
  }

  up(...args: string[]): Promise<Run> {
    return this.project.run("up", "--yes", "--skip-preview", ...this.project.settings, ...args);
  }

  preview(...args: string[]): Promise<Run> {
    return this.project.run("preview", ...this.project.settings, ...args);
  }

  destroy(): Promise<Run> {
    return this.project.run("destroy", "--yes", "--skip-preview", ...this.project.settings);
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { code, output } = await this.project.run("stack", "output", "--json", "--stack", "kubernetes");
    if (code !== 0) throw new Error(output);
    return JSON.parse(output) as Record<string, unknown>;
  }

  /** The example project of another team, in the same backend. */
  async consumer(): Promise<PulumiProject> {
    const folder = join(ROOT, "examples", "consumer");
    const consumer = new PulumiProject(folder, "shop", this.project.surroundings);
    await consumer.init();
    consumer.configure({
      "shop:platform": "organization/machine-native-ops/kubernetes",
      "shop:image": this.images.runtime,
    });
    return consumer;
  }

  withPolicies(): string[] {
    return PACKS;
  }

  async close(): Promise<void> {
    await this.random.close();
    this.project.remove();
  }
}
