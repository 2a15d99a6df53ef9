import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { readCrds } from "../../components/crds/read-crds";
import { MnoError } from "../../runtime/exports";
import { ROOT, TOOLCHAIN } from "../paths";
import { goVersion, type Report, runGo } from "../toolchain/go-build";
import { MODULE_CHARTS, MODULE_SETS, type ModuleChartName, type ModuleSetName } from "./sets";
import { STUB_SETS, stubCrds, type StubSetName } from "./stubs";

const MODULE = join(ROOT, "tools", "toolchain", "go", "crds");

export interface CollectedCrds {
  /** Folder with one folder per set, one file per definition: what CustomResourceDefinitions' `directory` takes. */
  directory: string;
  /** Folders of the vendors' Helm charts, in Go's module cache. */
  charts: Record<ModuleChartName, string>;
}

/** Where the definitions are kept: outside the work tree, by what they were made from. */
export function crdsDirectory(): string {
  return join(dirname(TOOLCHAIN), "crds", digest());
}

/**
 * The vendors' real definitions out of their published Go modules, checked against go.sum, and stubs of those that cannot be
 * had so (marked `machine-native-ops/stub-crd`). Both are for tests and for sites that reach no vendor's download; made once.
 * Errors: MNO_TOOLCHAIN_MISSING without Go, or when a module no longer holds what it did.
 */
export async function collectCrds(report: Report, directory = crdsDirectory()): Promise<CollectedCrds> {
  const folders = await downloadModules(report);
  const folderOf = (module: string): string => {
    const folder = folders.get(module);
    if (folder === undefined) throw missing(`tools/toolchain/go/crds/go.mod does not require ${module}`);
    return folder;
  };
  if (!existsSync(directory)) {
    const partial = `${directory}.${String(process.pid)}`;
    try {
      for (const name of Object.keys(MODULE_SETS) as ModuleSetName[]) {
        report(
          `${name}: ${String(copySet(name, folderOf(MODULE_SETS[name].module), join(partial, name)))} definitions`,
        );
      }
      for (const name of Object.keys(STUB_SETS) as StubSetName[]) {
        const stubs = stubCrds(name);
        for (const crd of stubs) write(join(partial, name), crd.metadata.name, stringify(crd));
        report(`${name}: ${String(stubs.length)} stubs, for the vendor's own cannot be had here`);
      }
      // Where another process was faster, it has the same there.
      if (!existsSync(directory)) renameSync(partial, directory);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  const charts = Object.entries(MODULE_CHARTS).map(([name, { module, path }]) => [name, join(folderOf(module), path)]);
  return { directory, charts: Object.fromEntries(charts) as Record<ModuleChartName, string> };
}

function copySet(name: ModuleSetName, from: string, to: string): number {
  const { paths, count, module } = MODULE_SETS[name];
  const crds = paths.flatMap((path) => readCrds(join(from, path)));
  if (crds.length !== count) {
    throw missing(
      `${module} has ${String(crds.length)} definitions where ${String(count)} are expected; correct tools/crds/sets.ts`,
    );
  }
  for (const crd of crds) write(to, crd.metadata.name, stringify(crd, { aliasDuplicateObjects: false }));
  return crds.length;
}

function write(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.yaml`), text);
}

/** Folder of each required module in Go's cache. */
async function downloadModules(report: Report): Promise<Map<string, string>> {
  if (goVersion() === undefined) throw missing("Go is not installed");
  report("fetching Go modules that carry definitions");
  const lines: string[] = [];
  await runGo(["mod", "download", "-json"], MODULE, (line) => {
    if (!line.startsWith("go: ")) lines.push(line);
  });
  // One indented JSON object after another.
  const modules = lines
    .join("\n")
    .split(/^(?=\{$)/m)
    .map((text) => JSON.parse(text) as { Path: string; Dir: string });
  return new Map(modules.map(({ Path, Dir }) => [Path, Dir]));
}

/** Of everything that decides what is collected. */
function digest(): string {
  const hash = createHash("sha256").update(JSON.stringify([MODULE_SETS, STUB_SETS]));
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(MODULE, file)));
  return hash.digest("hex").slice(0, 12);
}

function missing(why: string): MnoError {
  return new MnoError("MNO_TOOLCHAIN_MISSING", `The CustomResourceDefinitions could not be collected: ${why}.`);
}
