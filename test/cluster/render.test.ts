import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterUp } from "../../tools/cluster/cluster";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { ROOT } from "../../tools/paths";
import { run as reachability } from "../../tools/reachability/command";
import { readManifests } from "../../tools/reachability/read";
import { vendorCharts } from "../support/kubernetes/charts";
import { comparable, suffixedNames } from "../support/kubernetes/comparable";
import { type AnyObject, Objects } from "../support/kubernetes/objects";
import { DEFAULT_NAMESPACE, StackProject } from "../support/kubernetes/stack-project";

const GOLDEN = join(ROOT, "test", "golden", "reachability");
const DIRECT = "mno-direct";
const PROFILES: { profile: string; pods: string[]; settings: Record<string, unknown> }[] = [
  { profile: "minimal", pods: ["neighbours"], settings: {} },
  { profile: "standard", pods: ["neighbours", "operators"], settings: {} },
  {
    profile: "full",
    pods: ["neighbours", "operators", "elastic"],
    settings: {
      operators: "existing",
      prometheus: "existing",
      awaitCharts: false,
      traceExport: "tempo.tracing.svc:4317",
    },
  },
];

/** What a user renders for GitOps, and what it says about who may reach whom. Tests build on each other. */
describe("rendering for GitOps", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-render-"));
  const rendered = (profile: string): string => join(folder, profile);
  let cluster: OwnCluster;
  let objects: Objects;

  before(async () => {
    cluster = await clusterUp();
    objects = new Objects(cluster.kubeconfig);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const { profile, pods, settings } of PROFILES) {
    it(`writes profile ${profile}, and says where Secrets lie in plain text`, async () => {
      // Charts ask which version of Kubernetes they are for; nothing else needs a cluster.
      const stack = await StackProject.create(profile === "full" ? { kubeconfig: cluster.kubeconfig } : {});
      try {
        const charts = profile === "full" ? { chartDirectory: await vendorCharts(join(folder, "charts")) } : {};
        stack.configure({ profile, ...settings, ...charts }, rendered(profile));
        const output = await stack.up();
        assert.match(output, /every Secret among them in plain text.*docs\/gitops\.md/);
        assert.equal(await objects.get("v1", "Namespace", DEFAULT_NAMESPACE), undefined, "nothing is applied");
        const definitions = readdirSync(join(rendered(profile), "0-crd"));
        assert.equal(definitions.length > 0, profile === "standard", "only `standard` brings definitions here");
      } finally {
        await stack.close();
      }
    });

    it(`lets no pod of profile ${profile} reach another but as its golden table says`, () => {
      const golden = join(GOLDEN, `${profile}.txt`);
      const paths = [join(rendered(profile), "1-manifest"), ...pods.map((name) => join(GOLDEN, `${name}.yaml`))];
      let said = "";
      const console = { out: () => undefined, error: (text: string) => void (said += text) };
      const update = process.env.MNO_UPDATE_GOLDEN === undefined ? [] : ["--update"];
      const code = reachability([...paths, "--golden", golden, ...update], console);
      assert.equal(
        code,
        0,
        `${said}\nMNO_UPDATE_GOLDEN=1 accepts what is rendered now; docs/reachability.md tells more.`,
      );
    });
  }

  describe("the standard profile, applied by another's hands", () => {
    let applied: Map<string, AnyObject>;
    let direct: AnyObject[] = [];

    /** Every object of the manifests as the API server has it now, by what it is, or undefined where it has none. */
    async function live(manifests: readonly AnyObject[]): Promise<(AnyObject | undefined)[]> {
      return Promise.all(
        manifests.map(({ apiVersion = "", kind = "", metadata }) =>
          objects.get(apiVersion, kind, metadata?.name ?? "", metadata?.namespace),
        ),
      );
    }
    function byIdentity(found: readonly (AnyObject | undefined)[]): Map<string, AnyObject> {
      const there = found.filter((object) => object !== undefined);
      const suffixed = suffixedNames(there);
      return new Map(
        there.map((object) => {
          const said = comparable(object, suffixed);
          return [`${said.kind ?? ""} ${said.metadata?.namespace ?? ""}/${said.metadata?.name ?? ""}`, said];
        }),
      );
    }
    const manifestsOf = (profile: string): AnyObject[] => readManifests([join(rendered(profile), "1-manifest")]);
    const apply = (...files: string[]): Promise<string> =>
      cluster.kubectl(["apply", "--server-side", "--field-manager=gitops", ...files.flatMap((file) => ["-f", file])]);

    after(async () => {
      const all = [...manifestsOf("standard"), ...direct];
      const clusterWide = all.filter(({ metadata }) => metadata?.namespace === undefined);
      await Promise.all(clusterWide.map((object) => objects.delete(object)));
      await Promise.all([DEFAULT_NAMESPACE, DIRECT].map((name) => objects.removeNamespace(name)));
      const definitions = join(rendered("standard"), "0-crd");
      await cluster.kubectl(["delete", "--ignore-not-found", "-f", definitions]);
    });

    it("is taken by the API server, definitions first", async () => {
      const [definitions, manifests] = ["0-crd", "1-manifest"].map((name) => join(rendered("standard"), name));
      assert.ok(definitions !== undefined && manifests !== undefined);
      await apply(definitions);
      await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "-f", definitions]);
      await apply(join(manifests, `v1-namespace-default-${DEFAULT_NAMESPACE}.yaml`));
      await apply(manifests);
      const wanted = manifestsOf("standard");
      applied = byIdentity(await live(wanted));
      assert.equal(applied.size, wanted.length);
    });

    it("gives the very objects that `pulumi up` makes", async () => {
      const stack = await StackProject.create({
        folder: join(__dirname, "unawaited-stack"),
        kubeconfig: cluster.kubeconfig,
      });
      let made: Map<string, AnyObject>;
      try {
        stack.configure({ profile: "standard", namespace: DIRECT, operators: "existing" });
        await stack.up();
        const { resources } = await stack.project.export();
        direct = resources
          .filter(({ type }) => type.startsWith("kubernetes:"))
          .map(({ outputs }) => outputs as AnyObject);
        made = byIdentity(await live(direct));
      } finally {
        await stack.close();
      }
      const text = (object: unknown): string => JSON.stringify(object).replaceAll(DIRECT, DEFAULT_NAMESPACE);
      const renamed = new Map([...made].map(([name, object]) => [text(name), JSON.parse(text(object)) as AnyObject]));
      const wanted = new Map([...applied].map(([name, object]) => [text(name), object]));
      assert.deepEqual([...renamed.keys()].sort(), [...wanted.keys()].sort());
      for (const [name, object] of wanted) assert.deepEqual(renamed.get(name), object, name);
    });
  });
});
