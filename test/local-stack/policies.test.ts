import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiEnvironment, WITH_POLICIES } from "../../tools/platform/workspace";
import { build } from "../../tools/build";
import { ensureToolchain } from "../../tools/toolchain/pulumi";
import { finished, type Run } from "../support/platform";

/** Both packs against a stack that breaks mandatory rules, through the real engine. */
describe("policies on pulumi up", function () {
  this.timeout(120_000);
  const state = mkdtempSync(join(tmpdir(), "mno-refused-"));
  after(() => rmSync(state, { recursive: true, force: true }));

  it("refuse the stack, say why, and leave nothing created", async () => {
    const toolchain = await ensureToolchain(() => undefined);
    build();
    const pulumi = (...args: string[]): Promise<Run> =>
      finished(
        spawn(toolchain.cli, args, {
          cwd: join(__dirname, "refused"),
          stdio: ["ignore", "pipe", "pipe"],
          env: {
            ...pulumiEnvironment(toolchain),
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
            MNO_STATE_DIR: state,
          },
        }),
      );
    const settings = ["--stack", "refused", "--config-file", join(state, "settings.yaml")];
    const created = await pulumi("stack", "init", "refused", "--secrets-provider", "passphrase", "--no-select");
    rmSync(join(__dirname, "refused", "Pulumi.refused.yaml"), { force: true });
    assert.equal(created.code, 0, created.output);

    const { code, output } = await pulumi("up", "--yes", ...settings, ...WITH_POLICIES);
    assert.notEqual(code, 0, "the stack was accepted");
    assert.match(output, /mandatory/);
    assert.match(output, /ZT-002/);
    assert.match(output, /ZT-003/);
    assert.ok(!existsSync(join(state, "cluster")), "the cluster was created");
    const left = await pulumi("stack", "export", "--stack", "refused");
    const { deployment } = JSON.parse(left.output.slice(left.output.indexOf("{"))) as { deployment: { resources?: unknown[] } };
    assert.equal(deployment.resources?.length ?? 0, 0, left.output);
  });
});
