import { homedir } from "node:os";
import { basename, join } from "node:path";
import { version as pulumiVersion } from "@pulumi/pulumi/package.json";

/** The project's root, both from source (tools/) and compiled (dist/tools/). */
export const ROOT = basename(join(__dirname, "..")) === "dist" ? join(__dirname, "..", "..") : join(__dirname, "..");
export const DIST = join(ROOT, "dist");

/** All that a running platform keeps: nothing is written outside it. */
export const STATE = process.env.MNO_STATE_DIR ?? join(ROOT, ".mno");

/** The CLI, the SDK and the npm launcher have one version. */
export const PULUMI_VERSION = pulumiVersion;
export const PULUMI_HOME = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
/** Where `npx pulumi` looks for the CLI and its language hosts. */
export const PULUMI_BIN = join(PULUMI_HOME, "versions", PULUMI_VERSION, "bin");

/** Programs built from Go modules, by the digest of what they are built from: outside the work tree, so that a clean clone has them. */
export const TOOLCHAIN =
  process.env.MNO_TOOLCHAIN_DIR ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "machine-native-ops", "toolchain");
