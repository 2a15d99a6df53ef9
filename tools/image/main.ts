import { join } from "node:path";
import { parseArgs } from "node:util";
import { MnoError } from "../../runtime/exports";
import { STATE } from "../paths";
import { json } from "./content";
import { dockerBuild } from "./docker";
import { makeImage } from "./image";
import { runtimeImage } from "./runtime-image";
import { writeContent, writeTree } from "./write";

const USAGE = `usage: npm run image -- [--output FILE] [--tag NAME:TAG] [--docker | --layers FOLDER]
  --output  archive to write (.mno/images/runtime.tar); the SBOM goes beside it
  --tag     reference of the image (localhost/machine-native-ops/runtime:<version>)
  --docker  build the Dockerfile with the Docker engine of this machine instead
  --layers  lay the file system out in FOLDER/base, dependencies and application instead; the Dockerfile does this
`;

/** `npm run image`: docs/image.md. Exit codes: 0 made, 1 not made, 2 usage. */
function main(): void {
  const startedAt = performance.now();
  const { output, tag, docker, layers } = options();
  const { specification, packages, sbom } = runtimeImage(tag);
  if (docker) return dockerBuild(specification, output);
  if (layers !== undefined) {
    for (const { name, tree } of specification.layers) writeTree(join(layers, name), tree);
    return;
  }
  const file = output ?? join(STATE, "images", "runtime.tar");
  const image = makeImage(specification);
  writeContent(file, image.archive);
  writeContent(`${file}.cdx.json`, json(sbom));
  const rows = [
    ["image", image.reference],
    ["digest", image.digest],
    ["size", `${megabytes(image.size)} uncompressed`],
    ...image.layers.map(({ name, digest, size }) => ["layer", `${name}, ${megabytes(size)}, ${digest}`]),
    ["packages", `${String(packages.length)} of npm`],
    ["archive", file],
    ["SBOM", `${file}.cdx.json`],
    ["time", `${((performance.now() - startedAt) / 1000).toFixed(1)} s`],
  ];
  process.stdout.write(rows.map(([name = "", value = ""]) => `${name.padEnd(9)} ${value}\n`).join(""));
}

function options(): { output?: string; tag?: string; docker: boolean; layers?: string } {
  try {
    const { values } = parseArgs({
      options: {
        output: { type: "string" },
        tag: { type: "string" },
        docker: { type: "boolean", default: false },
        layers: { type: "string" },
      },
    });
    if (values.docker && values.layers !== undefined) throw new Error("--docker and --layers exclude each other");
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

try {
  main();
} catch (error) {
  process.stderr.write(
    `${error instanceof MnoError ? `${error.code}: ${error.message}` : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}
