import { isBuiltin } from "node:module";
import { buildSync, type Metafile } from "esbuild";
import { MnoError } from "../../runtime/exports";

/**
 * The npm packages that the files load: static imports, `require` and `import()`, as esbuild reads them. Every file is an
 * entry of its own, so what one of them loads by a computed path is seen all the same. `require.resolve` loads nothing and
 * is not counted: the worker pool names ts-node so, for runs from source only.
 * Errors: MNO_IMAGE_INVALID for a file that is not there or cannot be read as JavaScript.
 */
export function importedPackages(files: readonly string[]): string[] {
  const { metafile } = readImports(files);
  const names = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, kind }) => external === true && kind !== "require-resolve")
    .map(({ path }) => packageOf(path));
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function readImports(files: readonly string[]): { metafile: Metafile } {
  try {
    return buildSync({
      entryPoints: [...files],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "cjs",
      outdir: "unwritten",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
  } catch (error) {
    throw new MnoError("MNO_IMAGE_INVALID", `imports cannot be read: ${(error as Error).message}`);
  }
}

/** `@scope/name` of `@scope/name/sub/path`; undefined for Node's own modules. */
function packageOf(specifier: string): string | undefined {
  return isBuiltin(specifier) ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
