import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../tools/build";
import { pulumiEnvironment } from "../../tools/platform/workspace";
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
  ) {}

  get settings(): string[] {
    return ["--stack", this.stack, "--config-file", join(this.state, "settings.yaml")];
  }

  async init(): Promise<void> {
    this.toolchain = await ensureToolchain(() => undefined);
    build();
    const { code, output } = await this.run(
      "stack",
      "init",
      this.stack,
      "--secrets-provider",
      "passphrase",
      "--no-select",
    );
    // The salt that the CLI writes beside Pulumi.yaml is made again in the settings of this run.
    rmSync(join(this.folder, `Pulumi.${this.stack}.yaml`), { force: true });
    if (code !== 0) throw new Error(output);
  }

  run(...args: string[]): Promise<Run> {
    if (!this.toolchain) throw new Error("init() comes first");
    return finished(
      spawn(this.toolchain.cli, args, {
        cwd: this.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...pulumiEnvironment(this.toolchain),
          PULUMI_BACKEND_URL: `file://${this.state}`,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
          MNO_STATE_DIR: this.state,
        },
      }),
    );
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
