import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/paths";

const PROGRAM = "stacks/kubernetes/index.ts";
/** What a stack's program is made of, and how. */
const SOURCES = ["components", "policies", "runtime", "stacks", "tools", "Pulumi.yaml", "package.json"];

/**
 * The commit that an upgrade to the work tree starts from: the one before it; HEAD where the tree has changes of its own.
 * Errors: where that commit has no such stack, or is not there because the clone is shallow.
 */
export function previousCommit(): string {
  const changed = git("status", "--porcelain", "--", ...SOURCES).toString() !== "";
  const name = changed ? "HEAD" : "HEAD~1";
  try {
    const commit = git("rev-parse", "--verify", "--quiet", `${name}^{commit}`).toString().trim();
    git("cat-file", "-e", `${commit}:${PROGRAM}`);
    return commit;
  } catch (error) {
    throw new Error(
      `There is no earlier state to upgrade from: ${name} has no ${PROGRAM}. In a shallow clone: git fetch --unshallow.`,
      { cause: error },
    );
  }
}

/** Writes a commit's files into a folder and builds them there, with this tree's packages; nothing of the repository changes. */
export function checkOut(commit: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-x", "-C", folder], { input: git("archive", "--format=tar", commit) });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const build = ["-r", "ts-node/register/transpile-only", join("tools", "build.ts")];
  execFileSync(process.execPath, build, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

function git(...args: string[]): Buffer {
  return execFileSync("git", args, { cwd: ROOT, maxBuffer: 2 ** 30, stdio: ["ignore", "pipe", "pipe"] });
}
