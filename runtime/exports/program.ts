import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the runtime's one program lies (see runtime/main.ts). */
export const RUNTIME_PROGRAM = join(__dirname, "..", "main.js");

interface Builds {
  runtime: string;
  supervisor: string;
}

/** Digests of what the build step wrote; "source" where the runtime was not built (unit tests). */
function readBuilds(): Builds {
  try {
    return JSON.parse(readFileSync(join(__dirname, "..", "..", "build.json"), "utf8")) as Builds;
  } catch {
    return { runtime: "source", supervisor: "source" };
  }
}

const builds = readBuilds();

/** Changes when any file of the runtime does. */
export const RUNTIME_BUILD = builds.runtime;
/** Changes when a file that the local cluster's supervisor loads does. */
export const SUPERVISOR_BUILD = builds.supervisor;
