import assert from "node:assert/strict";
import { clusterUp } from "../../tools/cluster/cluster";
import { Objects } from "../support/kubernetes/objects";
import { PlatformStack } from "../support/kubernetes/platform-stack";
import { StandIns } from "../support/kubernetes/stand-ins";
import { Flow } from "../support/kubernetes/flow";

const NAMESPACE = "mno-minimal";

/** The profile that needs nothing but a cluster, as a user brings it up, uses it and takes it down. Tests build on each other. */
describe("the minimal profile", function () {
  this.timeout(300_000);
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
    stack.configure({ profile: "minimal" });
  });

  after(async () => {
    await stack?.destroy();
    await standIns?.close();
    await objects?.removeNamespace(NAMESPACE);
    await stack?.close();
  });

  it("comes up in one go, with both policy packs watching", async () => {
    const { code, output } = await stack.up(...stack.withPolicies());
    assert.equal(code, 0, output);
    flow = await Flow.open(objects, stack, NAMESPACE);
  });

  it("does not change when nothing changed", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /\d+ unchanged/);
    assert.doesNotMatch(output, /created|updated|replaced|deleted/);
  });

  it("grants capacity, hears of it, scales the demo, and its pods follow", () => flow.scalesTheDemo());

  it("releases a suspended Job when its capacity is granted", () => flow.releasesAJob(stack.images.runtime));

  it("goes without a trace", async () => {
    const { code, output } = await stack.destroy();
    assert.equal(code, 0, output);
    assert.equal(await objects.get("v1", "Namespace", NAMESPACE), undefined);
  });
});
