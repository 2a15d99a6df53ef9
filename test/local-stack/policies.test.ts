import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { WITH_POLICIES } from "../../tools/platform/workspace";
import { PulumiProject } from "../support/pulumi-project";

/** Both packs against a stack that breaks mandatory rules, through the real engine. */
describe("policies on pulumi up", function () {
  this.timeout(120_000);
  const project = new PulumiProject(join(__dirname, "refused"), "refused");
  after(() => project.remove());

  it("refuse the stack, say why, and leave nothing created", async () => {
    await project.init();
    const { code, output } = await project.run("up", "--yes", ...project.settings, ...WITH_POLICIES);
    assert.notEqual(code, 0, "the stack was accepted");
    assert.match(output, /mandatory/);
    assert.match(output, /ZT-002/);
    assert.match(output, /ZT-003/);
    assert.ok(!existsSync(join(project.state, "cluster")), "the cluster was created");
    const { resources, text } = await project.export();
    assert.equal(resources.length, 0, text);
  });
});
