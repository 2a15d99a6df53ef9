import { createHash } from "node:crypto";
import type { InstalledPackage } from "./closure";
import { hostFile, sha256 } from "./content";
import { systemPackageOf } from "./system-packages";

export interface Inventory {
  name: string;
  version: string;
  license: string;
  /** RFC 3339. */
  created: string;
  packages: readonly InstalledPackage[];
  /** Packages that the application itself imports, by name. */
  imported: readonly string[];
  node: { version: string; file: string };
  /** Shared libraries, as paths of this machine. */
  libraries: readonly string[];
}

/**
 * What is in the image, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json): npm packages with the licence and the
 * digest of the lock file and who needs whom, Node.js by the digest of its program, shared libraries by Debian package where
 * they came from one. The same inputs give the same document.
 */
export function sbom(inventory: Inventory): object {
  const { name, version, license } = inventory;
  const own = `pkg:generic/${name}@${version}`;
  const npm = new Map(inventory.packages.map((installed) => [installed.path, npmComponent(installed)]));
  const imported = inventory.packages.filter(
    (installed) => installed.path === `node_modules/${installed.name}` && inventory.imported.includes(installed.name),
  );
  const node = {
    type: "platform",
    "bom-ref": `pkg:npm/node@${inventory.node.version}`,
    name: "node",
    version: inventory.node.version,
    purl: `pkg:npm/node@${inventory.node.version}`,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-256", content: sha256(hostFile(inventory.node.file)) }],
  };
  const libraries = inventory.libraries.map(libraryComponent);
  const refsOf = (paths: readonly string[]): string[] =>
    paths.map((path) => npm.get(path)?.["bom-ref"]).filter((ref) => ref !== undefined);
  const content = {
    metadata: {
      timestamp: inventory.created,
      component: { type: "container", "bom-ref": own, name, version, licenses: [{ license: { id: license } }] },
    },
    components: [node, ...libraries, ...npm.values()],
    dependencies: [
      { ref: own, dependsOn: [node["bom-ref"], ...refsOf(imported.map(({ path }) => path))] },
      { ref: node["bom-ref"], dependsOn: libraries.map((library) => library["bom-ref"]) },
      ...inventory.packages.map(({ path, dependencies }) => ({
        ref: npm.get(path)?.["bom-ref"],
        dependsOn: refsOf(dependencies),
      })),
    ],
  };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
}

interface Component {
  type: string;
  "bom-ref": string;
  name: string;
  version?: string;
  [field: string]: unknown;
}

function npmComponent({ path, name, version, license, integrity }: InstalledPackage): Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const digest = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  return {
    type: "library",
    "bom-ref": `${purl}#${path}`, // one version may be installed at several places
    name,
    version,
    purl,
    // An expression may be one identifier, and needs no list of identifiers to be told apart.
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(digest === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }] }),
  };
}

function libraryComponent(path: string): Component {
  const known = systemPackageOf(path);
  return {
    type: known === undefined ? "file" : "library",
    "bom-ref": path,
    name: known?.name ?? path,
    ...(known === undefined ? {} : { version: known.version, purl: known.purl }),
    hashes: [{ alg: "SHA-256", content: sha256(hostFile(path)) }],
    properties: [{ name: "machine-native-ops:path", value: path }],
  };
}

/** A UUID made of a digest, in the form of version 8 (RFC 9562): a random one would make every build another. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
