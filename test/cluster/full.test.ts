import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterUp } from "../../tools/cluster/cluster";
import { collectCrds } from "../../tools/crds/collect";
import { Objects } from "../support/kubernetes/objects";
import { PlatformStack } from "../support/kubernetes/platform-stack";
import { StandIns } from "../support/kubernetes/stand-ins";
import { Flow } from "../support/kubernetes/flow";

/** The default, for which stacks/policies/*.kubernetes.json are written. */
const NAMESPACE = "machine-native-ops";
const OBSERVABILITY = `${NAMESPACE}-observability`;

/** The charts that the vendors' Go modules carry, laid out as `chartDirectory` wants them. */
async function chartsFolder(): Promise<string> {
  const { charts } = await collectCrds(() => undefined);
  const folder = mkdtempSync(join(tmpdir(), "mno-charts-"));
  for (const [name, path] of Object.entries(charts)) symlinkSync(path, join(folder, name));
  return folder;
}

describe("the full profile", function () {
  this.timeout(600_000);
  this.bail(true);
  let objects: Objects;
  let stack: PlatformStack;
  let standIns: StandIns;
  let charts = "";

  before(async () => {
    const cluster = await clusterUp();
    objects = new Objects(cluster.kubeconfig);
    stack = await PlatformStack.create(cluster, NAMESPACE);
    standIns = new StandIns(objects, NAMESPACE, stack.images.postgres);
    charts = await chartsFolder();
    stack.configure({
      profile: "full",
      chartDirectory: charts,
      awaitCharts: false,
      prometheus: "existing",
      traceExport: "tempo.tracing.svc:4317",
    });
  });

  after(async () => {
    if (process.env.KEEP) return;
    await stack?.destroy();
    await standIns?.close();
    await stack?.close();
    rmSync(charts, { recursive: true, force: true });
  });

  it("comes up", async () => {
    const t = performance.now();
    const { code, output } = await stack.up(...stack.withPolicies());
    console.log(output, performance.now() - t);
    assert.equal(code, 0, output);
    await Flow.open(objects, stack, NAMESPACE);
  });
  it("2", async () => {
    const t = performance.now();
    const { code, output } = await stack.up("--expect-no-changes");
    console.log(output, performance.now() - t);
  });
});
