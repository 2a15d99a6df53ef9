import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ROOT, STATE } from "../paths";
import type { Toolchain } from "../toolchain/pulumi";

/** The Pulumi side of a state folder: file backend, passphrase, and the stack's settings with this machine's salt. */
export const STACK = "local";
export const LOCK = join(STATE, "lock");
const BACKEND = join(STATE, "pulumi");
const PASSPHRASE = join(STATE, "passphrase");
const STACK_FILE = join(BACKEND, ".pulumi", "stacks", "machine-native-ops", `${STACK}.json`);
const SETTINGS_FOLDER = join(STATE, "settings");
const SETTINGS = join(SETTINGS_FOLDER, `Pulumi.${STACK}.yaml`);

/** Which stack, and this machine's settings of it. */
export const ON_STACK = ["--stack", STACK, "--config-file", SETTINGS];
/** Both packs, each with the local stack's configuration of it. */
export const WITH_POLICIES = ["zero-trust", "carbon"].flatMap((pack) => [
  "--policy-pack",
  join(ROOT, "policies", pack),
  "--policy-pack-config",
  join(ROOT, "stacks", "policies", `${pack}.${STACK}.json`),
]);

/**
 * A state backend in a folder. It keeps no attributes beside its files: nobody reads them, and a CLI that is killed while it
 * writes them leaves a stack that no command can read ("failed to load checkpoint: EOF").
 */
export function fileBackend(folder: string): string {
  return `file://${folder}?metadata=skip`;
}

/** What the CLI runs with: our state, our Node.js first on PATH, no downloads of plugins, no update check. */
export function pulumiEnvironment(toolchain: Toolchain): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [join(ROOT, "node_modules", ".bin"), dirname(toolchain.cli), process.env.PATH ?? ""].join(delimiter),
    PULUMI_BACKEND_URL: fileBackend(BACKEND),
    PULUMI_CONFIG_PASSPHRASE_FILE: PASSPHRASE,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    MNO_STATE_DIR: STATE,
  };
}

/** Runs the CLI on the user's terminal; resolves with its exit code (130 after Ctrl-C). */
export function pulumi(toolchain: Toolchain, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(toolchain.cli, args, { cwd: ROOT, env: pulumiEnvironment(toolchain), stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

export function stackExists(): boolean {
  return existsSync(STACK_FILE) && existsSync(SETTINGS);
}

/** Creates backend, passphrase and stack where they are not there yet. Whoever calls holds the state folder's lock. */
export async function ensureStack(toolchain: Toolchain): Promise<void> {
  mkdirSync(BACKEND, { recursive: true, mode: 0o700 });
  if (!existsSync(PASSPHRASE)) writeFileSync(PASSPHRASE, randomBytes(32).toString("base64url"), { mode: 0o600 });
  // Only a command that was killed can have left one: nobody else uses this backend while the folder's lock is held.
  rmSync(join(BACKEND, ".pulumi", "locks"), { recursive: true, force: true });
  if (stackExists()) return;
  // `stack init` writes the salt beside the nearest Pulumi.yaml: give it one in the state folder, so that the project's
  // own settings file stays as it is committed.
  rmSync(STACK_FILE, { force: true });
  mkdirSync(SETTINGS_FOLDER, { recursive: true });
  writeFileSync(join(SETTINGS_FOLDER, "Pulumi.yaml"), "name: machine-native-ops\nruntime: nodejs\n");
  copyFileSync(join(ROOT, `Pulumi.${STACK}.yaml`), SETTINGS);
  const code = await pulumi(toolchain, ["--cwd", SETTINGS_FOLDER, "stack", "init", STACK, "--no-select"]);
  if (code !== 0) {
    rmSync(SETTINGS, { force: true });
    throw new Error(`pulumi stack init ended with ${String(code)}`);
  }
}
