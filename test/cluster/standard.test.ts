import assert from "node:assert/strict";
import { CONTRACT_VERSION } from "../../stacks/contract";
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

  it("has another replica lead within 15 s when the leader is killed, and decides nothing twice", () =>
    flow.losesItsLeader());

  it("keeps no secret in the open in its state", async () => {
    const { text } = await stack.project.export();
    const secrets = await objects.list("v1", "Secret", NAMESPACE);
    // Certificates are the stand-in's; names of users and hosts are no secrets.
    const values = secrets
      .filter(({ type }) => type === "Opaque")
      .flatMap(({ data = {} }) => Object.entries(data as Record<string, string>))
      .filter(([key]) => !["username", "host", "port"].includes(key))
      .map(([, value]) => Buffer.from(value, "base64").toString());
    assert.ok(values.length > 5, "there are secrets to look for");
    for (const value of [stack.apiToken, ...values]) assert.ok(!text.includes(value), "a secret is in the state");
  });

  it("is read by another team's project, which deploys onto it knowing its stack alone", async () => {
    const consumer = await stack.consumer();
    try {
      const { code, output } = await consumer.run("up", "--yes", "--skip-preview", ...consumer.settings);
      assert.equal(code, 0, output);
      const shop = await objects.get("apps/v1", "Deployment", "shop", "shop");
      assert.equal(shop?.status?.readyReplicas, 2);
      const { allocationsUrl, platformVersion } = JSON.parse(
        (await consumer.run("stack", "output", "--json", ...consumer.settings.slice(0, 2))).output,
      ) as Record<string, unknown>;
      assert.equal(
        allocationsUrl,
        `http://scalability-elastic-resource-manager.${NAMESPACE}.svc:4600/elastic-resource-manager/v1/allocations`,
      );
      assert.equal(platformVersion, CONTRACT_VERSION);
    } finally {
      await consumer.run("destroy", "--yes", "--skip-preview", ...consumer.settings);
    }
    assert.equal(await objects.get("v1", "Namespace", "shop"), undefined);
  });

  it("goes without a trace", async () => {
    const { code, output } = await stack.destroy();
    assert.equal(code, 0, output);
    assert.equal(await objects.get("v1", "Namespace", NAMESPACE), undefined);
  });
});
