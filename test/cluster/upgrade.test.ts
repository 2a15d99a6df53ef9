import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../tools/paths";
import { ensureKubernetesProvider } from "../../tools/toolchain/kubernetes";
import { changes, losses, readPlan } from "../support/kubernetes/plan";
import { StackProject } from "../support/kubernetes/stack-project";
import { checkOut, previousCommit } from "../support/previous-commit";
import { PulumiProject } from "../support/pulumi-project";

/** From the previous commit's stack to this one: what the engine would do to what holds data. Nothing needs a cluster. */
describe("an upgrade from the previous commit", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-upgrade-"));
  const earlier = join(folder, "earlier");

  before(() => {
    checkOut(previousCommit(), earlier);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const profile of ["minimal", "standard"]) {
    it(`replaces and deletes nothing that holds data, with profile ${profile}`, async () => {
      const stack = await StackProject.create({ folder: earlier });
      try {
        stack.configure({ profile }, join(folder, profile));
        await stack.up();
        const { code, output } = await stack.preview(ROOT);
        assert.equal(code, 0, output);
        const steps = readPlan(output);
        const told = changes(steps);
        process.stdout.write(`      ${profile}: ${told.length === 0 ? "nothing changes" : told.join("\n        ")}\n`);
        assert.ok(steps.length > 20, `${String(steps.length)} steps`);
        assert.deepEqual(losses(steps), []);
      } finally {
        await stack.close();
      }
    });
  }

  describe("that were not safe", () => {
    const rendered = join(folder, "store");
    let project: PulumiProject;

    const configure = (settings: Record<string, unknown>): void => {
      project.configure({ "kubernetes:renderYamlToDirectory": rendered, ...settings });
    };
    const preview = async (settings: Record<string, unknown>): Promise<{ code: number; output: string }> => {
      configure(settings);
      return project.run("preview", "--json", ...project.settings);
    };

    before(async () => {
      await ensureKubernetesProvider(() => undefined);
      project = new PulumiProject(join(__dirname, "renamed-store"), "store", { KUBECONFIG: "/dev/null" });
      await project.init();
    });
    after(() => {
      project.remove();
    });

    const up = async (protect: boolean): Promise<void> => {
      configure({ protect });
      const { code, output } = await project.run("up", "--yes", "--skip-preview", ...project.settings);
      assert.equal(code, 0, output);
    };

    it("is told: another Service, another name, another place in the program", async () => {
      await up(false);
      const cases: [Record<string, string>, RegExp][] = [
        [{ serviceName: "other" }, /replace kubernetes:apps\/v1:StatefulSet store \(spec\.serviceName\)/],
        [{ objectName: "other" }, /replace kubernetes:apps\/v1:StatefulSet store \(metadata\.name\)/],
        [{ logicalName: "other" }, /delete kubernetes:apps\/v1:StatefulSet store/],
      ];
      for (const [settings, told] of cases) {
        const { output } = await preview({ protect: false, ...settings });
        assert.match(losses(readPlan(output)).join("\n"), told);
      }
      const { output } = await preview({ protect: false, image: "registry.invalid/store:2" });
      assert.deepEqual(losses(readPlan(output)), []);
      assert.deepEqual(changes(readPlan(output)), ["update kubernetes:apps/v1:StatefulSet store"]);
    });

    it("is refused by the preview where the store is protected, as stores are by default", async () => {
      await up(true);
      configure({ protect: true, serviceName: "other" });
      const { code, output } = await project.run("preview", ...project.settings);
      assert.notEqual(code, 0);
      assert.match(
        output,
        /unable to replace resource .*StatefulSet::store"\s+as it is currently marked for protection/,
      );
    });
  });
});
