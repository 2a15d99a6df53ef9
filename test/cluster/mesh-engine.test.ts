import assert from "node:assert/strict";
import { join } from "node:path";
import { clusterUp, openCluster } from "../../tools/cluster/cluster";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { type CollectedCrds, collectCrds } from "../../tools/crds/collect";
import { ensureKubernetesProvider } from "../../tools/toolchain/kubernetes";
import { PulumiProject } from "../support/pulumi-project";

interface Route {
  metadata: { name: string; labels: Record<string, string> };
  spec: { rules: { backendRefs: { name: string; weight: number }[] }[] };
}

/** What the real engine and provider do to definitions, and to weights that another owns. Tests build on each other. */
describe("definitions and a traffic split through the engine", function () {
  this.timeout(240_000);
  this.bail(true);
  const project = new PulumiProject(join(__dirname, "mesh-engine"), "mesh-engine");
  let cluster: OwnCluster;
  let crds: CollectedCrds;

  const pulumi = async (...args: string[]): Promise<string> => {
    const { code, output } = await project.run(...args, ...project.settings);
    assert.equal(code, 0, output);
    return output;
  };
  const up = (...flags: string[]): Promise<string> => pulumi("up", "--yes", "--skip-preview", ...flags);
  const set = (key: string, value: string): Promise<string> => pulumi("config", "set", key, value);
  const routes = async (): Promise<Route[]> => {
    const { items } = JSON.parse(await cluster.kubectl(["get", "httproutes", "--output", "json"])) as {
      items: Route[];
    };
    return items.filter(({ metadata }) => metadata.labels["machine-native-ops/traffic-split"] === "split");
  };
  const weights = async (): Promise<Record<string, number>> => {
    const [route, ...more] = await routes();
    assert.ok(route && more.length === 0, "there is exactly one route");
    return Object.fromEntries(route.spec.rules[0]!.backendRefs.map(({ name, weight }) => [name, weight]));
  };
  const backends = (...services: string[]): string =>
    JSON.stringify(services.map((service) => ({ service, port: 80, weight: 50 })));

  before(async () => {
    await ensureKubernetesProvider(() => undefined);
    cluster = (await openCluster()) ?? (await clusterUp());
    crds = await collectCrds(() => undefined);
    await project.init();
    await set("kubernetes:kubeconfig", cluster.kubeconfig);
    await set("crds", crds.directory);
    await set("team", "one");
    await set("backends", backends("cart-a", "cart-b"));
  });
  after(async () => {
    await project.run("destroy", "--yes", "--skip-preview", ...project.settings);
    project.remove();
  });

  it("succeeds at once on a cluster that knows none of the kinds", async () => {
    await up();
    assert.deepEqual(await weights(), { "cart-a": 50, "cart-b": 50 });
    const { output } = await project.run("stack", "output", "ready", "--json", "--stack", "mesh-engine");
    const ready = JSON.parse(output) as string[];
    assert.equal(ready.length, 25);
  });

  it("leaves the weights that the balancer found alone, at an up without changes and at one with", async () => {
    const path = "/spec/rules/0/backendRefs";
    const found = [5, 95].map((value, index) => ({ op: "replace", path: `${path}/${String(index)}/weight`, value }));
    const [route] = await routes();
    const patch = ["--type=json", "--field-manager=machine-native-ops", `--patch=${JSON.stringify(found)}`];
    await cluster.kubectl(["patch", "httproute", route!.metadata.name, ...patch]);
    await up("--expect-no-changes");
    await set("team", "two");
    await up();
    assert.equal((await routes())[0]?.metadata.labels.team, "two");
    assert.deepEqual(await weights(), { "cart-a": 5, "cart-b": 95 });
  });

  it("puts another route in the place of the old one when a backend comes", async () => {
    await set("backends", backends("cart-a", "cart-b", "cart-c"));
    await up();
    assert.deepEqual(await weights(), { "cart-a": 50, "cart-b": 50, "cart-c": 50 });
  });

  it("renders Istio's charts without definitions of their own, with our images and two control planes", async () => {
    await set("charts", crds.charts.istio);
    const preview = await pulumi("preview", "--json");
    const { steps } = JSON.parse(preview.slice(preview.indexOf("{"))) as {
      steps: { op: string; newState: { type: string; urn: string; inputs?: Record<string, never> } }[];
    };
    const created = steps.filter(({ op }) => op === "create").map(({ newState }) => newState);
    const named = (type: string, name: string) =>
      created.find((state) => state.type === type && state.urn.endsWith(name))?.inputs;
    assert.deepEqual(
      created.filter(({ type }) => type.endsWith(":CustomResourceDefinition")),
      [],
    );
    const text = JSON.stringify(named("kubernetes:apps/v1:Deployment", "istio-system/istiod"));
    assert.match(text, /mno\.invalid\/istio\/pilot:1\.30\.3-distroless/);
    assert.match(
      JSON.stringify(named("kubernetes:apps/v1:DaemonSet", "istio-system/ztunnel")),
      /mno\.invalid\/istio\/ztunnel:1\.30\.3/,
    );
    assert.match(
      JSON.stringify(named("kubernetes:apps/v1:DaemonSet", "istio-cni-node")),
      /mno\.invalid\/istio\/install-cni:1\.30\.3/,
    );
    assert.match(
      JSON.stringify(named("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "istiod")),
      /"minReplicas":2/,
    );
    const policies = created.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    assert.equal(policies.length, 4, "one for the namespace, one for each of the charts with pods");
  });

  it("leaves nothing when it is destroyed", async () => {
    await pulumi("destroy", "--yes", "--skip-preview");
    const left = (await cluster.kubectl(["get", "crds", "--output", "name"])).split("\n");
    assert.deepEqual(
      left.filter((name) => /gateway\.networking|istio\.io/.test(name)),
      [],
    );
  });
});
