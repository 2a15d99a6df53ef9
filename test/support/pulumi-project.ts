import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { build } from "../../tools/build";
import { fileBackend, pulumiEnvironment } from "../../tools/platform/workspace";
import { ensureToolchain, type Toolchain } from "../../tools/toolchain/pulumi";
import { finished, type Run } from "./platform";

/** A Pulumi project of the tests on the real engine, with state and settings in a folder of its own. */
export class PulumiProject {
  readonly state = mkdtempSync(join(tmpdir(), "mno-project-"));
  private toolchain: Toolchain | undefined;

  /** `folder` holds Pulumi.yaml; the stack has the folder's name. */
  constructor(
    private readonly folder: string,
    private readonly stack: string,
    /** Beside what the CLI needs. */
    private readonly environment: NodeJS.ProcessEnv = {},
  ) {}

  get settings(): string[] {
    return ["--stack", this.stack, "--config-file", this.settingsFile];
  }

  private get settingsFile(): string {
    return join(this.state, "settings", `Pulumi.${this.stack}.yaml`);
  }

  /** What another project runs with, to be in the same backend. */
  get surroundings(): NodeJS.ProcessEnv {
    return { ...this.environment, PULUMI_BACKEND_URL: `file://${this.state}` };
  }

  async init(): Promise<void> {
    this.toolchain = await ensureToolchain(() => undefined);
    build();
    // `stack init` writes the salt beside the nearest Pulumi.yaml: it gets one of its own, the project's stays as it is.
    const { name } = parse(readFileSync(join(this.folder, "Pulumi.yaml"), "utf8")) as { name: string };
    const folder = dirname(this.settingsFile);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    const init = ["stack", "init", this.stack, "--secrets-provider", "passphrase", "--no-select"];
    const { code, output } = await this.run("--cwd", folder, ...init);
    if (code !== 0) throw new Error(output);
  }

  /** Replaces the stack's configuration; keys without a namespace are the project's. */
  configure(config: Record<string, unknown>): void {
    const settings = parse(readFileSync(this.settingsFile, "utf8")) as Record<string, unknown>;
    writeFileSync(this.settingsFile, stringify({ ...settings, config }));
  }

  run(...args: string[]): Promise<Run> {
    return finished(this.start(...args));
  }

  /** A command that the test may end before its time. */
  start(...args: string[]): ChildProcess {
    if (!this.toolchain) throw new Error("init() comes first");
    return spawn(this.toolchain.cli, args, {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...pulumiEnvironment(this.toolchain),
        PULUMI_BACKEND_URL: fileBackend(this.state),
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
        MNO_STATE_DIR: this.state,
        ...this.environment,
      },
    });
  }

  /** The deployment as the state has it. */
  async export(): Promise<{
    text: string;
    resources: { type: string; urn: string; outputs?: Record<string, unknown> }[];
  }> {
    const { output } = await this.run("stack", "export", "--stack", this.stack);
    const text = output.slice(output.indexOf("{"));
    const { deployment } = JSON.parse(text) as { deployment: { resources?: { type: string; urn: string }[] } };
    return { text, resources: deployment.resources ?? [] };
  }

  remove(): void {
    rmSync(this.state, { recursive: true, force: true });
  }
}
