import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { MnoError } from "../../runtime/exports";
import { acquireProcessLock } from "../../runtime/kernel/process-lock";
import { PULUMI_BIN, PULUMI_HOME, PULUMI_VERSION, ROOT } from "../paths";
import { goBuild, goVersion, type Report } from "./go-build";

const EXE = process.platform === "win32" ? ".exe" : "";
const CLI = join(PULUMI_BIN, `pulumi${EXE}`);
const LANGUAGE_HOST = join(PULUMI_BIN, `pulumi-language-nodejs${EXE}`);
const LAUNCHER = join(ROOT, "node_modules", "pulumi", "run.js");
const OUR_HOST = "// mno-language-host ";

/** How long the vendor's download may take before the build begins instead. */
const DOWNLOAD_MILLISECONDS = 10 * 60_000;

export interface Toolchain {
  /** The `pulumi` program. */
  cli: string;
  /** Where it came from, for people. */
  origin: string;
}

/** What is there now, without fetching or building anything. */
export function findToolchain(): Toolchain | undefined {
  if (isExecutable(CLI)) return { cli: CLI, origin: `${CLI}` };
  const elsewhere = [...(process.env.PATH ?? "").split(delimiter), join(homedir(), ".pulumi", "bin")]
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, `pulumi${EXE}`))
    .filter(isExecutable);
  for (const cli of elsewhere) {
    if (versionOf(cli) === PULUMI_VERSION) return { cli, origin: `${cli} (yours)` };
  }
  return undefined;
}

/**
 * Makes sure that the pinned Pulumi is there: one that is installed, else the vendor's download, else a build from its Go
 * modules. Errors: MNO_TOOLCHAIN_MISSING naming both ways out.
 */
export async function ensureToolchain(report: Report): Promise<Toolchain> {
  let found = findToolchain();
  if (!found) {
    mkdirSync(PULUMI_BIN, { recursive: true });
    const release = acquireProcessLock(join(dirname(PULUMI_BIN), "install.lock"), "another installation of Pulumi");
    try {
      await install(report);
    } finally {
      release();
    }
    found = { cli: CLI, origin: CLI };
  }
  if (dirname(found.cli) === PULUMI_BIN) ensureLanguageHost(report);
  return found;
}

async function install(report: Report): Promise<void> {
  report(`Pulumi ${PULUMI_VERSION} is not installed; trying the vendor's download`);
  const why = await download();
  if (why === undefined) return report(`downloaded to ${PULUMI_BIN}`);
  report(`the download cannot be reached (${why})`);
  const go = goVersion();
  if (go === undefined) throw missing(`the download failed (${why}) and Go is not installed`);
  report(`${go} is here: building Pulumi from its Go modules, once, into ${PULUMI_HOME}`);
  try {
    await goBuild(
      {
        module: join(ROOT, "tools", "toolchain", "go", "pulumi"),
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        output: CLI,
        values: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI_VERSION}` },
        cpuMinutes: 7,
      },
      report,
    );
  } catch (error) {
    throw missing(`the download failed (${why}) and so did the build: ${(error as Error).message}`, error);
  }
}

function missing(why: string, cause?: unknown): MnoError {
  return new MnoError(
    "MNO_TOOLCHAIN_MISSING",
    `There is no Pulumi ${PULUMI_VERSION}: ${why}.\n` +
      `Either way out does:\n` +
      `  1. with access to get.pulumi.com: run this command again, or install Pulumi ${PULUMI_VERSION} yourself and put it on PATH;\n` +
      `  2. without: install Go 1.26 or later (https://go.dev/dl) with access to a Go module proxy (GOPROXY), and run this command again.`,
    { cause },
  );
}

/** Lets `npx pulumi` fetch the CLI; undefined when it is there, else why not. */
async function download(): Promise<string | undefined> {
  if (process.env.MNO_PULUMI_DOWNLOAD === "never") return "MNO_PULUMI_DOWNLOAD=never";
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [LAUNCHER, "version"], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: DOWNLOAD_MILLISECONDS,
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (code === 0 && isExecutable(CLI)) resolve(undefined);
      else resolve(stderr.trim().split("\n").at(-1) ?? `it ended with ${signal ?? String(code)}`);
    });
  });
}

/** Writes our language host where the vendor's is absent, and renews it when ours changed. */
function ensureLanguageHost(report: Report): void {
  if (existsSync(LANGUAGE_HOST) && !isOurs(LANGUAGE_HOST)) return;
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, "tools", "toolchain", "language-host.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifyWhitespace: true,
    write: false,
    logLevel: "warning",
    define: { "process.env.MNO_LANGUAGE_HOST_VERSION": JSON.stringify(PULUMI_VERSION) },
  });
  const code = outputFiles[0]?.text ?? "";
  const text = `#!/usr/bin/env node\n${OUR_HOST}${createHash("sha256").update(code).digest("hex")}\n${code}`;
  if (existsSync(LANGUAGE_HOST) && readFileSync(LANGUAGE_HOST, "utf8") === text) return;
  const partial = `${LANGUAGE_HOST}.${String(process.pid)}`;
  writeFileSync(partial, text);
  chmodSync(partial, 0o755);
  renameSync(partial, LANGUAGE_HOST);
  report("wrote the Node.js language host");
}

export function languageHostOrigin(cli: string): string {
  const host = join(dirname(cli), `pulumi-language-nodejs${EXE}`);
  if (!existsSync(host)) return "missing";
  return isOurs(host) ? "ours" : "the vendor's";
}

function isOurs(path: string): boolean {
  return readFileSync(path, { encoding: "latin1" }).slice(0, 200).includes(OUR_HOST);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(cli: string): string | undefined {
  try {
    return execFileSync(cli, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .trim()
      .replace(/^v/, "");
  } catch {
    return undefined;
  }
}
