import assert from "node:assert/strict";
import { clusterUp } from "../../tools/cluster/cluster";
import { Flow } from "../support/kubernetes/flow";
import { Objects } from "../support/kubernetes/objects";
import { PlatformStack } from "../support/kubernetes/platform-stack";
import { StandIns } from "../support/kubernetes/stand-ins";

const NAMESPACE = "mno-standard";

/** One Deployment per engine on NATS, a cache and PostgreSQL, from an empty cluster to nothing again. Tests build on each other. */
describe("the standard profile", function () {
  this.timeout(600_000);
  this.bail(true);
  let objects: Objects;
  let stack: PlatformStack;
  let standIns: StandIns;
  let flow: Flow;

  before(async () => {
    const cluster = await clusterUp();
    objects = new Objects(cluster.kubeconfig);
    stack = await PlatformStack.create(cluster, NAMESPACE);
    standIns = new StandIns(objects, NAMESPACE, stack.images.postgres);
    stack.configure({ profile: "standard" });
  });

  after(async () => {
    await stack?.destroy();
    await standIns?.close();
    await objects?.removeNamespace(NAMESPACE);
    await stack?.close();
  });

  it("comes up on an empty cluster in one go, definitions first, with both policy packs watching", async () => {
    const { code, output } = await stack.up(...stack.withPolicies());
    assert.equal(code, 0, output);
    flow = await Flow.open(objects, stack, NAMESPACE);
  });

  it("does not change when nothing changed", async () => {
    const { code, output } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
  });

  it("grants capacity, hears of it, scales the demo, and its pods follow", () => flow.scalesTheDemo());

  it("releases a suspended Job when its capacity is granted", () => flow.releasesAJob(stack.images.runtime));

  it("goes without a trace", async () => {
    const { code, output } = await stack.destroy();
    assert.equal(code, 0, output);
    assert.equal(await objects.get("v1", "Namespace", NAMESPACE), undefined);
  });
});
