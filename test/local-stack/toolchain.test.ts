import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished, ROOT } from "../support/platform";

describe("toolchain", function () {
  this.timeout(60_000);
  const home = mkdtempSync(join(tmpdir(), "mno-toolchain-"));
  after(() => rmSync(home, { recursive: true, force: true }));

  it("names both ways out where there is neither download nor Go", async () => {
    const { code, output } = await finished(
      spawn(process.execPath, ["-r", "ts-node/register/transpile-only", join(ROOT, "tools/toolchain/ensure.ts")], {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        env: { HOME: home, PULUMI_HOME: join(home, ".pulumi"), PATH: join(home, "bin"), MNO_PULUMI_DOWNLOAD: "never" },
      }),
    );
    assert.equal(code, 1, output);
    assert.match(output, /MNO_TOOLCHAIN_MISSING: There is no Pulumi/);
    assert.match(output, /1\. with access to get\.pulumi\.com/);
    assert.match(output, /2\. without: install Go 1\.26/);
  });
});
