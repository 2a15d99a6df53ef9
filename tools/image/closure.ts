import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { MnoError } from "../../runtime/exports";

/** An entry of package-lock.json, as far as it is read here (lockfileVersion 3). */
interface LockedPackage {
  version?: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

export interface InstalledPackage {
  /** Folder below the project's root: `node_modules/a/node_modules/b`. */
  path: string;
  name: string;
  version: string;
  /** SPDX expression, as the package states it. */
  license?: string;
  /** Subresource integrity of the package's archive. */
  integrity?: string;
  /** Paths of the packages that it resolves its dependencies to. */
  dependencies: string[];
}

/**
 * The packages that the names need at run time, by the lock file, resolved as Node does: the nearest node_modules upwards.
 * Optional dependencies come if they are installed (they are for other platforms otherwise), optional peers only when
 * somebody else needs them.
 * Errors: MNO_IMAGE_INVALID for names that package.json does not list as (optional) dependencies, and for what is not installed.
 */
export function packageClosure(root: string, names: readonly string[]): InstalledPackage[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));
  const { packages } = read("package-lock.json") as { packages: Record<string, LockedPackage> };
  const { dependencies = {}, optionalDependencies = {} } = read("package.json") as Partial<
    Record<"dependencies" | "optionalDependencies", Record<string, string>>
  >;
  const unlisted = names.filter((name) => !(name in dependencies) && !(name in optionalDependencies));
  if (unlisted.length > 0)
    throw new MnoError(
      "MNO_IMAGE_INVALID",
      `the runtime imports ${unlisted.join(", ")}: list ${unlisted.length > 1 ? "them" : "it"} in "dependencies" of package.json`,
    );

  const found = new Map<string, InstalledPackage>();
  const visit = (name: string, from: string, optional: boolean): string | undefined => {
    const path = resolve(packages, name, from);
    if (path === undefined || !existsSync(join(root, path, "package.json"))) {
      if (optional) return undefined;
      throw new MnoError("MNO_IMAGE_INVALID", `${name}, needed by ${from || "the runtime"}, is not installed: npm ci`);
    }
    if (found.has(path)) return path;
    const { version = "", license, integrity, ...locked } = packages[path] ?? {};
    const installed: InstalledPackage = { path, name, version, license, integrity, dependencies: [] };
    found.set(path, installed);
    const optionalNames = locked.optionalDependencies ?? {};
    const needed = { ...locked.dependencies, ...requiredPeers(locked), ...optionalNames };
    installed.dependencies = Object.keys(needed)
      .map((dependency) => visit(dependency, path, dependency in optionalNames))
      .filter((dependency) => dependency !== undefined)
      .sort();
    return path;
  };
  for (const name of names) visit(name, "", name in optionalDependencies);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function requiredPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: LockedPackage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(peerDependencies).filter(([name]) => peerDependenciesMeta[name]?.optional !== true),
  );
}

function resolve(packages: Record<string, LockedPackage>, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = posix.dirname(folder) === "." ? "" : posix.dirname(folder)) {
    const path = posix.join(folder, "node_modules", name);
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}
