import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes } from "../../../tools/image/content";
import { type ImageSpecification, makeImage } from "../../../tools/image/image";
import { FileTree } from "../../../tools/image/tree";
import { writeContent } from "../../../tools/image/write";

interface Index {
  manifests: { digest: string; annotations: Record<string, string> }[];
}

interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}

function specification(application: string): ImageSpecification {
  const layer = (name: string, text: string): ImageSpecification["layers"][number] => {
    const tree = new FileTree();
    tree.addFile(`/${name}/file`, bytes(text));
    return { name, title: `the ${name}`, tree };
  };
  return {
    reference: "localhost/mno/sample:1.2.3",
    created: "2026-01-02T03:04:05Z",
    layers: [layer("base", "base"), layer("application", application)],
    user: { uid: 65532, gid: 65532 },
    entrypoint: ["/program"],
    command: ["--flag"],
    workingDirectory: "/app",
    environment: { KEY: "value" },
    ports: [4600],
    labels: { "org.opencontainers.image.version": "1.2.3" },
  };
}

describe("an image's archive", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-archive-"));
  const image = makeImage(specification("one"));
  const read = <T>(path: string): T => JSON.parse(readFileSync(join(folder, path), "utf8")) as T;
  const blob = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

  before(() => {
    const archive = join(folder, "image.tar");
    writeContent(archive, image.archive);
    execFileSync("tar", ["-xf", archive, "-C", folder]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("names every blob by its digest", () => {
    const names = readdirSync(join(folder, "blobs/sha256"));
    assert.equal(names.length, 4, "two layers, configuration, manifest");
    for (const name of names) {
      const digest = createHash("sha256").update(readFileSync(join(folder, "blobs/sha256", name)));
      assert.equal(digest.digest("hex"), name);
    }
  });

  it("is an OCI layout that containerd knows by tag and by digest", () => {
    assert.deepEqual(read<object>("oci-layout"), { imageLayoutVersion: "1.0.0" });
    const { manifests } = read<Index>("index.json");
    assert.deepEqual(
      manifests.map((entry) => [entry.digest, entry.annotations["io.containerd.image.name"]]),
      [
        [image.digest, "localhost/mno/sample:1.2.3"],
        [image.digest, `localhost/mno/sample@${image.digest}`],
      ],
    );
    const manifest = read<Manifest>(blob(image.digest));
    const layers = manifest.layers.map(({ digest }) => digest);
    assert.deepEqual(
      layers,
      image.layers.map(({ digest }) => digest),
    );
    const config = read<{ rootfs: object; config: object }>(blob(manifest.config.digest));
    assert.deepEqual(config.rootfs, { type: "layers", diff_ids: layers }, "layers are not compressed");
    assert.deepEqual(config.config, {
      User: "65532:65532",
      ExposedPorts: { "4600/tcp": {} },
      Env: ["KEY=value"],
      Entrypoint: ["/program"],
      Cmd: ["--flag"],
      WorkingDir: "/app",
      Labels: { "org.opencontainers.image.version": "1.2.3" },
      StopSignal: "SIGTERM",
    });
  });

  it("is a docker-archive of the same blobs", () => {
    const [entry] = read<{ Config: string; RepoTags: string[]; Layers: string[] }[]>("manifest.json");
    assert.ok(entry);
    assert.deepEqual(entry.RepoTags, ["localhost/mno/sample:1.2.3"]);
    assert.equal(entry.Config, blob(read<Manifest>(blob(image.digest)).config.digest));
    assert.deepEqual(
      entry.Layers,
      image.layers.map(({ digest }) => blob(digest)),
    );
  });

  it("has one digest for one content, and keeps the layers that did not change", () => {
    assert.equal(makeImage(specification("one")).digest, image.digest);
    const other = makeImage(specification("two"));
    assert.notEqual(other.digest, image.digest);
    assert.equal(other.layers[0]?.digest, image.layers[0]?.digest);
    assert.notEqual(other.layers[1]?.digest, image.layers[1]?.digest);
  });

  it("needs a reference with a tag", () => {
    for (const reference of ["name", "Name:1", "localhost/name@sha256:00", "localhost/name:"]) {
      assert.throws(() => makeImage({ ...specification("one"), reference }), { code: "MNO_IMAGE_INVALID" }, reference);
    }
  });
});
