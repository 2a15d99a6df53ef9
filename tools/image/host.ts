import { spawnSync } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from "node:fs";
import { posix } from "node:path";
import { MnoError } from "../../runtime/exports";
import { hostFile } from "./content";
import type { FileTree } from "./tree";

/**
 * Puts a path of this machine into the tree at the same place. Symbolic links on the way become links of the tree, as
 * `/lib -> usr/lib` on a merged /usr, so that whoever opens the path in the image finds what is found here. A folder comes with
 * all that is in it, except for the paths given. Returns the files that came, by their paths without links.
 */
export function addFromHost(tree: FileTree, path: string, except: readonly string[] = []): string[] {
  if (except.includes(path)) return [];
  const real = addResolved(tree, path, 0);
  const status = statSync(real);
  if (status.isDirectory()) {
    tree.addDirectory(real);
    return readdirSync(real)
      .sort()
      .flatMap((name) => addFromHost(tree, posix.join(real, name), except));
  }
  tree.addFile(real, hostFile(real), (status.mode & 0o111) !== 0);
  return [real];
}

/**
 * The loader and the shared libraries that programs and libraries name, as `ldd` of glibc finds them here. Files that are
 * no ELF files name none. Returns the libraries' paths without links.
 * Errors: MNO_IMAGE_INVALID off Linux, and for a library that is not there.
 */
export function addLibrariesOf(tree: FileTree, files: readonly string[]): string[] {
  if (process.platform !== "linux")
    throw new MnoError("MNO_IMAGE_INVALID", `${process.platform} has no Linux programs to pack: use --docker`);
  const programs = files.filter(isElf);
  if (programs.length === 0) return [];
  // The exit code tells only that one of them is static; the C locale makes the words below certain.
  const { stdout, error } = spawnSync("ldd", programs, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  if (error) throw new MnoError("MNO_IMAGE_INVALID", `ldd of the C library is needed: ${error.message}`);
  const missing = [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name);
  if (missing.length > 0)
    throw new MnoError("MNO_IMAGE_INVALID", `libraries are not installed: ${[...new Set(missing)].join(", ")}`);
  const libraries = [...stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, library = ""]) => library);
  return [...new Set([...new Set(libraries)].flatMap((library) => addFromHost(tree, library)))].sort();
}

const MAX_LINKS = 40; // as the Linux kernel follows

function addResolved(tree: FileTree, path: string, links: number): string {
  if (links > MAX_LINKS) throw new MnoError("MNO_IMAGE_INVALID", `${path}: too many levels of symbolic links`);
  let done = "/";
  const parts = path.split("/").filter((part) => part !== "");
  for (const [index, part] of parts.entries()) {
    const here = posix.join(done, part);
    const status = lstatSync(here, { throwIfNoEntry: false });
    if (status === undefined) throw new MnoError("MNO_IMAGE_INVALID", `${here} is not on this machine`);
    if (status.isSymbolicLink()) {
      const target = readlinkSync(here);
      tree.addSymlink(here, target);
      return addResolved(tree, posix.join(posix.resolve(done, target), ...parts.slice(index + 1)), links + 1);
    }
    done = here;
  }
  return done;
}

const ELF_MAGIC = Buffer.from("\x7fELF", "latin1");

function isElf(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(ELF_MAGIC.length);
    readSync(file, start);
    return start.equals(ELF_MAGIC);
  } finally {
    closeSync(file);
  }
}
