import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { CRD_SETS, CustomResourceDefinitions, type CustomResourceDefinitionsArgs } from "../../components";
import { validateCrds } from "../../components/crds/custom-resource-definitions";
import { readCrds } from "../../components/crds/read-crds";
import { MODULE_SETS } from "../../tools/crds/sets";
import { STUB_LABEL, STUB_SETS, stubCrds, type StubSetName } from "../../tools/crds/stubs";
import { judged, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record } from "../support/recording-monitor";

function crd(plural: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.example.com, labels: { vendor: example }, annotations: { bundle: "1" } }
spec: { group: example.com, scope: Namespaced }
`;
}

describe("CustomResourceDefinitions", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-crds-"));
    mkdirSync(join(folder, "vendor", "more"), { recursive: true });
    writeFileSync(join(folder, "vendor", "two.yaml"), `${crd("cups")}---\n${crd("forks")}---\nkind: ConfigMap\n`);
    writeFileSync(join(folder, "vendor", "more", "one.yml"), crd("knives"));
    writeFileSync(join(folder, "vendor", "README.md"), "not YAML");
  });
  after(() => rmSync(folder, { recursive: true }));

  const build = async (args: CustomResourceDefinitionsArgs) => {
    let ready: string[] = [];
    const recording = await record(() => {
      new CustomResourceDefinitions("crds", args).ready.apply((names) => (ready = names));
    });
    return { recording, ready };
  };
  const fromFolder = (change: Partial<CustomResourceDefinitionsArgs> = {}) =>
    build({ sources: [{ name: "vendor" }], directory: folder, ...change });

  it("makes each definition of a folder a resource, awaited until the API server serves it", async () => {
    const { recording, ready } = await fromFolder({ labels: { team: "platform" } });
    assert.deepEqual(ready, ["cups.example.com", "forks.example.com", "knives.example.com"]);
    for (const { metadata } of objectsOf(recording, "CustomResourceDefinition")) {
      assert.deepEqual(metadata.labels, {
        vendor: "example",
        team: "platform",
        "app.kubernetes.io/managed-by": "pulumi",
      });
      assert.deepEqual(metadata.annotations, { bundle: "1", "pulumi.com/waitFor": "condition=Established" });
    }
    assertConforms(judged(recording));
  });

  it("protects them, for with a definition go all objects of its kind, unless told not to", async () => {
    const protection = async (change: Partial<CustomResourceDefinitionsArgs>) => {
      const { recording } = await fromFolder(change);
      return new Set(recording.resources.filter(({ custom }) => custom).map(({ protect }) => protect));
    };
    assert.deepEqual(await protection({}), new Set([true]));
    assert.deepEqual(await protection({ protect: false }), new Set([false]));
  });

  it("takes the vendor's release where no folder is given", async () => {
    const { recording } = await build({
      sources: [{ name: "keda" }, { name: "own", url: "https://vendor.example/crds.yaml" }],
    });
    const groups = recording.resources.filter(({ type }) => type === "kubernetes:yaml/v2:ConfigGroup");
    const files = groups.map(({ inputs }) => (plain(inputs) as { files: string[] }).files);
    assert.deepEqual(files, [[...CRD_SETS.keda.urls], ["https://vendor.example/crds.yaml"]]);
    for (const { protect } of groups) assert.equal(protect, true);
  });

  it("makes what depends on it wait for every definition", async () => {
    const recording = await record(() => {
      const crds = new CustomResourceDefinitions("crds", { sources: [{ name: "vendor" }], directory: folder });
      new k8s.core.v1.ConfigMap("later", {}, { dependsOn: [crds] });
    });
    const definitions = recording.resources
      .filter(({ type }) => type.endsWith(":CustomResourceDefinition"))
      .map(({ urn }) => urn);
    const later = recording.resources.find(({ name }) => name === "later")!;
    assert.equal(definitions.length, 3);
    for (const urn of definitions) assert.ok(later.dependencies.includes(urn), urn);
  });

  it("refuses what it cannot find, naming it", () => {
    const wrong = (args: CustomResourceDefinitionsArgs) => validateCrds(args).map(({ field }) => field);
    assert.deepEqual(wrong({ sources: [] }), ["sources"]);
    assert.deepEqual(wrong({ sources: [{ name: "nobody" }] }), ["sources[0].name"]);
    assert.ok(wrong({ sources: [{ name: "constructor" }] }).includes("sources[0].name"));
    assert.deepEqual(wrong({ sources: [{ name: "a", path: "a", url: "http://a" }] }), [
      "sources[0]",
      "sources[0].path",
      "sources[0].url",
    ]);
    assert.deepEqual(wrong({ sources: [{ name: "keda" }, { name: "keda" }] }), ["sources"]);
    assert.deepEqual(wrong({ sources: [{ name: "keda" }], directory: "here" }), ["directory"]);
  });

  it("says which file or folder is missing, empty, broken or holds one twice", () => {
    const write = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    assert.throws(() => readCrds(join(folder, "none")), /there is no file or folder .*none/);
    assert.throws(
      () => readCrds(write("empty.yaml", "kind: ConfigMap\n")),
      /empty\.yaml holds no CustomResourceDefinition/,
    );
    assert.throws(() => readCrds(write("broken.yaml", "a: [")), /broken\.yaml is not valid YAML/);
    assert.throws(
      () => readCrds(write("twice.yaml", `${crd("cups")}---\n${crd("cups")}`)),
      /holds cups\.example\.com more than once/,
    );
  });
});

describe("sets of definitions", () => {
  it("can be had offline for every vendor of the catalogue, really or as a stub", () => {
    const offline: string[] = [...Object.keys(MODULE_SETS), ...Object.keys(STUB_SETS)];
    assert.deepEqual(
      Object.keys(CRD_SETS).filter((name) => !offline.includes(name)),
      [],
    );
  });

  it("marks every stub as one, so that nobody takes it for the vendor's", () => {
    for (const set of Object.keys(STUB_SETS) as StubSetName[]) {
      for (const { metadata, spec } of stubCrds(set)) {
        assert.equal(metadata.labels?.[STUB_LABEL], "true");
        assert.equal(metadata.name, `${(spec.names as { plural: string }).plural}.${String(spec.group)}`);
      }
    }
    assert.ok(stubCrds("cloudnative-pg").some(({ metadata }) => metadata.name === "clusters.postgresql.cnpg.io"));
    assert.ok(stubCrds("linkerd").some(({ metadata }) => metadata.name === "authorizationpolicies.policy.linkerd.io"));
  });
});
