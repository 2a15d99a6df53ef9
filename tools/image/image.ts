import { MnoError } from "../../runtime/exports";
import { type Content, json, sha256 } from "./content";
import { tar, tarOf } from "./tar";
import { FileTree, type Owner } from "./tree";

export interface Layer {
  name: string;
  /** What it holds, for the image's history. */
  title: string;
  tree: FileTree;
}

export interface ImageSpecification {
  /** Name and tag: `localhost/machine-native-ops/runtime:0.1.0`. */
  reference: string;
  /** RFC 3339 time of the image; the same inputs must give the same. */
  created: string;
  layers: Layer[];
  user: Owner;
  entrypoint: string[];
  /** Arguments that a user replaces. */
  command: string[];
  workingDirectory: string;
  environment: Record<string, string>;
  /** TCP ports. */
  ports: number[];
  labels: Record<string, string>;
}

export interface Image {
  reference: string;
  /** `sha256:` and the digest of the OCI manifest: what containerd and a registry call this image by. */
  digest: string;
  /** Bytes of the layers, uncompressed. */
  size: number;
  layers: { name: string; digest: string; size: number }[];
  /** The archive that `ctr images import`, `docker load` and `skopeo` read. */
  archive: Content;
}

/**
 * Makes an image without a build daemon: an OCI layout that is a docker-archive too (manifest.json), as `docker save` writes.
 * Layers are not compressed, so their digests do not hang on a compressor's version. Sources: OCI image specification 1.1;
 * Docker image specification 1.2.
 * Errors: MNO_IMAGE_INVALID for a reference without a tag.
 */
export function makeImage(specification: ImageSpecification): Image {
  const [, name, tag] = /^([a-z0-9][a-z0-9.:/_-]*):([\w][\w.-]{0,127})$/.exec(specification.reference) ?? [];
  if (name === undefined || tag === undefined)
    throw new MnoError(
      "MNO_IMAGE_INVALID",
      `${specification.reference} is not a reference with a tag, such as localhost/name:0.1.0`,
    );
  const layers = specification.layers.map(({ name: layer, title, tree }) => ({
    name: layer,
    title,
    ...blob(tarOf(tree), LAYER),
  }));
  const config = blob(json(configuration(specification, layers)), CONFIG);
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor(config),
      layers: layers.map(descriptor),
      annotations: specification.labels,
    }),
    MANIFEST,
  );
  // containerd makes an image of each entry: by tag, and by digest, so that a pod that pins the digest finds it unpulled.
  const named = (image: string): object => ({
    ...descriptor(manifest),
    annotations: { "io.containerd.image.name": image, "org.opencontainers.image.ref.name": tag },
  });
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [named(specification.reference), named(`${name}@${manifest.digest}`)],
  };
  const docker = [
    { Config: blobPath(config), RepoTags: [specification.reference], Layers: layers.map((layer) => blobPath(layer)) },
  ];
  const archive = new FileTree();
  archive.addFile("/oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  archive.addFile("/index.json", json(index));
  archive.addFile("/manifest.json", json(docker));
  for (const part of [...layers, config, manifest]) archive.addFile(`/${blobPath(part)}`, part.content);
  return {
    reference: specification.reference,
    digest: manifest.digest,
    size: layers.reduce((sum, layer) => sum + layer.size, 0),
    layers: layers.map(({ name: layer, digest, size }) => ({ name: layer, digest, size })),
    archive: tar(archive.entries()),
  };
}

const LAYER = "application/vnd.oci.image.layer.v1.tar";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
  content: Content;
}

function blob(content: Content, mediaType: string): Blob {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: content.size, content };
}

function descriptor({ mediaType, digest, size }: Blob): object {
  return { mediaType, digest, size };
}

function blobPath({ digest }: Blob): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function configuration(image: ImageSpecification, layers: readonly { title: string; digest: string }[]): object {
  return {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    created: image.created,
    config: {
      User: `${String(image.user.uid)}:${String(image.user.gid)}`,
      ExposedPorts: Object.fromEntries(image.ports.map((port) => [`${String(port)}/tcp`, {}])),
      Env: Object.entries(image.environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: image.entrypoint,
      Cmd: image.command,
      WorkingDir: image.workingDirectory,
      Labels: image.labels,
      StopSignal: "SIGTERM",
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(({ title }) => ({ created: image.created, created_by: title })),
  };
}
