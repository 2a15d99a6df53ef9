import { execFileSync } from "node:child_process";
import { ROOT } from "../paths";

export interface Provenance {
  /** Commit, with `-dirty` where the work tree differs from it; undefined outside a repository. */
  revision?: string;
  /** RFC 3339 time of the commit: the same commit must give the same image. */
  created: string;
}

const EPOCH = "1970-01-01T00:00:00Z";

/**
 * Where the sources come from, by git; a build without the repository (as in the Dockerfile) is told by `MNO_IMAGE_REVISION`
 * and `SOURCE_DATE_EPOCH` (seconds; https://reproducible-builds.org/specs/source-date-epoch).
 */
export function provenance(environment: NodeJS.ProcessEnv = process.env): Provenance {
  const seconds = Number(environment.SOURCE_DATE_EPOCH ?? git("log", "-1", "--format=%ct") ?? Number.NaN);
  const commit = git("rev-parse", "HEAD");
  const dirty = commit !== undefined && git("status", "--porcelain") !== "";
  return {
    revision:
      environment.MNO_IMAGE_REVISION ?? (commit === undefined ? undefined : `${commit}${dirty ? "-dirty" : ""}`),
    created: Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().replace(".000Z", "Z") : EPOCH,
  };
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", ["--no-optional-locks", ...args], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
