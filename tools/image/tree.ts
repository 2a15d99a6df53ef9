import { posix } from "node:path";
import { MnoError } from "../../runtime/exports";
import type { Content } from "./content";

/** A user and group of the image, by number. */
export interface Owner {
  uid: number;
  gid: number;
}

export type Node = { owner: Owner } & (
  | { type: "directory"; mode: number }
  | { type: "file"; mode: number; content: Content }
  | { type: "symlink"; target: string }
);

export const ROOT_OWNER: Owner = { uid: 0, gid: 0 };

/**
 * A file system to be, by absolute path. Folders above an entry come into being with it, so that every archive of a tree
 * is complete. Entries belong to root unless told otherwise: what the image's user runs, it cannot change.
 */
export class FileTree {
  readonly #nodes = new Map<string, Node>();

  /** In the order of archives: by code unit, so that a folder comes before what is in it. */
  entries(): [path: string, node: Node][] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  get(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  addFile(path: string, content: Content, executable = false): void {
    this.#add(path, { type: "file", mode: executable ? 0o755 : 0o644, content, owner: ROOT_OWNER });
  }

  addSymlink(path: string, target: string): void {
    this.#add(path, { type: "symlink", target, owner: ROOT_OWNER });
  }

  addDirectory(path: string, mode = 0o755, owner = ROOT_OWNER): void {
    this.#add(path, { type: "directory", mode, owner });
  }

  #add(path: string, node: Node): void {
    if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path === "/")
      throw new MnoError("MNO_IMAGE_INVALID", `${path} is not a normal absolute path, such as /etc/passwd`);
    const parent = posix.dirname(path);
    if (parent !== "/") {
      const above = this.#nodes.get(parent);
      if (above === undefined) this.addDirectory(parent);
      else if (above.type !== "directory")
        throw new MnoError("MNO_IMAGE_INVALID", `${path} lies below ${parent}, which is a ${above.type} of the image`);
    }
    const before = this.#nodes.get(path);
    if (before !== undefined && before.type !== node.type)
      throw new MnoError("MNO_IMAGE_INVALID", `${path} would be a ${before.type} and a ${node.type} at once`);
    this.#nodes.set(path, node);
  }
}
