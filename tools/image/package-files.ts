import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * What a package brings for people, compilers and other runtimes: declarations, TypeScript, source maps, manuals, sources
 * in C, native modules of Bare.
 */
const UNUSED_FILE =
  /\.(?:[cm]?ts|tsx|flow|map|md|markdown|tsbuildinfo|html|ya?ml|bare|c|cc|h)$|^(?:\.|tsconfig|makefile$)/i;
/** Licences stay with what they license, whatever their format. */
const LICENCE = /^(?:(?:un)?licen[cs]e|notice|copying|patents|authors)/i;
/** Only at a package's top: deeper, such a name may be code (yaml keeps its parser's parts in dist/doc). */
const UNUSED_FOLDER = /^(?:\..*|tests?|__tests__|docs?|examples?|bench(?:marks?)?|coverage|node_modules)$/i;

/** What compiling a native part left beside it. */
const COMPILED = /(?:^|\/)build\/(?:Release\/(?:obj\.target|\.deps)|deps)\//;

/** The files of an installed package that can be loaded at run time, with its licences; paths below the package, sorted. */
export function runtimeFiles(packageFolder: string): string[] {
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(packageFolder, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (folder !== "" || !UNUSED_FOLDER.test(entry.name)) walk(path);
      } else if (LICENCE.test(entry.name) || (!UNUSED_FILE.test(entry.name) && !COMPILED.test(path))) {
        files.push(path);
      }
    }
  };
  walk("");
  return files.sort();
}

/** Whether anything but the manifest and licences is left: a package of types alone holds nothing to run. */
export function isLoadable(files: readonly string[]): boolean {
  return files.some((file) => file !== "package.json" && !LICENCE.test(file));
}
