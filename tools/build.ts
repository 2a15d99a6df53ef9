import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildSync } from "esbuild";
import { browserScripts } from "./browser";
import { DIST, ROOT } from "./paths";

/** Folders that run compiled. Types are checked apart (`npm run types`), so this takes a fraction of a second. */
const FOLDERS = ["factors", "runtime", "components", "stacks", "policies", "examples", "tools"];
/** What a supervisor's process loads: the program, and what it loads on demand for this target. */
const SUPERVISOR = ["runtime/main.ts", "runtime/kernel/cluster/local/supervisor.ts"];

/**
 * Transpiles every TypeScript file of FOLDERS into dist/, file by file. Files that did not change are not touched, so that
 * a build beside a running platform disturbs nothing; files whose source is gone are removed. dist/build.json holds the
 * digests by which `pulumi up` sees that a program changed.
 */
export function build(): { written: number; total: number } {
  const { outputFiles } = buildSync({
    entryPoints: FOLDERS.flatMap((folder) => sources(join(ROOT, folder))),
    outdir: DIST,
    outbase: ROOT,
    platform: "node",
    target: "node24",
    format: "cjs",
    sourcemap: "linked",
    write: false,
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map((file) => [relative(DIST, file.path), file.text]));
  for (const [name, text] of browserScripts()) files.set(name, text);
  files.set("package.json", readFileSync(join(ROOT, "package.json"), "utf8"));
  files.set(
    "build.json",
    `${JSON.stringify({ runtime: digest(files, (name) => name.startsWith("runtime/")), supervisor: digest(files, supervisorFiles()) })}\n`,
  );
  let written = 0;
  for (const [name, text] of files) {
    const path = join(DIST, name);
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    written += 1;
  }
  if (existsSync(DIST)) {
    for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !files.has(relative(DIST, path))) rmSync(path);
    }
  }
  return { written, total: files.size };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

/** Whether a compiled file is one that a supervisor runs: what engines and other clusters' drivers need does not restart it. */
export function supervisorFiles(): (name: string) => boolean {
  const { metafile } = buildSync({
    entryPoints: SUPERVISOR.map((name) => join(ROOT, name)),
    absWorkingDir: ROOT,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    outdir: "unwritten",
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  const loaded = new Set(Object.keys(metafile.inputs).map((name) => name.replace(/\.ts$/, ".js")));
  return (name) => loaded.has(name);
}

function digest(files: ReadonlyMap<string, string>, counts: (name: string) => boolean): string {
  const hash = createHash("sha256");
  for (const [name, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name.endsWith(".js") && counts(name)) hash.update(name).update("\0").update(text);
  }
  return hash.digest("hex").slice(0, 16);
}

if (require.main === module) {
  const { written, total } = build();
  process.stdout.write(`dist: ${String(written)} of ${String(total)} files written\n`);
}
