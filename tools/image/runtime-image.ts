import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MnoError, PORTS } from "../../runtime/exports";
import { build } from "../build";
import { DIST, ROOT } from "../paths";
import { baseTree, NONROOT } from "./base";
import { type InstalledPackage, packageClosure } from "./closure";
import { hostFile, json } from "./content";
import { addLibrariesOf } from "./host";
import type { ImageSpecification, Layer } from "./image";
import { importedPackages } from "./imports";
import { isLoadable, runtimeFiles } from "./package-files";
import { provenance } from "./provenance";
import { sbom } from "./sbom";
import { FileTree } from "./tree";

/** What the image and the Dockerfile both say; a test holds them together. */
export const NODE_PATH = "/usr/local/bin/node";
export const APPLICATION = "/app";
export const STATE_PATH = "/var/lib/machine-native-ops";
export const SBOM_PATH = "/usr/share/sbom/machine-native-ops.cdx.json";
export const ENTRYPOINT = [NODE_PATH, `${APPLICATION}/dist/runtime/main.js`];
export const COMMAND = ["--target", "all"];
export const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  NODE_ENV: "production",
  MNO_STATE_DIR: STATE_PATH,
};

/** Programs of the image, as folders of dist/: the runtime with the tables that it reads, and the service that examples and tests scale. */
const PROGRAMS = ["runtime", "factors", "examples/demo-service"];
/** The npm package `node`: the version that everything is tested with. */
const NODE_PACKAGE = join(ROOT, "node_modules", "node");

export interface RuntimeImage {
  specification: ImageSpecification;
  packages: InstalledPackage[];
  /** CycloneDX document; the image has it at SBOM_PATH. */
  sbom: object;
}

/** Compiles, and lays out the runtime's file system in three layers: what changes least comes first. */
export function runtimeImage(reference?: string): RuntimeImage {
  build();
  const { name, version, license, repository } = manifest(join(ROOT, "package.json"));
  const { created, revision } = provenance();
  const programs = PROGRAMS.flatMap((folder) => compiledFiles(folder));
  const imported = importedPackages(programs.map((file) => join(DIST, file)));
  const base = nodeLayer();
  const dependencies = dependencyLayer(packageClosure(ROOT, imported));
  const bom = sbom({
    name,
    version,
    license,
    created,
    imported,
    packages: dependencies.packages,
    node: { version: manifest(join(NODE_PACKAGE, "package.json")).version, file: base.program },
    libraries: base.libraries,
  });
  const application = new FileTree();
  for (const file of [...programs, "package.json"])
    application.addFile(`${APPLICATION}/dist/${file}`, hostFile(join(DIST, file)));
  application.addFile(`${APPLICATION}/LICENSE`, hostFile(join(ROOT, "LICENSE")));
  application.addFile(SBOM_PATH, json(bom));
  application.addDirectory(STATE_PATH, 0o700, NONROOT);
  return {
    packages: dependencies.packages,
    sbom: bom,
    specification: {
      reference: reference ?? `localhost/${name}/runtime:${version}`,
      created,
      layers: [
        { name: "base", title: "Node.js and its shared libraries", tree: base.tree },
        { name: "dependencies", title: "npm packages", tree: dependencies.tree },
        { name: "application", title: "Machine Native Ops", tree: application },
      ],
      user: NONROOT,
      entrypoint: ENTRYPOINT,
      command: COMMAND,
      workingDirectory: APPLICATION,
      environment: ENVIRONMENT,
      ports: [PORTS.api],
      labels: {
        "org.opencontainers.image.title": `${name} runtime`,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": license,
        "org.opencontainers.image.created": created,
        ...(repository === undefined ? {} : { "org.opencontainers.image.source": repository.url }),
        ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
      },
    },
  };
}

/** Node.js at NODE_PATH, with the shared libraries that it names. */
export function nodeLayer(): { tree: FileTree; program: string; libraries: string[] } {
  const program = join(NODE_PACKAGE, "bin", "node");
  if (!existsSync(program)) throw new MnoError("MNO_IMAGE_INVALID", `${program} is not there: npm ci brings it`);
  const tree = baseTree(NONROOT, "nonroot");
  tree.addFile(NODE_PATH, hostFile(program), true);
  return { tree, program, libraries: addLibrariesOf(tree, [program]) };
}

function dependencyLayer(closure: readonly InstalledPackage[]): Pick<Layer, "tree"> & { packages: InstalledPackage[] } {
  const tree = new FileTree();
  const packages = closure.filter(({ path }) => {
    const folder = join(ROOT, path);
    const files = runtimeFiles(folder);
    if (!isLoadable(files)) return false;
    for (const file of files) tree.addFile(`${APPLICATION}/${path}/${file}`, hostFile(join(folder, file)));
    return true;
  });
  return { tree, packages };
}

function compiledFiles(folder: string): string[] {
  return readdirSync(join(DIST, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

interface Manifest {
  name: string;
  version: string;
  license: string;
  repository?: { url: string };
}

function manifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}
