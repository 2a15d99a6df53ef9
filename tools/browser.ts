import { join } from "node:path";
import { buildSync } from "esbuild";
import { ROOT } from "./paths";

const SOURCES = "runtime/console/browser";
/** Their entry points: one for each page. */
const PAGES = ["carbon", "security"];

/** The scripts of the console's pages, each bundled into one: by the path that they have in dist/, where the pages read them. */
export function browserScripts(): Map<string, string> {
  const { outputFiles } = buildSync({
    entryPoints: PAGES.map((name) => join(ROOT, SOURCES, `${name}.ts`)),
    outdir: "unwritten",
    bundle: true,
    platform: "browser",
    target: "es2023",
    format: "iife",
    charset: "utf8",
    write: false,
    logLevel: "warning",
  });
  return new Map(PAGES.map((name, i) => [`runtime/console/scripts/${name}.js`, outputFiles[i]!.text]));
}
