import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { version as providerVersion } from "@pulumi/kubernetes/package.json";
import { MnoError } from "../../runtime/exports";
import { acquireProcessLock } from "../../runtime/kernel/process-lock";
import { PULUMI_HOME, ROOT, TOOLCHAIN } from "../paths";
import { goBuild, goVersion, runGo, type GoProgram, type Report } from "./go-build";
import { findToolchain } from "./pulumi";

/** How long the vendor's download of the provider may take before the build begins instead. */
const DOWNLOAD_MILLISECONDS = 60_000;

/** Debug information would double the time and the size of these builds. */
const NO_DWARF = "-gcflags=all=-dwarf=false";
const KUBERNETES = "v1.36.3";
const VERSION_PACKAGE = "k8s.io/component-base/version";

type Recipe = Omit<GoProgram, "output">;
const moduleFolder = (name: string): string => join(ROOT, "tools", "toolchain", "go", name);

/** What a real cluster is made of, and the simulated pods' KWOK where pods cannot run. */
const RECIPES = {
  etcd: { module: moduleFolder("kubernetes"), package: "./etcd", values: {}, flags: [NO_DWARF], cpuMinutes: 2 },
  kube: {
    module: moduleFolder("kubernetes"),
    package: "./kube",
    values: {
      [`${VERSION_PACKAGE}.gitVersion`]: KUBERNETES,
      [`${VERSION_PACKAGE}.gitMajor`]: "1",
      [`${VERSION_PACKAGE}.gitMinor`]: "36",
    },
    flags: [NO_DWARF],
    cpuMinutes: 12,
  },
  coredns: { module: moduleFolder("coredns"), package: ".", values: {}, flags: [NO_DWARF], cpuMinutes: 2 },
  pause: { module: moduleFolder("pause"), package: ".", values: {}, flags: [NO_DWARF], cpuMinutes: 0.1 },
  echo: { module: moduleFolder("pause"), package: "./echo", values: {}, flags: [NO_DWARF], cpuMinutes: 0.2 },
  kwok: {
    module: moduleFolder("kwok"),
    package: ".",
    values: {},
    flags: [NO_DWARF],
    cpuMinutes: 4,
  },
} satisfies Record<string, Recipe>;

export type ClusterProgram = keyof typeof RECIPES;

const PROVIDER: Recipe = {
  module: moduleFolder("pulumi-kubernetes"),
  package: ".",
  values: { "main.version": providerVersion },
  // The SDK's generated types are only linked for two functions: optimizing them costs a third of the build.
  flags: [NO_DWARF, "-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/...=-N -l -dwarf=false"],
  cpuMinutes: 10,
};

/** Digest of all that decides a program's bytes: the pins, our own source, the flags. */
export function recipeDigest(recipe: Recipe): string {
  const hash = createHash("sha256");
  const source = join(recipe.module, recipe.package);
  const sources = readdirSync(source).filter((name) => name.endsWith(".go"));
  const pins = ["go.mod", "go.sum"].map((name) => join(recipe.module, name)).filter((file) => existsSync(file));
  for (const file of [...pins, ...sources.sort().map((name) => join(source, name))]) {
    hash.update(`${basename(file)}\0`).update(readFileSync(file));
  }
  return hash
    .update(JSON.stringify([recipe.values, recipe.flags]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Paths of the named programs, after building those that are not there yet, side by side. Errors: MNO_TOOLCHAIN_MISSING
 * where Go is absent or a build fails.
 */
export async function ensureClusterPrograms<P extends ClusterProgram>(
  names: readonly P[],
  report: Report,
): Promise<Record<P, string>> {
  const paths = clusterPrograms(names);
  await underLock(
    () => names.filter((name) => !existsSync(paths[name])),
    (missing) => Promise.all(missing.map((name) => buildRecipe(name, RECIPES[name], paths[name], report))),
  );
  return paths;
}

/** Where the named programs are, or would be once built. */
export function clusterPrograms<P extends ClusterProgram>(names: readonly P[]): Record<P, string> {
  return Object.fromEntries(names.map((name) => [name, pathOf(name, RECIPES[name])])) as Record<P, string>;
}

/** Where the program of these pins is kept, built or not. */
function pathOf(name: string, recipe: Recipe): string {
  return join(TOOLCHAIN, `${name}-${recipeDigest(recipe)}`, name);
}

/**
 * Makes sure of the Kubernetes provider where the Pulumi CLI looks for it: what is there, else the vendor's download, else a
 * build. One that we built from other pins is built anew. Errors: MNO_TOOLCHAIN_MISSING.
 */
export async function ensureKubernetesProvider(report: Report): Promise<string> {
  const folder = join(PULUMI_HOME, "plugins", `resource-kubernetes-v${providerVersion}`);
  const program = join(folder, "pulumi-resource-kubernetes");
  const marker = join(folder, ".machine-native-ops");
  const digest = recipeDigest(PROVIDER);
  const isReady = (): boolean =>
    existsSync(program) && (!existsSync(marker) || readFileSync(marker, "utf8") === digest);
  await underLock(
    () => (isReady() ? [] : [program]),
    async () => {
      report(`Pulumi's Kubernetes provider ${providerVersion} is not installed; trying the vendor's download`);
      const why = await downloadProvider();
      if (why === undefined && existsSync(program)) return;
      report(`the download cannot be reached (${why ?? "it brought nothing"})`);
      const built = pathOf("pulumi-resource-kubernetes", PROVIDER);
      if (!existsSync(built)) await buildRecipe("pulumi-resource-kubernetes", PROVIDER, built, report);
      await installProvider(built, folder, digest);
      report(`installed in ${folder}`);
    },
  );
  return program;
}

/** The program and, beside it, the two files it reads, as the module publishes them; in place in one step. */
async function installProvider(built: string, folder: string, digest: string): Promise<void> {
  const partial = `${folder}.${String(process.pid)}`;
  mkdirSync(partial, { recursive: true });
  try {
    copyFileSync(built, join(partial, "pulumi-resource-kubernetes"));
    const published = await publishedFolder();
    for (const file of ["schema.json", "terraform-mapping.json"]) {
      copyFileSync(join(published, file), join(partial, file));
    }
    writeFileSync(join(partial, ".machine-native-ops"), digest);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function publishedFolder(): Promise<string> {
  let module = "";
  const list = ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-kubernetes/provider/v4"];
  await runGo(list, PROVIDER.module, (line) => (module = line));
  return join(module, "cmd", "pulumi-resource-kubernetes");
}

/** undefined when the vendor's provider is there, else why not. */
function downloadProvider(): Promise<string | undefined> {
  if (process.env.MNO_PULUMI_DOWNLOAD === "never") return Promise.resolve("MNO_PULUMI_DOWNLOAD=never");
  const cli = findToolchain()?.cli;
  if (cli === undefined) return Promise.resolve("the Pulumi CLI is not installed yet");
  return new Promise((resolve) => {
    const child = spawn(cli, ["plugin", "install", "resource", "kubernetes", providerVersion], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: DOWNLOAD_MILLISECONDS,
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(stderr.trim().split("\n").at(-1) || `it ended with ${signal ?? String(code)}`);
    });
  });
}

/** Looks again once the lock is held: another process may have built meanwhile. */
async function underLock<T>(missing: () => T[], work: (missing: T[]) => Promise<unknown>): Promise<void> {
  if (missing().length === 0) return;
  mkdirSync(TOOLCHAIN, { recursive: true });
  const release = acquireProcessLock(join(TOOLCHAIN, "build.lock"), "another build of the toolchain");
  try {
    const still = missing();
    if (still.length > 0) await work(still);
  } finally {
    release();
  }
}

async function buildRecipe(name: string, recipe: Recipe, output: string, report: Report): Promise<void> {
  if (goVersion() === undefined) throw missingProgram(name, "Go is not installed");
  try {
    await goBuild({ ...recipe, output }, (line) => report(`${name}: ${line}`));
  } catch (error) {
    rmSync(dirname(output), { recursive: true, force: true });
    throw missingProgram(name, (error as Error).message, error);
  }
}

function missingProgram(name: string, why: string, cause?: unknown): MnoError {
  return new MnoError(
    "MNO_TOOLCHAIN_MISSING",
    `There is no ${name}: ${why}.\n` +
      `It is built from its Go modules: install Go 1.26 or later (https://go.dev/dl) with access to a Go module proxy ` +
      `(GOPROXY), and run this command again; what was compiled already is kept.`,
    { cause },
  );
}
